"""应评尽评: which enterprises of the roster are in a year's evaluation, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields import CharField
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from indicators.queries.schemes import name_of, scheme_of

from ..models import Cycle, Declaration, DeclaredValue, DepartmentValue, Enterprise, RegisterRecord
from ..states import BatchState, CertificationState, DeclarationState

QUALIFICATIONS = "qualifications"
"""The input that lists what a firm is recognised as (高新技术企业, 专精特新 …)."""


class Standing:
    """Where an enterprise of the roster stands in a year; `IN` counts as covered."""

    IN = "in"
    choices = (
        (IN, _("已核定，在评价内")),
        ("in_review", _("待核定")),
        ("returned", _("退回补正，待企业答复")),
        ("filling", _("填报中")),
        ("no_data", _("没有部门数据，企业未填报")),
        ("no_declaration", _("已认证，尚未生成申报")),
        ("certifying", _("认证审核中")),
        ("not_certified", _("未认证")),
        ("suspended", _("认证未通过或已暂停")),
    )


LABELS = dict(Standing.choices)
REMEDIES = {
    "in_review": _("审核员核定后进入评价"),
    "returned": _("提醒企业在补正期限前答复"),
    "filling": _("提醒企业确认并签署；到期按默认确认处理"),
    "no_data": _("催要部门数据，或联系企业填报"),
    "no_declaration": _("在年度页生成预填申报"),
    "certifying": _("审核认证申请"),
    "not_certified": _("邀请企业认证"),
    "suspended": _("核实企业状态"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """Coverage of a part of the roster."""

    name: str
    total: int
    covered: int

    @property
    def percent(self) -> float:
        return 100 * self.covered / self.total if self.total else 0.0


def roster(cycle: Cycle) -> QuerySet[Enterprise]:
    """All members of the park with `standing` in a year, `declaration_id` and the levels of their `qualifications`."""
    own = Declaration.objects.filter(cycle=cycle, enterprise=OuterRef("pk"))
    filled = DeclaredValue.objects.filter(
        declaration__cycle=cycle, declaration__enterprise=OuterRef("pk")
    ).filter(
        Q(prefilled_amount__isnull=False)
        | Q(prefilled_entries__isnull=False)
        | Q(declared_amount__isnull=False)
        | Q(declared_entries__isnull=False)
    )
    return (
        Enterprise.objects.filter(member_to__isnull=True)
        .select_related("sub_park")
        .annotate(
            declaration_id=Subquery(own.values("pk")[:1]),
            declaration_state=Subquery(own.values("state")[:1]),
            has_data=Exists(filled),
        )
        .annotate(standing=_standing(), qualifications=_qualifications(cycle))
        .order_by("name", "pk")
    )


def _qualifications(cycle: Cycle) -> Func:
    """Levels of the qualifications that count in the declaration, else that departments list for the year."""
    said = DeclaredValue.objects.filter(
        declaration__cycle=cycle, declaration__enterprise=OuterRef("pk"), code=QUALIFICATIONS
    ).annotate(now=Coalesce("verified_entries", "declared_entries", "prefilled_entries"))
    listed = DepartmentValue.objects.filter(
        uscc=OuterRef("uscc"), year=cycle.year, code=QUALIFICATIONS, batch__state=BatchState.APPLIED
    ).order_by("-as_of", "-pk")
    entries = Coalesce(Subquery(said.values("now")[:1]), Subquery(listed.values("entries")[:1]))
    path = Func(Value("$[*].level"), function="CAST", template="%(function)s(%(expressions)s AS jsonpath)")
    return Func(entries, path, function="jsonb_path_query_array", output_field=JSONField())


def qualification_names(cycle: Cycle) -> list[tuple[str, str]]:
    """(level, name) of the qualifications that the year's scheme knows."""
    item = scheme_of(cycle.scheme_version).input_by_code.get(QUALIFICATIONS)
    return [(level, name_of(names)) for level, names in item.levels.items()] if item else []


