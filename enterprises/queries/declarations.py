"""Reading declarations: the enterprise's own, the review queue, the items of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import NotFound

from .. import rules
from ..models import (
    ConflictOfInterest,
    Cycle,
    Declaration,
    DeclaredValue,
    Delegation,
    Enterprise,
    Receipt,
    ReviewClaim,
)
from ..states import STATED, UNDECIDED, DeclarationState, ValueState
from . import anomalies
from .verified import CARRIED, amounts_by_year

YEARS_SHOWN = 3
WAITING = (ValueState.MISSING, ValueState.PREFILLED, ValueState.RETURNED)
TURNS = (
    DeclarationState.SUBMITTED, DeclarationState.RETURNED, DeclarationState.OPEN, DeclarationState.VERIFIED,
    DeclarationState.FROZEN,
)  # fmt: skip
"""States in the order in which the review list shows them: the office's own work first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One input as a page shows it: the stored value, what it means, last year's figure, failing checks."""

    input: Any
    name: str
    value: DeclaredValue
    last_year: Decimal | None
    findings: list[rules.Finding] = field(default_factory=list)
    source_name: str = ""
    history: list[tuple[int, Decimal | None]] = field(default_factory=list)
    others: list[anomalies.OtherSource] = field(default_factory=list)
    reasons: list[anomalies.Reason] = field(default_factory=list)
    asked_by: list[Any] = field(default_factory=list)
    by_hand: list[tuple[str, str]] = field(default_factory=list)

    @property
    def has_prefill(self) -> bool:
        return self.value.prefilled_amount is not None or self.value.prefilled_entries is not None

    @property
    def known(self) -> Decimal | None:
        """A figure to compare what is typed with: last year's, else the department's (yuan or units)."""
        return self.last_year or self.value.prefilled_amount

    @property
    def slip(self) -> bool:
        """Was the declared figure probably typed in yuan where 万元 was meant?"""
        return self.is_money and rules.unit_slip(self.value.declared_amount, self.known)

    @property
    def errors(self) -> list[rules.Finding]:
        return [finding for finding in self.findings if finding.level == "E"]

    @property
    def is_undecided(self) -> bool:
        return self.value.is_undecided

    @property
    def is_corrected(self) -> bool:
        """Does the firm say something else than the department?"""
        says = self.value.declared_amount is not None or self.value.declared_entries is not None
        return says and self.has_prefill

    @property
    def is_decided_otherwise(self) -> bool:
        """Did a reviewer decide something else than what the firm stands for?"""
        value = self.value
        if value.state == ValueState.REJECTED:
            return True
        declared = (value.declared_amount, value.declared_entries)
        stands = declared if declared != (None, None) else (value.prefilled_amount, value.prefilled_entries)
        return value.state == ValueState.VERIFIED and stands != (
            value.verified_amount,
            value.verified_entries,
        )

    @property
    def typed_or_saved(self) -> dict[str, Any]:
        """What the fields of the item show: the draft, else what is saved."""
        value = self.value
        saved = {"reason": value.reason, "explanation": value.explanation, "page": value.evidence_page or ""}
        return saved | (value.draft or {})

    @property
    def is_signed(self) -> bool:
        """May the figure be negative? Some phone keypads for numbers have no minus."""
        return rules.may_be_negative(self.input)

    @property
    def is_money(self) -> bool:
        return bool(self.input.type == "money")

    @property
    def is_list(self) -> bool:
        return bool(self.input.is_list)

    @property
    def levels(self) -> list[tuple[str, str]]:
        """Levels that a row of the list may have, with their names."""
        return [(level, name_of(names)) for level, names in self.input.levels.items()]

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
            or bool(self.value.draft)
        )


@dataclass(frozen=True, slots=True)
class Section:
    """The inputs of one dimension, each asked once: under the first dimension whose indicators use it."""

    code: str
    name: str
    items: list[Item]
    delegation: Delegation | None = None

    @property
    def warnings(self) -> int:
        """Items with a check that fails and still needs something."""
        return sum(bool(item.errors) or item.needs_explanation for item in self.items)

    @property
    def is_started(self) -> bool:
        return any(item.value.version > 1 for item in self.items)

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
    """Declarations for the review list, with the numbers of disputed and of undecided values and their claims.

    What waits for the office comes first, the longest waiting on top; what is frozen comes last.
    """
    rows = (
        Declaration.objects.select_related("enterprise__sub_park", "cycle")
        .prefetch_related("claims")
        .annotate(disputed=_count_of(Q(state=ValueState.DISPUTED)), undecided=_count_of(undecided()))
    )
    turn = Case(*(When(state=state, then=place) for place, state in enumerate(TURNS)))
    return (rows.filter(cycle=cycle) if cycle else rows).order_by(turn, "-cycle__year", "submitted_at", "pk")


def _count_of(values: Q) -> Coalesce:
    """How many values of a declaration are so; counted for the rows of a page only, unless they are sorted by it."""
    rows = DeclaredValue.objects.filter(values, declaration=OuterRef("pk")).order_by()
    return Coalesce(Subquery(rows.values("declaration").annotate(n=Count("pk")).values("n")), 0)


def next_in_review(after: Declaration, person_id: int | None) -> Declaration | None:
    """The case to go on with: one's own claims first, then the pool, the longest waiting first."""
    others = ReviewClaim.objects.filter(declaration=OuterRef("pk")).exclude(person_ref=person_id or 0)
    mine = ReviewClaim.objects.filter(declaration=OuterRef("pk"), person_ref=person_id or 0)
    barred = ConflictOfInterest.objects.filter(
        enterprise=OuterRef("enterprise"), person_ref=person_id or 0, lifted_at__isnull=True
    )
    signed = Receipt.objects.filter(declaration=OuterRef("pk"), signed_by_ref=person_id or 0)
    waiting = DeclaredValue.objects.filter(undecided(), declaration=OuterRef("pk"))
    barring = Exists(others) | Exists(barred) | Exists(signed)
    return (
        Declaration.objects.filter(Exists(waiting), ~barring, state=DeclarationState.SUBMITTED)
        .exclude(pk=after.pk)
        .select_related("enterprise")
        .order_by(Exists(mine).desc(), "submitted_at", "pk")
        .first()
    )


