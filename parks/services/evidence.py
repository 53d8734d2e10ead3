"""Evidence files: told by content, stored by hash outside the web root, never executable."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Gone, Refused

from .. import audit
from ..actors import Actor
from ..clock import db_now
from ..models import EvidenceFile
from . import documents, virus_scan

LARGEST = 10 * 1024 * 1024
ORPHAN_AFTER = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that lies in the store."""

    sha256: str
    filename: str
    content_type: str
    size: int
    scan: str


def keep(upload: UploadedFile, *, area: str = "") -> Kept:
    """Put an uploaded document into the store under its hash; the caller notes what it proves.

    `area` is a part of the store that the clean-up of firms' evidence leaves alone.

    Raises Refused when it is empty, larger than 10 MB, neither PDF, PNG nor JPEG by its content, or infected.
    """
    data = upload.read(LARGEST + 1)
    if not data:
        raise Refused(code="file_empty", field="file", message=_("所选文件为空，请重新选择。"))
    if len(data) > LARGEST:
        raise Refused(code="file_too_large", field="file", message=_("所选文件大于 10 MB，请压缩后再上传。"))
    kind = documents.kind_of(data)
    scan = virus_scan.scan(data)
    if scan == EvidenceFile.Scan.INFECTED:
        raise Refused(code="file_infected", field="file", message=_("查毒软件认为此文件带毒，未保存。"))
    digest = hashlib.sha256(data).hexdigest()
    _write(path_of(digest, area), data)
    return Kept(digest, Path(upload.name or "file").name[:200], kind, len(data), scan)


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
                "scan": kept.scan,
                "scanned_at": db_now() if kept.scan == EvidenceFile.Scan.CLEAN else None,
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


def intact(sha256: str, area: str = "") -> bool:
    """Are the stored bytes still the ones of this hash?"""
    try:
        return hashlib.sha256(path_of(sha256, area).read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


def path_of(digest: str, area: str = "") -> Path:
    return Path(settings.EVIDENCE_ROOT) / area / digest[:2] / digest


def open_file(row: EvidenceFile) -> BinaryIO:
    """The bytes of a stored document. Raises Gone when the store has lost it or the scan found a virus."""
    if row.scan == EvidenceFile.Scan.INFECTED:
        raise Gone(code="file_infected", message=_("此文件被查毒软件隔离，不能打开。"))
    try:
        return path_of(row.sha256).open("rb")
    except FileNotFoundError as error:
        raise Gone(code="file_lost", message=_("此文件已不在存储中，请重新上传。")) from error


def scan_waiting(limit: int = 200) -> int:
    """Scan files of the park that was entered which have not been; returns how many have an answer now."""
    done = 0
    if not settings.CLAMD_ADDRESS:
        return done
    for row in EvidenceFile.objects.filter(scan=EvidenceFile.Scan.NOT_SCANNED).order_by("pk")[:limit]:
        path = path_of(row.sha256)
        found = virus_scan.scan(path.read_bytes()) if path.exists() else EvidenceFile.Scan.NOT_SCANNED
        if found != EvidenceFile.Scan.NOT_SCANNED:
            done += EvidenceFile.objects.filter(pk=row.pk).update(scan=found, scanned_at=db_now())
    return done


def remove_orphans(folder: Path, *, kept: Container[str]) -> int:
    """Delete stored bytes that no row names (uploads that were cut off or refused), a day after they came."""
    oldest = time.time() - ORPHAN_AFTER.total_seconds()
    removed = 0
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        if path.name.partition(".")[0] in kept and path.suffix != ".part":
            continue
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        path.touch()  # young again, so that the clean-up does not take what a row is about to name
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.chmod(0o600)
    part.rename(path)