def _standing() -> Case:
    state, certified = "declaration_state", "certification_state"
    steps: list[tuple[dict[str, Any], str]] = [
        ({f"{state}__in": [DeclarationState.VERIFIED, DeclarationState.FROZEN]}, Standing.IN),
        ({state: DeclarationState.SUBMITTED}, "in_review"),
        ({state: DeclarationState.RETURNED}, "returned"),
        ({state: DeclarationState.OPEN, "has_data": True}, "filling"),
        ({state: DeclarationState.OPEN}, "no_data"),
        ({certified: CertificationState.CERTIFIED}, "no_declaration"),
        ({f"{certified}__in": [CertificationState.SUBMITTED, CertificationState.RETURNED]}, "certifying"),
        ({f"{certified}__in": [CertificationState.REJECTED, CertificationState.SUSPENDED]}, "suspended"),
    ]
    return Case(
        *(When(**where, then=Value(name)) for where, name in steps),
        default=Value("not_certified"),
        output_field=CharField(),
    )


def summary(cycle: Cycle) -> dict[str, Any]:
    """Counts by standing, by sub-park, industry and qualification; a firm counts under each of its qualifications."""
    members: Any = roster(cycle)  # its annotations are grouped by
    rows = members.order_by().values("standing", "industry", part=F("sub_park__name")).annotate(n=Count("pk"))
    standings: dict[str, int] = {}
    parts: dict[str, list[int]] = {}
    industries: dict[str, list[int]] = {}
    for row in rows:
        standings[row["standing"]] = standings.get(row["standing"], 0) + row["n"]
        covered = row["n"] if row["standing"] == Standing.IN else 0
        for groups, name in ((parts, row["part"] or "—"), (industries, row["industry"] or "—")):
            group = groups.setdefault(name, [0, 0])
            group[0] += row["n"]
            group[1] += covered
    total = sum(standings.values())
    return {
        "total": total,
        "covered": standings.get(Standing.IN, 0),
        "percent": 100 * standings.get(Standing.IN, 0) / total if total else 0.0,
        "standings": [(code, label, standings.get(code, 0)) for code, label in Standing.choices],
        "sub_parks": _shares(parts),
        "industries": _shares(industries),
        "qualifications": _by_qualification(cycle),
        "outside": outside(),
    }


def _by_qualification(cycle: Cycle) -> list[Share]:
    names = dict(qualification_names(cycle))
    groups: dict[str, list[int]] = {}
    members: Any = roster(cycle)  # its annotations are read
    for standing, levels in members.order_by().values_list("standing", "qualifications"):
        held = [names[level] for level in set(levels or ()) if level in names]
        for name in held or [str(_("没有资质记录"))]:
            group = groups.setdefault(name, [0, 0])
            group[0] += 1
            group[1] += standing == Standing.IN
    return _shares(groups) if names else []


def outside() -> QuerySet[RegisterRecord]:
    """Firms of the market-regulation extract that are not on the roster: whom the zone may have overlooked, by name."""
    members = Enterprise.objects.filter(member_to__isnull=True, uscc=OuterRef("uscc"))
    rows = RegisterRecord.objects.filter(~Exists(members), batch__state=BatchState.APPLIED)
    newest = rows.order_by("uscc", "-as_of", "-pk").distinct("uscc")
    return RegisterRecord.objects.filter(pk__in=newest.values("pk")).order_by("name", "uscc")


def _shares(groups: dict[str, list[int]]) -> list[Share]:
    return sorted((Share(name, *group) for name, group in groups.items()), key=lambda share: share.percent)


def industries() -> list[tuple[str, str]]:
    """Industries of the park's members, as choices."""
    names = Enterprise.objects.filter(member_to__isnull=True).exclude(industry="")
    return [(name, name) for name in names.order_by("industry").values_list("industry", flat=True).distinct()]