def to_sign(person_id: int | None) -> QuerySet[Declaration]:
    """Declarations of which every value is decided, none of them by this person: the second person's list."""
    own = DeclaredValue.objects.filter(declaration=OuterRef("pk"), verified_by_ref=person_id)
    signed = Receipt.objects.filter(declaration=OuterRef("pk"), signed_by_ref=person_id or 0)
    open_values = DeclaredValue.objects.filter(
        Q(state=ValueState.RETURNED) | undecided(), declaration=OuterRef("pk")
    )
    return (
        Declaration.objects.filter(state=DeclarationState.SUBMITTED)
        .filter(~Exists(own), ~Exists(signed), ~Exists(open_values))
        .select_related("enterprise__sub_park", "cycle")
        .order_by("submitted_at", "pk")
    )


def undecided() -> Q:
    """Values that a reviewer still has to decide about, as a condition."""
    return Q(state__in=UNDECIDED) | Q(state__in=STATED, verified_by_ref__isnull=True)


def topics(scheme: Any) -> dict[str, str]:
    """Where each input is asked and reviewed: input code -> the dimension that uses it most, the first of equals."""
    votes: dict[str, Counter[str]] = {}
    for indicator in scheme.indicators:
        for code in indicator.inputs:
            votes.setdefault(code, Counter())[indicator.dimension] += 1
    first = scheme.dimensions[0].code
    return {
        item.code: (votes[item.code].most_common(1)[0][0] if item.code in votes else first)
        for item in scheme.inputs
    }


def topic_of(declaration: Declaration, code: str) -> str:
    """The dimension of an input."""
    return topics(scheme_of(declaration.cycle.scheme_version)).get(code, "")


def topic_names(declaration: Declaration) -> list[tuple[str, str]]:
    """(code, name) of the dimensions, in the scheme's order."""
    return topic_names_of(declaration.cycle)


def topic_names_of(cycle: Cycle) -> list[tuple[str, str]]:
    """(code, name) of the dimensions of a cycle's scheme, in its order."""
    return [(one.code, name_of(one)) for one in scheme_of(cycle.scheme_version).dimensions]


