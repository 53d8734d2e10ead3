"""Reading a firm's library of documents 材料库: what each proves, where it is used, who else holds the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.models import EvidenceFile
from parks.roles import ENTERPRISE

from ..models import AgentLetter, Certification, DeclaredValue, EvidenceNote


@dataclass(frozen=True, slots=True)
class Usage:
    """A place where a document is used; `code` is an input of the scheme, else `what` says it."""

    what: str
    year: int | None = None
    code: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Double:
    """Documents with the same bytes held by more than one organisation of the park."""

    sha256: str
    files: list[EvidenceFile]


def files_of(organisation_id: int) -> QuerySet[EvidenceFile]:
    """A firm's documents, newest first."""
    return (
        EvidenceFile.objects.filter(organisation_id=organisation_id)
        .prefetch_related("notes")
        .order_by("-uploaded_at", "-pk")
    )


def visible(actor: Actor, file_id: int) -> EvidenceFile:
    """A document that the actor may see: the firm's own, or any of the park for its office; raises NotFound."""
    row = EvidenceFile.objects.select_related("organisation").filter(pk=file_id).first()
    is_firm = actor.role in ENTERPRISE
    if row is None or (is_firm and row.organisation_id != actor.organisation_id):
        raise NotFound(code="not_found", message=_("没有找到这个文件。"))
    return row


def note_of(row: EvidenceFile) -> EvidenceNote | None:
    return EvidenceNote.objects.filter(file=row).first()


def usages(file_ids: Iterable[int]) -> dict[int, list[Usage]]:
    """Where documents are used, by file: values of declarations, certification, letters of authority."""
    ids, found = list(file_ids), dict[int, list[Usage]]()
    values = DeclaredValue.objects.filter(evidence_id__in=ids).values_list(
        "evidence_id", "declaration__cycle__year", "code", "evidence_page"
    )
    for file_id, year, code, page in values.order_by("-declaration__cycle__year", "code"):
        found.setdefault(file_id, []).append(Usage("", year, code, page))
    for file_id in Certification.objects.filter(licence_id__in=ids).values_list("licence_id", flat=True):
        found.setdefault(file_id, []).append(Usage(_("营业执照")))
    letters = [
        *Certification.objects.filter(letter_id__in=ids).values_list("letter_id", flat=True),
        *AgentLetter.objects.filter(document_id__in=ids).values_list("document_id", flat=True),
    ]
    for file_id in letters:
        found.setdefault(file_id, []).append(Usage(_("授权委托书")))
    return found


def same_content(row: EvidenceFile) -> list[EvidenceFile]:
    """The same bytes held by other organisations of the park (for reviewers)."""
    others = EvidenceFile.objects.filter(sha256=row.sha256).exclude(organisation_id=row.organisation_id)
    return list(others.select_related("organisation").order_by("uploaded_at"))


def doubled_digests() -> QuerySet[EvidenceFile, Any]:
    """Digests of documents that two or more organisations of the park hold, most holders first."""
    return (
        EvidenceFile.objects.values("sha256")
        .annotate(holders=Count("organisation_id", distinct=True))
        .filter(holders__gt=1)
        .order_by("-holders", "sha256")
    )


def doubles(digests: Iterable[str]) -> list[Double]:
    """The holders of each of these digests, in their order."""
    wanted = list(digests)
    by_digest: dict[str, list[EvidenceFile]] = {digest: [] for digest in wanted}
    rows = EvidenceFile.objects.filter(sha256__in=wanted).select_related("organisation")
    for row in rows.order_by("uploaded_at"):
        by_digest[row.sha256].append(row)
    return [Double(digest, files) for digest, files in by_digest.items()]
