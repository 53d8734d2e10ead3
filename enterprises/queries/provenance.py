"""Where a frozen value came from: department batch, dispute, evidence, the persons who verified it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..models import Declaration, DeclaredValue, DepartmentBatch, DepartmentValue, VerificationDecision


@dataclass(frozen=True, slots=True)
class Origin:
    """One input of a declaration with everything behind it; what does not exist is None or empty."""

    value: DeclaredValue
    batch: DepartmentBatch | None
    given: Decimal | None
    decisions: list[VerificationDecision]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The declaration behind a firm's row of a snapshot, with the inputs asked for."""

    declaration: Declaration
    origins: list[Origin]


def of_firm(*, cycle_id: int, enterprise_id: int, codes: Sequence[str]) -> Provenance | None:
    """Provenance of a firm's inputs in a cycle of the park entered; None when there is no declaration."""
    declaration = (
        Declaration.objects.select_related("cycle", "enterprise")
        .filter(cycle_id=cycle_id, enterprise_id=enterprise_id)
        .first()
    )
    if declaration is None:
        return None
    rows = {
        row.code: row
        for row in DeclaredValue.objects.filter(declaration=declaration, code__in=list(codes)).select_related(
            "evidence"
        )
    }
    return Provenance(declaration, [_origin(declaration, rows[code]) for code in codes if code in rows])


def _origin(declaration: Declaration, value: DeclaredValue) -> Origin:
    batch = DepartmentBatch.objects.select_related("file").filter(pk=value.batch_ref or 0).first()
    given = (
        DepartmentValue.objects.filter(batch=batch, uscc=declaration.enterprise.uscc, code=value.code).first()
        if batch
        else None
    )
    decisions = VerificationDecision.objects.filter(value=value).order_by("pk")
    return Origin(value, batch, given.amount if given else None, list(decisions))


def verifiers(*, cycle_id: int, enterprise_id: int) -> set[int]:
    """Persons who verified any figure of the firm in the cycle, or signed its declaration."""
    declarations = Declaration.objects.filter(cycle_id=cycle_id, enterprise_id=enterprise_id)
    found = set(declarations.values_list("verified_by_ref", flat=True))
    found |= set(
        DeclaredValue.objects.filter(declaration__in=declarations).values_list("verified_by_ref", flat=True)
    )
    return {person for person in found if person is not None}
