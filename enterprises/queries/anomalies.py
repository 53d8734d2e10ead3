"""What is unusual about the values of a declaration: reasons to look, never verdicts. For reviewers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from innovscore.core.money import round_half_up
from parks.models import EvidenceFile

from .. import rules
from ..models import Declaration, DeclaredValue

PERSON_LISTS = ("golden_phoenix", "high_level_talents")
BY_SOURCE = """
SELECT DISTINCT ON (v.code, v.source) v.code, v.source, v.amount, v.as_of
  FROM enterprises_departmentvalue v
  JOIN enterprises_departmentbatch b ON b.park_id = v.park_id AND b.id = v.batch_id AND b.state = 'applied'
 WHERE v.uscc = %s AND v.year = %s AND v.amount IS NOT NULL ORDER BY v.code, v.source, v.as_of DESC, v.id DESC
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to look closer: a stable code and words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class OtherSource:
    """What another department says about the same figure; `apart` in percent of the larger."""

    source: str
    amount: Decimal
    as_of: Any
    apart: Decimal | None

    @property
    def is_far(self) -> bool:
        return self.apart is not None and self.apart > rules.APART


def other_sources(
    declaration: Declaration, values: Mapping[str, DeclaredValue]
) -> dict[str, list[OtherSource]]:
    """Per input the newest figures of the departments that did not pre-fill it."""
    found: dict[str, list[OtherSource]] = {}
    with connection.cursor() as cursor:
        cursor.execute(BY_SOURCE, [declaration.enterprise.uscc, declaration.cycle.year])
        for code, source, amount, as_of in cursor.fetchall():
            value = values.get(code)
            if value is not None and value.source != source:
                apart = rules.difference(value.prefilled_amount, amount)
                found.setdefault(code, []).append(OtherSource(source, amount, as_of, apart))
    return found


def reasons(
    *,
    declaration: Declaration,
    values: Mapping[str, DeclaredValue],
    last: Mapping[str, Decimal | None],
    others: Mapping[str, list[OtherSource]],
) -> dict[str, list[Reason]]:
    """Per input code why a reviewer should look closer."""
    found: dict[str, list[Reason]] = {}
    for code, value in values.items():
        for reason in _of_figure(value, last.get(code), others.get(code, [])):
            found.setdefault(code, []).append(reason)
    per_head = rules.rd_per_head_odd(_amount(values, "rd_expense"), _amount(values, "rd_staff"))
    if per_head is not None:
        text = _("人均研发费用 %(n)s 万元，不在 3 至 100 万元之间") % {
            "n": round_half_up(per_head / rules.WAN, 2)
        }
        found.setdefault("rd_staff", []).append(Reason("rd_per_head", text))
    for code, text in {**_shared_evidence(values), **_shared_persons(declaration, values)}.items():
        found.setdefault(code, []).append(Reason("shared", text))
    return found


def _amount(values: Mapping[str, DeclaredValue], code: str) -> Decimal | None:
    value = values.get(code)
    return value.amount if value else None


def _of_figure(value: DeclaredValue, last: Decimal | None, others: list[OtherSource]) -> list[Reason]:
    found = []
    if last and value.amount is not None and abs(value.amount - last) > 3 * abs(last):
        change = round_half_up((value.amount - last) / abs(last) * 100, 1)
        found.append(Reason("jump", _("比上年核定值变化 %(n)s%%，超过 300%%") % {"n": change}))
    if rules.unit_slip(value.declared_amount, last or value.prefilled_amount):
        found.append(Reason("unit_slip", _("数值可能把元填成了万元")))
    for other in others:
        if other.is_far and other.apart is not None:
            found.append(
                Reason(
                    "sources_apart",
                    _("两个部门的数据相差 %(n)s%%，超过 20%%") % {"n": round_half_up(other.apart, 1)},
                )
            )
    return found


def _shared_evidence(values: Mapping[str, DeclaredValue]) -> dict[str, str]:
    """Evidence whose very bytes another enterprise handed in too."""
    hashes = {value.evidence.sha256: code for code, value in values.items() if value.evidence}
    if not hashes:
        return {}
    twice = (
        EvidenceFile.objects.filter(sha256__in=list(hashes))
        .values("sha256")
        .annotate(n=Count("organisation", distinct=True))
        .filter(n__gt=1)
    )
    return {hashes[row["sha256"]]: _("同一份材料文件也出现在另一家企业的申报中") for row in twice}


def _shared_persons(declaration: Declaration, values: Mapping[str, DeclaredValue]) -> dict[str, str]:
    """Talent lists that name a person whom another enterprise lists in the same year."""
    found = {}
    for code in PERSON_LISTS:
        entries = values[code].entries if code in values else None
        keys = [
            {name: entry[name] for name in ("number", "name") if entry.get(name)} for entry in entries or []
        ]
        if any(keys) and _listed_elsewhere(declaration, code, [key for key in keys if key]):
            found[code] = _("名单中有人员也列在另一家企业的名单中")
    return found


def _listed_elsewhere(declaration: Declaration, code: str, keys: list[dict[str, str]]) -> bool:
    """Does another firm of the year list one of these persons?"""
    listed = Q()
    for key in keys:
        listed |= Q(prefilled_entries__contains=[key]) | Q(declared_entries__contains=[key])
    rows = DeclaredValue.objects.filter(listed, declaration__cycle=declaration.cycle, code=code)
    return rows.exclude(declaration=declaration).exists()
