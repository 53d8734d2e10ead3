"""Writing a made-up world into a park, in bulk: enterprises, cycles, declarations, values."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

from enterprises.models import (
    Certification,
    Cycle,
    Declaration,
    DeclaredValue,
    DepartmentBatch,
    Enterprise,
    PenaltyRecord,
)
from enterprises.states import STATED, DeclarationState, ValueState
from indicators.queries.schemes import scheme_of
from parks.bulk import copy_rows
from parks.models import Organisation, SubPark

from . import names
from .blemishes import ENTERPRISE_ONLY
from .items import LISTS
from .world import World, Year, source_of

BATCH = 5000
VALUE_COLUMNS = (
    "declaration_id", "code", "state", "prefilled_amount", "prefilled_entries", "source", "as_of", "declared_amount", "declared_entries",
    "reason", "explanation", "verified_amount", "verified_entries", "verified_by_ref", "verified_by_name",
    "verified_at", "version", "updated_at", "batch_ref",
)  # fmt: skip
GIVEN = """
INSERT INTO enterprises_departmentvalue (park_id, batch_id, uscc, year, code, amount, entries, source, as_of)
SELECT v.park_id, v.batch_ref, e.uscc, %(year)s, v.code, v.prefilled_amount, v.prefilled_entries, v.source, v.as_of
  FROM enterprises_declaredvalue v
  JOIN enterprises_declaration d ON d.park_id = v.park_id AND d.id = v.declaration_id
  JOIN enterprises_enterprise e ON e.park_id = d.park_id AND e.id = d.enterprise_id
 WHERE v.batch_ref = ANY(%(batches)s) AND (v.prefilled_amount IS NOT NULL OR v.prefilled_entries IS NOT NULL)
"""
COUNTED = """
UPDATE enterprises_departmentbatch b SET rows_read = n.firms, rows_applied = n.firms
  FROM (SELECT batch_id, count(DISTINCT uscc) AS firms FROM enterprises_departmentvalue
         WHERE batch_id = ANY(%(batches)s) GROUP BY batch_id) n
 WHERE b.id = n.batch_id
"""
NEWLY_FOUNDED = "评价年度当年成立"
OPEN_YEAR_SHARES = {"open": 0.24, "submitted": 0.12, "returned": 0.02, "verified": 0.62}


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who signs the verified values of past years."""

    person_id: int
    name: str


def load_enterprises(world: World, *, since: dt.date) -> list[Enterprise]:
    """Organisations and certified enterprises of the park that was entered, in the world's order."""
    sub_parks = list(SubPark.objects.order_by("pk"))
    organisations = Organisation.objects.bulk_create(
        [
            Organisation(kind="enterprise", name=name, uscc=code)
            for name, code in zip(world.name, world.uscc, strict=True)
        ],
        batch_size=BATCH,
    )
    rows = [
        Enterprise(
            organisation=organisation,
            uscc=world.uscc[n],
            name=world.name[n],
            sub_park=sub_parks[int(world.sub_park[n]) % len(sub_parks)],
            industry=names.INDUSTRIES[world.industry[n]],
            founded_on=world.founded[n],
            legal_representative=world.legal[n],
            registered_address=f"{sub_parks[int(world.sub_park[n]) % len(sub_parks)].name}创新大道{n % 900 + 1}号",
            certification_state="certified",
            member_from=max(since, world.founded[n]),
        )
        for n, organisation in enumerate(organisations)
    ]
    enterprises = Enterprise.objects.bulk_create(rows, batch_size=BATCH)
    now = timezone.now()
    Certification.objects.bulk_create(
        [
            Certification(
                enterprise=one, state="certified", submitted_at=now, decided_at=now, decided_by_name="赵慧"
            )
            for one in enterprises
        ],
        batch_size=BATCH,
    )
    return enterprises


def load_veto(enterprise: Enterprise, *, on: dt.date) -> None:
    """One firm is on the list of dishonest debtors."""
    PenaltyRecord.objects.create(
        enterprise=enterprise,
        code="dishonest_debtor",
        source="court",
        reference="示例执行案号 0001",
        starts_on=on,
    )


