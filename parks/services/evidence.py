"""Evidence files: told by content, stored by hash outside the web root, never executable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Refused

from .. import audit
from ..actors import Actor
from ..models import EvidenceFile

LARGEST = 10 * 1024 * 1024
KINDS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that lies in the store."""

    sha256: str
    filename: str
    content_type: str
    size: int


def keep(upload: UploadedFile) -> Kept:
    """Put an uploaded document into the store under its hash; the caller notes what it proves.

    Raises Refused when it is empty, larger than 10 MB, or neither PDF, PNG nor JPEG by its content.
    """
    data = upload.read(LARGEST + 1)
    if not data:
        raise Refused(code="file_empty", field="file", message=_("所选文件为空，请重新选择。"))
    if len(data) > LARGEST:
        raise Refused(code="file_too_large", field="file", message=_("所选文件大于 10 MB，请压缩后再上传。"))
    kind = next((kind for start, kind in KINDS if data.startswith(start)), "")
    if not kind:
        raise Refused(
            code="file_kind", field="file", message=_("只能上传 PDF、PNG 或 JPEG 文件（按内容判断）。")
        )
    digest = hashlib.sha256(data).hexdigest()
    _write(path_of(digest), data)
    return Kept(digest, Path(upload.name or "file").name[:200], kind, len(data))


def store(*, by: Actor, organisation_id: int, upload: UploadedFile) -> EvidenceFile:
    """Keep an uploaded document for an organisation; the same bytes are kept once. Raises Refused as `keep` does."""
    kept = keep(upload)
    with transaction.atomic():
        row, created = EvidenceFile.objects.get_or_create(
            organisation_id=organisation_id,
            sha256=kept.sha256,
            defaults={
                "filename": kept.filename,
                "content_type": kept.content_type,
                "size": kept.size,
                "uploaded_by": by.person_name,
            },
        )
        if created:
            audit.record(
                by=by,
                action="evidence.stored",
                obj=row,
                after={"sha256": kept.sha256, "size": kept.size},
            )
    return row


def intact(sha256: str) -> bool:
    """Are the stored bytes still the ones of this hash?"""
    try:
        return hashlib.sha256(path_of(sha256).read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


def path_of(digest: str) -> Path:
    return Path(settings.EVIDENCE_ROOT) / digest[:2] / digest


def open_file(row: EvidenceFile) -> BinaryIO:
    """The bytes of a stored document. Raises FileNotFoundError when the store has lost it."""
    return path_of(row.sha256).open("rb")


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.chmod(0o600)
    part.rename(path)
