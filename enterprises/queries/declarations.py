"""Reading declarations: the enterprise's own, the review queue, the items of a page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import NotFound

from .. import rules
from ..models import Cycle, Declaration, DeclaredValue, Enterprise
from ..states import ValueState
from .verified import amounts_of

WAITING = (ValueState.MISSING, ValueState.PREFILLED, ValueState.RETURNED)


@dataclass(frozen=True, slots=True)
class Item:
    """One input as a page shows it: the stored value, what it means, last year's figure, failing checks."""

    input: Any
    name: str
    value: DeclaredValue
    last_year: Decimal | None
    findings: list[rules.Finding] = field(default_factory=list)
    source_name: str = ""

    @property
    def is_money(self) -> bool:
        return bool(self.input.type == "money")

    @property
    def is_list(self) -> bool:
        return bool(self.input.is_list)

    @property
    def change(self) -> Decimal | None:
        """Change to last year in percent."""
        if self.value.amount is None or not self.last_year:
            return None
        return (self.value.amount - self.last_year) / abs(self.last_year) * 100

    @property
    def needs_explanation(self) -> bool:
        return any(f.level == "W" for f in self.findings) and not (
            self.value.explanation or self.value.reason
        )

    @property
    def is_waiting(self) -> bool:
        return (
            self.value.state in WAITING
            or bool([f for f in self.findings if f.level == "E"])
            or self.needs_explanation
        )

    @property
    def may_not_apply(self) -> bool:
        return self.value.state == ValueState.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class Section:
    """The inputs of one dimension, each asked once: under the first dimension whose indicators use it."""

    code: str
    name: str
    items: list[Item]

    @property
    def done(self) -> int:
        return sum(not item.is_waiting for item in self.items)

    @property
    def waiting(self) -> int:
        return len(self.items) - self.done

    @property
    def to_confirm(self) -> list[Item]:
        """Items that can be confirmed as they stand."""
        return [item for item in self.items if item.value.state == ValueState.PREFILLED]


def of_year(*, enterprise: Enterprise, year: int) -> Declaration:
    """The enterprise's declaration of a year; raises NotFound."""
    found = (
        Declaration.objects.select_related("cycle__scheme_version", "enterprise")
        .filter(enterprise=enterprise, cycle__year=year)
        .first()
    )
    if found is None:
        raise NotFound(
            code="no_declaration",
            message=_("%(year)s 年度还没有您的申报。企业认证通过并由园区开启年度后即可填报。")
            % {"year": year},
        )
    return found


def get(declaration_id: int) -> Declaration:
    """A declaration of the park; raises NotFound."""
    found = (
        Declaration.objects.select_related("cycle__scheme_version", "enterprise__sub_park")
        .filter(pk=declaration_id)
        .first()
    )
    if found is None:
        raise NotFound(code="not_found", message=_("没有找到这份申报。"))
    return found


def of_enterprise(enterprise: Enterprise) -> QuerySet[Declaration]:
    return Declaration.objects.filter(enterprise=enterprise).select_related("cycle").order_by("-cycle__year")


def queue(cycle: Cycle | None = None) -> QuerySet[Declaration]:
    """Declarations for the review list, with the number of disputed values."""
    rows = Declaration.objects.select_related("enterprise__sub_park", "cycle").annotate(
        disputed=Count("values", filter=Q(values__state=ValueState.DISPUTED))
    )
    return (rows.filter(cycle=cycle) if cycle else rows).order_by("submitted_at", "pk")


def sections(declaration: Declaration) -> list[Section]:
    """All items of a declaration by dimension, with last year's figures and failing checks."""
    scheme = scheme_of(declaration.cycle.scheme_version)
    values = {
        row.code: row
        for row in DeclaredValue.objects.filter(declaration=declaration).select_related("evidence")
    }
    last = amounts_of(
        enterprise_id=declaration.enterprise_id, year=declaration.cycle.year - 1, codes=list(values)
    )
    failing: dict[str, list[rules.Finding]] = {}
    for finding in rules.findings(scheme, values):
        failing.setdefault(finding.code, []).append(finding)
    home = _homes(scheme)
    sources = {code: name_of(names) for code, names in scheme.body.get("sources", {}).items()}
    made = []
    for dimension in scheme.dimensions:
        items = [
            Item(
                item,
                name_of(item),
                values[item.code],
                last.get(item.code),
                failing.get(item.code, []),
                sources.get(values[item.code].source, values[item.code].source),
            )
            for item in scheme.inputs
            if home.get(item.code) == dimension.code and item.code in values
        ]
        if items:
            made.append(Section(dimension.code, name_of(dimension), items))
    return made


def _homes(scheme: Any) -> dict[str, str]:
    """Where each input is asked: the dimension that uses it most, the first of equals."""
    votes: dict[str, Counter[str]] = {}
    for indicator in scheme.indicators:
        for code in indicator.inputs:
            votes.setdefault(code, Counter())[indicator.dimension] += 1
    first = scheme.dimensions[0].code
    return {
        item.code: (votes[item.code].most_common(1)[0][0] if item.code in votes else first)
        for item in scheme.inputs
    }
