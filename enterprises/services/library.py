"""A firm's library of documents 材料库: keep once, say what it proves, use for many items and years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Refused
from parks import audit
from parks.actors import Actor
from parks.models import EvidenceFile, Park
from parks.scope import park_scope
from parks.services import evidence

from ..models import DepartmentBatch, EvidenceNote

MOST_PROVED = 40


def add(
    *, by: Actor, organisation_id: int, upload: UploadedFile, title: str = "", proves: Iterable[str] = ()
) -> tuple[EvidenceFile, bool]:
    """Keep a document; the second value says whether it is new to the library. Raises Refused as evidence.store."""
    with transaction.atomic():
        newest = EvidenceFile.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        row = evidence.store(by=by, organisation_id=organisation_id, upload=upload)
        codes = list(proves)
        if row.pk > newest and (title.strip() or codes):  # what was said of a known file stands
            describe(by=by, row=row, title=title, proves=codes)
    return row, row.pk > newest


def describe(
    *, by: Actor, row: EvidenceFile, title: str, proves: Iterable[str], valid_until: dt.date | None = None
) -> EvidenceNote:
    """Say what a document is and which inputs it proves; the file itself never changes."""
    codes = sorted(set(proves))
    if len(codes) > MOST_PROVED:
        raise Refused(code="too_many", field="proves", message=_("最多选择 %(n)s 项。") % {"n": MOST_PROVED})
    with transaction.atomic():
        note, _created = EvidenceNote.objects.update_or_create(
            file=row,
            park_id=by.park_id,
            defaults={
                "title": title.strip()[:120],
                "proves": codes,
                "valid_until": valid_until,
                "updated_by_name": by.person_name,
            },
        )
        audit.record(
            by=by, action="evidence.described", obj=row, after={"title": note.title, "proves": codes}
        )
    return note


def clean_up() -> dict[str, int]:
    """Scan what has not been scanned, and delete stored bytes that no row of any park names."""
    kept, scanned = set[str](), 0
    for park_id in Park.objects.values_list("pk", flat=True):
        with park_scope(park_id):
            scanned += evidence.scan_waiting()
            kept.update(EvidenceFile.objects.values_list("sha256", flat=True))
            kept.update(DepartmentBatch.objects.values_list("sha256", flat=True))
    root = Path(settings.EVIDENCE_ROOT)
    removed = sum(evidence.remove_orphans(folder, kept=kept) for folder in (root, root / "batches"))
    return {"scanned": scanned, "removed": removed}
