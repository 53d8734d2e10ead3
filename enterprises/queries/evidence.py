"""The evidence files an enterprise has handed in: once uploaded, used for many items and years."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from indicators.queries.schemes import is_about_people, name_of, scheme_of
from innovscore.core.problems import Refused
from parks.models import EvidenceFile

from ..models import Declaration, DeclaredValue
from . import library
from .verified import COUNTED

MOST = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A paper behind verified figures of a year: the title the firm gave it, and the inputs it proves by name."""

    file: EvidenceFile
    title: str
    proves: tuple[str, ...]


def of_organisation(organisation_id: int) -> list[EvidenceFile]:
    """Files of the firm, newest first."""
    return list(EvidenceFile.objects.filter(organisation_id=organisation_id).order_by("-pk")[:MOST])


def own_file(organisation_id: int, file_id: int) -> EvidenceFile:
    """A file of the firm; raises Refused for absent and foreign alike."""
    row = EvidenceFile.objects.filter(organisation_id=organisation_id, pk=file_id).first()
    if row is None:
        raise Refused(code="no_file", field="evidence", message=_("材料库中没有这份文件，请重新选择。"))
    return row


def releasable(*, enterprise_id: int, year: int) -> list[Document]:
    """Papers behind the verified figures of a year that may be shown outside the park, by title.

    One that is used, or marked as used, for anything about people or outside of figures (letters, licences) is left
    out, and so is one that is not free of doubt: marked for an input that the scheme does not have, or infected.
    """
    declaration = (
        Declaration.objects.filter(enterprise_id=enterprise_id, cycle__year=year, state__in=COUNTED)
        .select_related("cycle__scheme_version")
        .first()
    )
    if declaration is None:
        return []
    free = {
        item.code: name_of(item)
        for item in scheme_of(declaration.cycle.scheme_version).inputs
        if not is_about_people(item)
    }
    proving = DeclaredValue.objects.filter(declaration=declaration, evidence__isnull=False)
    files = EvidenceFile.objects.filter(pk__in=proving.values("evidence_id")).prefetch_related("notes")
    rows = list(files.exclude(scan=EvidenceFile.Scan.INFECTED))
    used = library.usages(row.pk for row in rows)
    found = []
    for row in rows:
        note = next(iter(row.notes.all()), None)
        codes = {use.code for use in used[row.pk]} | set(note.proves if note else ())
        if codes <= set(free):
            title = (note.title if note else "") or row.filename
            found.append(Document(row, title, tuple(name for code, name in free.items() if code in codes)))
    return sorted(found, key=lambda document: (document.title, document.file.pk))
