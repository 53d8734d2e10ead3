"""Uploads on their way in: what nobody may send is not kept on the disk."""

from __future__ import annotations

from django.core.files.uploadhandler import TemporaryFileUploadHandler

LARGEST = 32 * 1024 * 1024
"""Bytes that are kept of any file; the largest file that any page takes is smaller."""


class CappedUpload(TemporaryFileUploadHandler):
    """A temporary file that stops growing: the view still learns the true size and refuses it in its own words."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start < LARGEST:
            self.file.write(raw_data)
