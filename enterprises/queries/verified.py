"""What the rooms above build on: the verified facts of a cycle with their provenance."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now, TruncDate

from ..models import Cycle, Declaration, DeclaredValue, PenaltyRecord
from ..states import DeclarationState, ValueState

COUNTED = (DeclarationState.VERIFIED, DeclarationState.FROZEN)
BATCH = 5000
CARRIED = "verified"
"""Source of a figure that repeats last cycle's verified one."""
COUNTED_AMOUNT = """CASE WHEN {value}.state IN ('verified', 'confirmed', 'disputed')
            THEN coalesce({value}.verified_amount, {value}.declared_amount, {value}.prefilled_amount)
            WHEN {value}.state IN ('prefilled', 'default_confirmed', 'rejected') THEN {value}.prefilled_amount END"""
"""The figure of a value that counts, in SQL; of a confirmed zero none is written down."""
COUNTED_ENTRIES = """(CASE WHEN {value}.state IN ('verified', 'confirmed', 'disputed')
            THEN coalesce({value}.verified_entries, {value}.declared_entries, {value}.prefilled_entries)
            WHEN {value}.state IN ('prefilled', 'default_confirmed', 'rejected') THEN {value}.prefilled_entries END)::text"""
"""The entries of a list that count, as text, in SQL."""
ROWS_DIGEST = f"encode(sha256(convert_to({COUNTED_ENTRIES}, 'UTF8')), 'hex')"
"""SHA-256 of a list's entries that count, as PostgreSQL writes them; null where there is no list."""
FIGURES = """
SELECT v.declaration_id, v.code, v.state, {counted}, {entries}
  FROM enterprises_declaredvalue v WHERE v.declaration_id = ANY(%s)
""".format(counted=COUNTED_AMOUNT.format(value="v"), entries=COUNTED_ENTRIES.format(value="v"))
EFFECTIVE = """
SELECT d.id, v.code, v.state, {counted}, {entries},
       v.source, v.as_of, v.verified_by_ref, e.sha256, v.version, {digest}
  FROM enterprises_declaration d JOIN enterprises_declaredvalue v ON v.park_id = d.park_id AND v.declaration_id = d.id
  LEFT JOIN parks_evidencefile e ON e.park_id = v.park_id AND e.id = v.evidence_id
 WHERE d.id = ANY(%s) ORDER BY d.id
""".format(
    counted=COUNTED_AMOUNT.format(value="v"),
    entries=COUNTED_ENTRIES.format(value="v"),
    digest=ROWS_DIGEST.format(value="v"),
)


