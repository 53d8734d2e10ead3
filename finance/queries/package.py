"""What a bank is shown of an enterprise: exactly the consented groups. The preview of a consent is the same package."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from scoring.queries.standing import Standing

from ..rules import finance_band
from ..states import GROUPS
from .figures import two_years
from .standing import in_force

MISSING = "—"


@dataclass(frozen=True, slots=True)
class Section:
    """One field group with its rows of label and text."""

    group: str
    title: str
    rows: tuple[tuple[str, str], ...]


def package(enterprise_id: int, groups: Iterable[str]) -> list[Section]:
    """The groups, in the order of GROUPS; groups that are not named are not read."""
    wanted = set(groups)
    standing = in_force(enterprise_id) if wanted & {"score", "dims", "fin"} else None
    return [
        Section(group, str(title), tuple(BUILDERS[group](enterprise_id, standing)))
        for group, title in GROUPS.items()
        if group in wanted
    ]


def _identity(enterprise_id: int, standing: Standing | None) -> list[tuple[str, str]]:
    enterprise = enterprises.get(enterprise_id)
    return [
        (_("企业名称"), enterprise.name),
        (_("统一社会信用代码"), enterprise.uscc),
        (_("所在园区"), enterprise.sub_park.name if enterprise.sub_park else MISSING),
    ]


def _score(enterprise_id: int, standing: Standing | None) -> list[tuple[str, str]]:
    if standing is None:
        return [(_("积分"), MISSING)]
    place = _("第 %(place)s 名（共 %(ranked)s 家）") % {"place": standing.place, "ranked": standing.ranked}
    return [
        (_("评价年度"), str(standing.cycle_year)),
        (_("总分"), str(standing.total)),
        (_("名次"), place if standing.place else MISSING),
        (_("发展阶段"), stage_name(standing.stage)),
        (_("快照编号"), str(standing.snapshot_id)),
        (_("发布状态"), _("已发布") if standing.is_published else _("未发布，仅供参考")),
    ]


def _dimensions(enterprise_id: int, standing: Standing | None) -> list[tuple[str, str]]:
    if standing is None:
        return [(_("各维度得分"), MISSING)]
    return [(dimension_name(code), f"{points:.2f}") for code, points in standing.dimensions.items()]


def _finance(enterprise_id: int, standing: Standing | None) -> list[tuple[str, str]]:
    if standing is None:
        return [(_("财务区间"), MISSING)]
    figures = two_years(enterprise_id, standing.cycle_year)
    named = ((_("营业收入"), figures.revenue), (_("上缴税费"), figures.tax), (_("研发费用"), figures.rd))
    return [
        (_("%(year)s 年%(name)s") % {"year": standing.cycle_year - back, "name": name}, _band_text(amount))
        for name, values in named
        for back, amount in enumerate(values)
    ]


def _band_text(amount: Decimal | None) -> str:
    band = finance_band(amount)
    if band is None:
        return MISSING
    low, high = (f"{int(edge / 10_000):,}" if edge is not None else "" for edge in band)
    if not low:
        return _("%(high)s 万元以下") % {"high": high}
    if not high:
        return _("%(low)s 万元及以上") % {"low": low}
    return _("%(low)s 至 %(high)s 万元") % {"low": low, "high": high}


def stage_name(code: str) -> str:
    """Stages of the scheme in words; an unknown code as it is."""
    return {"startup": _("初创期"), "growth": _("成长期"), "mature": _("稳定期")}.get(code, code)


def dimension_name(code: str) -> str:
    names = {
        "economy_tax": _("经济税务"),
        "rd_input": _("研发投入"),
        "talent": _("人才队伍"),
        "tech_activity": _("科技活动"),
    }
    return names.get(code, code)


BUILDERS: dict[str, Callable[[int, Standing | None], list[tuple[str, str]]]] = {
    "id": _identity,
    "score": _score,
    "dims": _dimensions,
    "fin": _finance,
}
