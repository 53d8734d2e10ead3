"""Handing in: what stands in the way, who may sign, the receipt 回执."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now

from ..models import AgentLetter, Declaration, DeclaredValue, Receipt, ReturnNotice
from ..queries import declarations as queries
from ..states import DeclarationState, ValueState
from . import authority
from .declarations import editable

BY_DEFAULT = "default"
"""Capacity on the receipt of a declaration that was closed at the deadline."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that stands in the way of signing, at an input."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


def submit(*, by: Actor, declaration: Declaration, seen_hash: str) -> Declaration:
    """Sign and hand in. Needs the right, no failing E check, every W explained, and the content that was shown.

    Takes the declaration's lock, which every change of an item takes too: what is signed is what was hashed.
    """
    with transaction.atomic():
        letter = authority.right_to_sign(by)
        locked = editable(declaration)
        values = values_of(locked)
        digest = content_hash(values)
        if seen_hash != digest:
            raise Conflict(code="content_changed", message=_("内容在您阅读后有变化，请重新核对后签署。"))
        blockers = blocking(locked, values)
        if blockers:
            raise Refused(
                code="not_ready",
                message=_("还有 %(n)s 处需要处理：%(first)s") % {"n": len(blockers), "first": blockers[0]},
            )
        hand_in(by=by, declaration=locked, values=values, capacity=by.role, letter=letter)
        after = {"content_hash": digest} | ({"letter": letter.pk} if letter else {})
        audit.record(by=by, action="declaration.submitted", obj=locked, after=after)
    return locked


def hand_in(
    *,
    by: Actor,
    declaration: Declaration,
    values: Mapping[str, DeclaredValue],
    capacity: str,
    letter: AgentLetter | None = None,
) -> Receipt:
    """Move a locked declaration to the reviewers and issue the receipt."""
    digest, now = content_hash(values), db_now()
    declaration.state, declaration.content_hash = DeclarationState.SUBMITTED, digest
    declaration.submitted_by_ref, declaration.submitted_by_name = by.person_id, _signer(by)
    declaration.submitted_at, declaration.return_due_at = now, None
    declaration.version += 1
    declaration.save()
    ReturnNotice.objects.filter(declaration=declaration, answered_at__isnull=True).update(answered_at=now)
    year = declaration.cycle.year
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [f"receipt:{by.park_id}:{year}"]
        )
    seq = (Receipt.objects.filter(year=year).aggregate(last=Max("seq"))["last"] or 0) + 1
    return Receipt.objects.create(
        declaration=declaration, year=year, seq=seq, number=f"{by.park_code.upper()}-{year}-{seq:05d}",
        content_hash=digest, content=content(values), signed_by_ref=by.person_id, signed_by_name=_signer(by),
        capacity=capacity, letter=letter, issued_at=now,
    )  # fmt: skip


def _signer(by: Actor) -> str:
    """Nobody signs what the clock hands in."""
    return by.person_name if by.person_id else ""


def values_of(declaration: Declaration) -> dict[str, DeclaredValue]:
    """All values of a declaration by input code, with their evidence."""
    rows = DeclaredValue.objects.filter(declaration=declaration).select_related("evidence")
    return {row.code: row for row in rows}


def blocking(declaration: Declaration, values: Mapping[str, DeclaredValue]) -> list[Blocker]:
    """What stands in the way of submitting, item by item."""
    scheme = scheme_of(declaration.cycle.scheme_version)
    names = {item.code: name_of(item) for item in scheme.inputs}
    found = []
    for finding in queries.findings(declaration, values):
        explained = values[finding.code].explanation or values[finding.code].reason
        if finding.level == "E" or not explained:
            words = name_of({"zh": finding.zh, "en": finding.en})
            found.append(Blocker(finding.code, f"{names[finding.code]}：{words}"))
    for value in values.values():
        if value.code not in names:
            continue
        if value.state == ValueState.RETURNED:
            found.append(Blocker(value.code, _("%(name)s：退回后尚未处理") % {"name": names[value.code]}))
        if value.draft:
            found.append(
                Blocker(value.code, _("%(name)s：有填写了但未保存的内容") % {"name": names[value.code]})
            )
    return found


def content(values: Mapping[str, DeclaredValue]) -> str:
    """What is declared, as canonical JSON: per input the state, what counts, the words and the evidence's hash."""
    return canonical_json({code: _stated(value) for code, value in values.items()})


def content_hash(values: Mapping[str, DeclaredValue]) -> str:
    """SHA-256 of `content`."""
    return sha256_hex(content(values).encode())


def _stated(value: DeclaredValue) -> dict[str, Any]:
    stated: dict[str, Any] = {"state": value.state, "amount": value.amount, "entries": value.entries}
    if value.reason:
        stated["reason"] = value.reason
    if value.explanation:
        stated["explanation"] = value.explanation
    if value.evidence:
        stated["evidence"] = {"sha256": value.evidence.sha256, "page": value.evidence_page}
    return stated
