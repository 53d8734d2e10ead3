"""Reading what surrounds a verification: claims, conflicts, returns, threads."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from parks.models import Membership
from parks.queries.memberships import in_force

from ..models import (
    ConflictOfInterest,
    Declaration,
    DeclaredValue,
    InternalNote,
    ItemMessage,
    Receipt,
    ReturnItem,
    ReturnNotice,
    ReviewClaim,
    VerificationDecision,
)


def has_conflict(*, enterprise_id: int, person_id: int | None) -> bool:
    """Has this person declared a stake in the enterprise?"""
    return ConflictOfInterest.objects.filter(
        enterprise_id=enterprise_id, person_ref=person_id or 0, lifted_at__isnull=True
    ).exists()


def conflicts() -> QuerySet[ConflictOfInterest]:
    """Bars in force, newest first."""
    return (
        ConflictOfInterest.objects.filter(lifted_at__isnull=True)
        .select_related("enterprise")
        .order_by("-declared_at")
    )


def claims_over(declaration: Declaration, *, topic: str) -> list[ReviewClaim]:
    """Claims that overlap a topic: of the topic itself and of the whole case; all of them for the whole case."""
    rows = ReviewClaim.objects.filter(declaration=declaration)
    return list(rows if topic == "" else rows.filter(topic__in=("", topic)))


def claim_of_other(declaration: Declaration, *, topic: str, person_id: int | None) -> ReviewClaim | None:
    """Somebody else's claim over this topic."""
    return next((one for one in claims_over(declaration, topic=topic) if one.person_ref != person_id), None)


def notices(declaration: Declaration) -> list[ReturnNotice]:
    """Return notices, the latest first, with their items."""
    items = ReturnItem.objects.select_related("value__evidence").order_by("pk")
    return list(
        ReturnNotice.objects.filter(declaration=declaration)
        .prefetch_related(Prefetch("items", queryset=items))
        .order_by("-number")
    )


def marked(declaration: Declaration) -> list[ReturnItem]:
    """Items marked for the next return."""
    return list(
        ReturnItem.objects.filter(value__declaration=declaration, notice__isnull=True)
        .select_related("value")
        .order_by("pk")
    )


def threads(values: Iterable[DeclaredValue]) -> dict[int, list[ItemMessage]]:
    """Messages by value, the oldest first."""
    found: dict[int, list[ItemMessage]] = {}
    for row in ItemMessage.objects.filter(value__in=list(values)).order_by("sent_at", "pk"):
        found.setdefault(row.value_id, []).append(row)
    return found


def notes(values: Iterable[DeclaredValue]) -> dict[int, list[InternalNote]]:
    """Internal notes by value, the oldest first. Only for pages of the office."""
    found: dict[int, list[InternalNote]] = {}
    for row in InternalNote.objects.filter(value__in=list(values)).order_by("written_at", "pk"):
        found.setdefault(row.value_id, []).append(row)
    return found


def decisions(values: Iterable[DeclaredValue]) -> dict[int, list[VerificationDecision]]:
    """Decisions by value, the latest first."""
    found: dict[int, list[VerificationDecision]] = {}
    for row in VerificationDecision.objects.filter(value__in=list(values)).order_by("-decided_at", "-pk"):
        found.setdefault(row.value_id, []).append(row)
    return found


def return_items(values: Iterable[DeclaredValue]) -> dict[int, list[ReturnItem]]:
    """Return items that were sent, by value, the latest first."""
    found: dict[int, list[ReturnItem]] = {}
    rows = ReturnItem.objects.filter(value__in=list(values), notice__isnull=False).select_related("notice")
    for row in rows.order_by("-pk"):
        found.setdefault(row.value_id, []).append(row)
    return found


def unanswered(rows: QuerySet[Declaration]) -> QuerySet[Declaration]:
    """Only declarations with a message of the firm that the office has not answered."""
    answers = ItemMessage.objects.filter(value=OuterRef("value"), from_office=True, pk__gt=OuterRef("pk"))
    asked = ItemMessage.objects.filter(~Exists(answers), value__declaration=OuterRef("pk"), from_office=False)
    return rows.filter(Exists(asked))


def reviewers() -> QuerySet[Membership]:
    """Reviewers of the park in force, by name."""
    return (
        in_force(Membership.objects.filter(role="park_reviewer"))
        .select_related("account__person")
        .order_by("account__person__name", "pk")
    )


def live_reviewers(persons: Iterable[int | None]) -> set[tuple[int, int]]:
    """(organisation, person) of those of these persons who are reviewers today."""
    found = reviewers().filter(account__person_id__in=[one for one in persons if one])
    return set(found.values_list("organisation_id", "account__person_id"))


def barred(cases: Iterable[Declaration], *, person_id: int) -> set[int]:
    """Those of these cases that a person must stay out of: a stake in the firm, or signed for it."""
    numbers = [case.pk for case in cases]
    stakes = ConflictOfInterest.objects.filter(
        enterprise=OuterRef("enterprise"), person_ref=person_id, lifted_at__isnull=True
    )
    signed = Receipt.objects.filter(declaration=OuterRef("pk"), signed_by_ref=person_id)
    rows = Declaration.objects.filter(Exists(stakes) | Exists(signed), pk__in=numbers)
    return set(rows.values_list("pk", flat=True))


def whom_to_tell(declaration: Declaration, value: DeclaredValue) -> list[tuple[int, int | None]]:
    """(organisation, person) of the reviewers who have the case, else of those who spoke or decided about the item.

    When there is nobody of these: the reviewers' organisations, with None for everybody there.
    """
    persons: set[int | None] = set(
        ReviewClaim.objects.filter(declaration=declaration).values_list("person_ref", flat=True)
    )
    if not persons:
        persons = set(
            ItemMessage.objects.filter(value=value, from_office=True).values_list("author_ref", flat=True)
        ) | set(VerificationDecision.objects.filter(value=value).values_list("decided_by_ref", flat=True))
    told: set[tuple[int, int | None]] = set(live_reviewers(persons))
    return sorted(told) or [
        (one, None) for one in sorted(set(reviewers().values_list("organisation_id", flat=True)))
    ]