def with_open_topic(rows: QuerySet[Declaration], cycle: Cycle, topic: str) -> QuerySet[Declaration]:
    """Only declarations that have an undecided value of a dimension."""
    codes = [
        code for code, dimension in topics(scheme_of(cycle.scheme_version)).items() if dimension == topic
    ]
    waiting = DeclaredValue.objects.filter(undecided(), declaration=OuterRef("pk"), code__in=codes)
    return rows.filter(Exists(waiting))


def findings(declaration: Declaration, values: Mapping[str, DeclaredValue]) -> list[rules.Finding]:
    """All checks that fail: of the figures themselves, and against last cycle's verified ones and other departments."""
    scheme = scheme_of(declaration.cycle.scheme_version)
    before = declaration.cycle.year - 1
    codes = list(rules.previous_codes(scheme).values())
    last = amounts_by_year(enterprise_id=declaration.enterprise_id, years=(before,), codes=codes)
    return _failing(declaration, values, last.get(before, {}), anomalies.other_sources(declaration, values))


def _failing(
    declaration: Declaration,
    values: Mapping[str, DeclaredValue],
    last: Mapping[str, Decimal | None],
    others: Mapping[str, list[anomalies.OtherSource]],
) -> list[rules.Finding]:
    scheme = scheme_of(declaration.cycle.scheme_version)
    apart = {code for code, found in others.items() if any(one.is_far for one in found)}
    records = rules.Records(values, last, apart, declaration.cycle.year)
    return [*rules.findings(scheme, values), *rules.record_findings(scheme, records)]


def source_names(scheme: Any) -> dict[str, str]:
    """Who a figure may come from, by code."""
    names = {code: name_of(one) for code, one in scheme.body.get("sources", {}).items()}
    return names | {CARRIED: _("上年核定值")}


def _by_hand(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(level, words) of what a person decides against registers and papers."""
    return [
        (check["level"], name_of(check)) for check in item.get("register_checks", ()) if "rule" not in check
    ]


def sections(declaration: Declaration, *, for_review: bool = False) -> list[Section]:
    """All items of a declaration by dimension, with figures of former years, other sources and failing checks.

    `for_review` adds the reasons to look closer, which are for the office only.
    """
    scheme = scheme_of(declaration.cycle.scheme_version)
    values = {
        row.code: row
        for row in DeclaredValue.objects.filter(declaration=declaration).select_related("evidence")
    }
    year = declaration.cycle.year
    past = amounts_by_year(
        enterprise_id=declaration.enterprise_id, years=range(year - YEARS_SHOWN + 1, year), codes=list(values)
    )
    last = past.get(year - 1, {})
    others = anomalies.other_sources(declaration, values)
    failing: dict[str, list[rules.Finding]] = {}
    for finding in _failing(declaration, values, last, others):
        failing.setdefault(finding.code, []).append(finding)
    why = (
        anomalies.reasons(declaration=declaration, values=values, last=last, others=others)
        if for_review
        else {}
    )
    sources = source_names(scheme)
    by_hand = {item["code"]: _by_hand(item) for item in scheme.body["inputs"]}
    home = topics(scheme)
    delegated = {row.dimension: row for row in Delegation.objects.filter(declaration=declaration)}
    made = []
    for dimension in scheme.dimensions:
        items = [
            Item(
                input=item,
                name=name_of(item),
                value=values[item.code],
                last_year=last.get(item.code),
                findings=failing.get(item.code, []),
                source_name=sources.get(values[item.code].source, values[item.code].source),
                history=[
                    *((one, past.get(one, {}).get(item.code)) for one in range(year - YEARS_SHOWN + 1, year)),
                    (year, values[item.code].amount),
                ],
                others=[
                    replace(one, source=sources.get(one.source, one.source))
                    for one in others.get(item.code, [])
                ],
                reasons=why.get(item.code, []),
                by_hand=by_hand[item.code],
                asked_by=[one for one in scheme.indicators if item.code in one.inputs],
            )
            for item in scheme.inputs
            if home.get(item.code) == dimension.code and item.code in values
        ]
        if items:
            made.append(Section(dimension.code, name_of(dimension), items, delegated.get(dimension.code)))
    return made