def load_year(
    world: World,
    year: Year,
    enterprises: list[Enterprise],
    cycle: Cycle,
    *,
    verifier: Verifier,
    seed: int,
    mixed: bool = False,
    untouched: frozenset[int] = frozenset(),
) -> None:
    """Declarations and values of one cycle: all verified, or (`mixed`) in every state of the workflow.

    Enterprises numbered in `untouched` have an open declaration in which nothing is confirmed yet.
    """
    rng = np.random.default_rng([seed, year.year])
    states = _states(rng, world, mixed, untouched)
    at = timezone.now() - dt.timedelta(days=30)
    rows = [
        Declaration(
            cycle=cycle, enterprise=enterprise, state=state, returns=1 if state == "returned" else 0,
            submitted_by_name="" if state == "open" else world.agent[n], submitted_at=None if state == "open" else at,
            verified_by_ref=verifier.person_id if state == "verified" else None,
            verified_by_name=verifier.name if state == "verified" else "",
            verified_at=at if state == "verified" else None,
        )
        for n, (enterprise, state) in enumerate(zip(enterprises, states, strict=True))
        if enterprise.founded_on is None or enterprise.founded_on.year <= year.year
    ]  # fmt: skip
    declarations = {d.enterprise_id: d for d in Declaration.objects.bulk_create(rows, batch_size=BATCH)}
    as_of = dt.date(year.year + 1, 6, 12)
    batches = _batches(cycle, as_of, verifier)
    writer = _Values(year=year, verifier=verifier, as_of=as_of, at=at, mixed=mixed, batches=batches)
    pairs = [(n, declarations[one.pk]) for n, one in enumerate(enterprises) if one.pk in declarations]
    copy_rows(DeclaredValue, VALUE_COLUMNS, writer.rows(pairs, untouched))
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, {"batches": list(batches.values()), "year": year.year})
        cursor.execute(COUNTED, {"batches": list(batches.values())})


def _batches(cycle: Cycle, as_of: dt.date, by: Verifier) -> dict[str, int]:
    """A file of each department that the scheme asks, imported."""
    scheme = scheme_of(cycle.scheme_version)
    named = scheme.body.get("sources", {})
    made = [
        DepartmentBatch.objects.create(
            year=cycle.year, source=source, as_of=as_of, filename=f"{named[source]['zh']}-{cycle.year}.xlsx",
            sha256="", state="applied", uploaded_by_ref=by.person_id,
            uploaded_by_name=by.name, applied_at=timezone.now(),
        )
        for source in sorted({source_of(item.code) for item in scheme.inputs} - {"enterprise", ""})
    ]  # fmt: skip
    return {batch.source: batch.pk for batch in made}


def _states(rng: np.random.Generator, world: World, mixed: bool, untouched: frozenset[int]) -> list[str]:
    if not mixed:
        return [DeclarationState.VERIFIED] * len(world)
    picks = rng.choice(list(OPEN_YEAR_SHARES), len(world), p=list(OPEN_YEAR_SHARES.values()))
    return ["open" if n in untouched else str(state) for n, state in enumerate(picks)]


@dataclass(slots=True)
class _Values:
    year: Year
    verifier: Verifier
    as_of: dt.date
    at: dt.datetime
    mixed: bool
    batches: dict[str, int]

    def rows(
        self, pairs: list[tuple[int, Declaration]], untouched: frozenset[int]
    ) -> Iterator[tuple[Any, ...]]:
        for code, amounts in self.year.amounts.items():
            for n, declaration in pairs:
                value = None if math.isnan(amounts[n]) else f"{amounts[n]:.2f}"
                yield self._row(n, declaration, code, value, None, untouched=n in untouched)
        for code in LISTS:
            entries, missing = self.year.entries[code], self.year.missing[code]
            for n, declaration in pairs:
                listed = None if missing[n] else json.dumps(entries.get(n, []), ensure_ascii=False)
                yield self._row(n, declaration, code, None, listed, untouched=n in untouched)

    def _row(
        self,
        n: int,
        declaration: Declaration,
        code: str,
        amount: str | None,
        entries: str | None,
        *,
        untouched: bool,
    ) -> tuple[Any, ...]:
        prefilled, declared, reason, state = self._told(n, code, amount, untouched)
        if state is None:
            state = self._state(declaration, amount, entries, reason)
        done = declaration.state == DeclarationState.VERIFIED and state == ValueState.VERIFIED
        seen = done or (declaration.state == DeclarationState.VERIFIED and state in STATED)
        return (
            declaration.pk, code, state, prefilled, entries, source_of(code), self.as_of, declared, None, reason, "",
            amount if done else None, entries if done else None, self.verifier.person_id if seen else None,
            self.verifier.name if seen else "", self.at if seen else None, 1, self.at, self.batches.get(source_of(code)),
        )  # fmt: skip

    def _told(
        self, n: int, code: str, amount: str | None, untouched: bool
    ) -> tuple[str | None, str | None, str, str | None]:
        """(prefilled, declared, reason, state when it is settled already): a department's figure and what the firm says."""
        if code in self.year.not_applicable and self.year.not_applicable[code][n]:
            return None, None, NEWLY_FOUNDED, ValueState.NOT_APPLICABLE
        if code in ENTERPRISE_ONLY:
            return None, None if untouched else amount, "", ValueState.MISSING if untouched else None
        blemish = self.year.blemishes.get(code, {}).get(n)
        if blemish is None or untouched:
            return amount, None, "", None
        return f"{blemish.prefilled:.2f}", amount, blemish.reason, None

    def _state(self, declaration: Declaration, amount: str | None, entries: str | None, reason: str) -> str:
        if amount is None and entries is None:
            return ValueState.MISSING
        if declaration.state == DeclarationState.VERIFIED:
            return ValueState.VERIFIED
        if reason:
            return ValueState.DISPUTED
        return ValueState.PREFILLED if declaration.state == DeclarationState.OPEN else ValueState.CONFIRMED
