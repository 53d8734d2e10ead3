"""What the documents of a declaration say: the receipt 回执 as it was signed, the return notice 补正通知 as it was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.models import EvidenceFile
from parks.roles import ENTERPRISE

from ..models import Declaration, Receipt, ReturnNotice
from ..states import ValueState
from . import declarations, reviews


@dataclass(frozen=True, slots=True)
class Line:
    """One answer of a receipt, read from the content that was hashed."""

    input: Any
    name: str
    state: str
    amount: Decimal | None
    entries: list[dict[str, Any]] | None
    reason: str
    explanation: str
    evidence: str
    page: int | None

    @property
    def is_list(self) -> bool:
        return bool(self.input.is_list)

    @property
    def is_money(self) -> bool:
        return bool(self.input.type == "money")


def visible(actor: Actor, declaration_id: int) -> Declaration:
    """A declaration that the actor may see: the firm's own, or any of the park for its office; raises NotFound."""
    found = declarations.get(declaration_id)
    if actor.role in ENTERPRISE and found.enterprise.organisation_id != actor.organisation_id:
        raise NotFound(code="not_found", message=_("没有找到这份申报。"))
    return found


def receipt_of(found: Declaration, seq: int) -> Receipt:
    """A receipt of a declaration by its number in the year; raises NotFound."""
    row = found.receipts.filter(seq=seq).first()
    if row is None:
        raise NotFound(code="no_receipt", message=_("没有这份回执。"))
    return row


def notice_of(found: Declaration, number: int) -> ReturnNotice:
    """The first or second return notice with its items; raises NotFound."""
    row = next((one for one in reviews.notices(found) if one.number == number), None)
    if row is None:
        raise NotFound(code="no_notice", message=_("没有这份补正通知。"))
    return row


def lines_of(found: Declaration, receipt: Receipt) -> list[tuple[str, list[Line]]]:
    """(dimension, answers) of a receipt, in the scheme's order, those without an answer included."""
    scheme = scheme_of(found.cycle.scheme_version)
    said: dict[str, dict[str, Any]] = json.loads(receipt.content)
    hashes = [one["evidence"]["sha256"] for one in said.values() if "evidence" in one]
    files = dict(
        EvidenceFile.objects.filter(
            organisation_id=found.enterprise.organisation_id, sha256__in=hashes
        ).values_list("sha256", "filename")
    )
    home = declarations.topics(scheme)
    parts = []
    for dimension in scheme.dimensions:
        inputs = [one for one in scheme.inputs if home[one.code] == dimension.code and one.code in said]
        lines = [_line(one, said[one.code], files) for one in inputs]
        if lines:
            parts.append((name_of(dimension), lines))
    return parts


def _line(item: Any, said: dict[str, Any], files: dict[str, str]) -> Line:
    amount, evidence = said["amount"], said.get("evidence") or {}
    digest = evidence.get("sha256", "")
    return Line(
        input=item, name=name_of(item), state=str(ValueState(said["state"]).label),
        amount=None if amount is None else Decimal(amount), entries=said["entries"], reason=said.get("reason", ""),
        explanation=said.get("explanation", ""), evidence=files.get(digest, digest[:12]), page=evidence.get("page"),
    )  # fmt: skip