@dataclass(frozen=True, slots=True)
class Value:
    """A fact that counts. `amount` is yuan or units, `entries` list items; state: reported, prefilled,
    zero_confirmed, not_applicable or missing. `verified_by` is a person's number, `evidence` the SHA-256 of the paper,
    `rows` of the entries."""

    state: str
    amount: Decimal | None = None
    entries: list[dict[str, Any]] | None = None
    source: str = ""
    as_of: dt.date | None = None
    verified_by: int | None = None
    evidence: str = ""
    version: int = 1
    rows: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One verified declaration with everything a snapshot needs."""

    enterprise_id: int
    uscc: str
    stage_override: str
    confirmed_at: dt.datetime | None
    publication_refused: bool
    penalties: tuple[str, ...] = ()
    values: dict[str, Value] = field(default_factory=dict)


def facts_for(cycle: Cycle) -> Iterator[Case]:
    """Every verified declaration of a cycle, in batches of a few thousand."""
    penalties = _penalties(cycle)
    declarations = (
        Declaration.objects.filter(cycle=cycle, state__in=COUNTED)
        .order_by("pk")
        .values_list(
            "pk",
            "enterprise_id",
            "enterprise__uscc",
            "stage_override",
            "submitted_at",
            "enterprise__publication_refused",
        )
    )
    rows = list(declarations)
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        values = _values([row[0] for row in part])
        for pk, enterprise_id, uscc, stage, confirmed_at, refused in part:
            yield Case(
                enterprise_id,
                uscc,
                stage,
                confirmed_at,
                refused,
                penalties.get(enterprise_id, ()),
                values.get(pk, {}),
            )


def _values(ids: list[int]) -> dict[int, dict[str, Value]]:
    found: dict[int, dict[str, Value]] = {}
    with connection.cursor() as cursor:
        cursor.execute(EFFECTIVE, [ids])
        for pk, code, state, amount, entries, source, as_of, verifier, evidence, version, rows in cursor:
            items = json.loads(entries) if entries is not None else None
            found.setdefault(pk, {})[code] = Value(
                _state(state, amount, items),
                amount,
                items,
                source,
                as_of,
                verifier,
                evidence or "",
                version,
                rows or "",
            )
    return found


def _state(state: str, amount: Decimal | None, entries: list[Any] | None) -> str:
    if state in (ValueState.NOT_APPLICABLE, ValueState.ZERO_CONFIRMED):
        return state
    if amount is None and entries is None:
        return "missing"
    return (
        "prefilled"
        if state in (ValueState.PREFILLED, ValueState.DEFAULT_CONFIRMED, ValueState.REJECTED)
        else "reported"
    )


def _penalties(cycle: Cycle) -> dict[int, tuple[str, ...]]:
    """Penalties in force today, by enterprise."""
    found: dict[int, tuple[str, ...]] = {}
    for enterprise_id, code in _live_penalties().values_list("enterprise_id", "code"):
        found[enterprise_id] = (*found.get(enterprise_id, ()), code)
    return found


def penalised(enterprise_ids: Iterable[int], codes: Iterable[str]) -> set[int]:
    """Which of these enterprises have one of these penalties in force today."""
    rows = _live_penalties().filter(enterprise_id__in=list(enterprise_ids), code__in=list(codes))
    return set(rows.values_list("enterprise_id", flat=True))


def _live_penalties() -> QuerySet[PenaltyRecord]:
    today = TruncDate(Now())
    return PenaltyRecord.objects.filter(starts_on__lte=today).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=today)
    )


def case_as_it_stands(declaration: Declaration) -> Case:
    """One declaration as if it were verified as it stands: what was declared counts before the department's figure.

    For estimates while a declaration is still open; a refused correction counts as the department's figure.
    """
    values = {}
    for row in DeclaredValue.objects.filter(declaration=declaration):
        refused = row.state == ValueState.REJECTED
        amount = row.prefilled_amount if refused else row.amount
        entries = row.prefilled_entries if refused else row.entries
        state = _state(row.state, amount, entries)
        values[row.code] = Value(state, amount, entries, row.source, row.as_of, row.verified_by_ref)
    return Case(
        declaration.enterprise_id,
        declaration.enterprise.uscc,
        declaration.stage_override,
        declaration.submitted_at,
        declaration.enterprise.publication_refused,
        tuple(
            _live_penalties().filter(enterprise_id=declaration.enterprise_id).values_list("code", flat=True)
        ),
        values,
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a declared value comes from: its paper, and what the reviewers decided, oldest first."""

    code: str
    evidence_id: int | None
    evidence_name: str
    page: int | None
    reason: str
    explanation: str
    decisions: list[Any]


def proofs_of(*, enterprise_id: int, cycle_id: int, codes: Sequence[str]) -> dict[str, Proof]:
    """Papers and decisions behind the values of a declaration, by input code."""
    rows = (
        DeclaredValue.objects.filter(
            declaration__enterprise_id=enterprise_id, declaration__cycle_id=cycle_id, code__in=list(codes)
        )
        .select_related("evidence")
        .prefetch_related("decisions")
    )
    return {
        row.code: Proof(
            row.code,
            row.evidence_id,
            row.evidence.filename if row.evidence else "",
            row.evidence_page,
            row.reason,
            row.explanation,
            sorted(row.decisions.all(), key=lambda decision: decision.pk),
        )
        for row in rows
    }


def excluded_counts(cycle: Cycle) -> dict[str, int]:
    """Declarations that do not count, by state: those that are still open, submitted or returned."""
    rows = (
        Declaration.objects.filter(cycle=cycle)
        .exclude(state__in=COUNTED)
        .values("state")
        .annotate(n=Count("pk"))
    )
    return {row["state"]: row["n"] for row in rows}


def amounts_of(*, enterprise_id: int, year: int, codes: Sequence[str]) -> dict[str, Decimal | None]:
    """Verified figures of one enterprise and year (yuan, or units); None where there is no verified value."""
    found = amounts_by_year(enterprise_id=enterprise_id, years=(year,), codes=codes).get(year, {})
    return {code: found.get(code) for code in codes}


def amounts_by_year(
    *, enterprise_id: int, years: Iterable[int], codes: Sequence[str]
) -> dict[int, dict[str, Decimal | None]]:
    """Verified figures of one enterprise by year and input code (yuan, or units); absent where there is none."""
    rows = DeclaredValue.objects.filter(
        declaration__enterprise_id=enterprise_id,
        declaration__cycle__year__in=list(years),
        declaration__state__in=COUNTED,
        code__in=list(codes),
    ).select_related("declaration__cycle")
    found: dict[int, dict[str, Decimal | None]] = {}
    for row in rows:
        found.setdefault(row.declaration.cycle.year, {})[row.code] = _counts(row)
    return found


def _counts(row: DeclaredValue) -> Decimal | None:
    """The figure that counts, as EFFECTIVE has it; a confirmed zero is 0."""
    special = {
        ValueState.NOT_APPLICABLE: None,
        ValueState.ZERO_CONFIRMED: Decimal(0),
        ValueState.REJECTED: row.prefilled_amount,
    }
    return special.get(ValueState(row.state), row.amount)


def amounts_of_firms(
    *, year: int, usccs: Iterable[str], codes: Iterable[str]
) -> dict[tuple[str, str], Decimal | None]:
    """Verified figures of a year by USCC and input code (yuan, or units)."""
    rows = DeclaredValue.objects.filter(
        declaration__enterprise__uscc__in=list(usccs),
        declaration__enterprise__member_to__isnull=True,
        declaration__cycle__year=year,
        declaration__state__in=COUNTED,
        code__in=list(codes),
    ).select_related("declaration__enterprise")
    return {(row.declaration.enterprise.uscc, row.code): _counts(row) for row in rows}


def figures(
    *, codes: Sequence[str], since: int, enterprise_id: int | None = None
) -> dict[tuple[int, int], dict[str, Decimal | list[dict[str, Any]] | None]]:
    """What counts of verified declarations from a year on, of the whole park or one enterprise: (enterprise, year) -> code ->
    amount (yuan or units) or entries; a confirmed zero is 0 or no entries, what is missing or not applicable None."""
    rows = Declaration.objects.filter(cycle__year__gte=since, state__in=COUNTED)
    if enterprise_id is not None:
        rows = rows.filter(enterprise_id=enterprise_id)
    whose = {pk: (firm, year) for pk, firm, year in rows.values_list("pk", "enterprise_id", "cycle__year")}
    found: dict[tuple[int, int], dict[str, Decimal | list[dict[str, Any]] | None]] = {
        key: {} for key in whose.values()
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{FIGURES} AND v.code = ANY(%s)", [list(whose), list(codes)])
        for pk, code, state, amount, entries in cursor:
            value = json.loads(entries) if entries is not None else amount
            if state == ValueState.ZERO_CONFIRMED:
                value = Decimal(0)
            found[whose[pk]][code] = value
    return found


def newest_verified_year() -> int | None:
    """The newest year of the park in which a declaration counts."""
    years = Declaration.objects.filter(state__in=COUNTED).values_list("cycle__year", flat=True)
    newest: int | None = years.order_by("-cycle__year").first()
    return newest
