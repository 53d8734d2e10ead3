"""The consented groups as a page shows them. The preview of a consent, the dossier and the memo show the same sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parks.clock import BEIJING
from parks.templatetags.numbers import count
from scoring.queries.standing import published_stages

from ..states import GROUPS
from .card import Card, card

MISSING = "—"
Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Values by label, and dashed beside them what they are compared with."""

    labels: list[Any]
    values: list[Any]
    compared: list[Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One field group: rows of a label and texts under `heads` (none over a plain list of facts); `ids` of rows to open."""

    group: str
    title: str
    heads: tuple[str, ...]
    rows: Rows
    chart: Chart | None = None
    ids: tuple[int, ...] = ()

    @property
    def lines(self) -> list[tuple[list[tuple[str, str]], int | None]]:
        """Rows as cells, each with its head, and what a row opens."""
        cells = [list(zip(self.heads or ("", ""), row, strict=True)) for row in self.rows]
        return list(zip_longest(cells, self.ids))


def package(enterprise_id: int, groups: Iterable[str]) -> list[Section]:
    """The groups, in the order of GROUPS; groups that are not named are not read."""
    return sections_of(card(enterprise_id, groups))


def sections_of(content: Card) -> list[Section]:
    return [_section(group, fields) for group, fields in content.items()]


def _section(group: str, fields: dict[str, Any] | None) -> Section:
    title = str(GROUPS[group])
    if fields is None:
        return Section(group, title, (), [(_("还没有积分，或数据正在核查"), MISSING)])
    return Section(
        group,
        title,
        tuple(str(head) for head in HEADS.get(group, ())),
        ROWS[group](fields),
        CHARTS[group](fields) if group in CHARTS else None,
        tuple(document["id"] for document in fields.get("documents", ())),
    )


def _identity(fields: dict[str, Any]) -> Rows:
    return [
        (_("企业名称"), fields["name"]),
        (_("统一社会信用代码"), fields["uscc"]),
        (_("所在园区"), fields["sub_park"] or MISSING),
    ]


def _score(fields: dict[str, Any]) -> Rows:
    return [
        (_("评价年度"), str(fields["year"])),
        (_("总分"), str(fields["total"])),
        (_("名次"), place_text(fields)),
        (_("发展阶段"), published_stages().get(fields["stage"], fields["stage"])),
        (_("快照编号"), str(fields["snapshot"])),
        (_("发布状态"), _("已发布") if fields["published"] else _("未发布，仅供参考")),
    ]


def place_text(fields: dict[str, Any]) -> str:
    if not fields["place"]:
        return MISSING
    return _("第 %(place)s 名（共 %(ranked)s 家）") % {"place": fields["place"], "ranked": fields["ranked"]}


def _dimensions(fields: dict[str, Any]) -> Rows:
    return [
        (name, *(f"{fields[what][code]:.2f}" for what in ("points", "reachable", "median")))
        for code, name in fields["names"].items()
    ]


def _finance(fields: dict[str, Any]) -> Rows:
    names = {"revenue": _("营业收入"), "tax": _("上缴税费"), "rd": _("研发费用")}
    return [
        (_("%(year)s 年%(name)s") % {"year": band["year"], "name": names[kind]}, _band_text(band))
        for kind, bands in fields.items()
        for band in bands
    ]


def _band_text(band: dict[str, Any]) -> str:
    if not band["known"]:
        return MISSING
    low, high = (
        f"{int(band[edge] / 10_000):,}" if band[edge] is not None else "" for edge in ("from", "below")
    )
    if not low:
        return _("%(high)s 万元以下") % {"high": high}
    if not high:
        return _("%(low)s 万元及以上") % {"low": low}
    return _("%(low)s 至 %(high)s 万元") % {"low": low, "high": high}


def _indicators(fields: dict[str, Any]) -> Rows:
    return [
        (
            item["name"],
            f"{count(item['value'])} {item['unit']}".strip() if item["value"] else MISSING,
            f"{item['points']:.2f} / {item['reachable']:g}" if item["applies"] else _("不适用"),
        )
        for item in fields["items"]
    ]


def _history(fields: dict[str, Any]) -> Rows:
    return [
        (
            str(year["year"]),
            str(year["total"]),
            MISSING if year["comparable"] is None else str(year["comparable"]),
            place_text(year),
        )
        for year in reversed(fields["years"])
    ]


def _evidence(fields: dict[str, Any]) -> Rows:
    return [
        (
            document["title"],
            "、".join(document["proves"]),
            document["date"].astimezone(BEIJING).strftime("%Y-%m-%d"),
            filesizeformat(document["size"]),
        )
        for document in fields["documents"]
    ] or [(_("没有可以提供的材料"), MISSING, MISSING, MISSING)]


def _radar(fields: dict[str, Any]) -> Chart:
    """Percent of the points within reach, against the median of the stage."""

    def shares(what: str) -> list[float]:
        return [float(100 * value / (fields["reachable"][code] or 1)) for code, value in fields[what].items()]

    return Chart(list(fields["names"].values()), shares("points"), shares("median"))


def _trend(fields: dict[str, Any]) -> Chart:
    years = fields["years"]
    return Chart(*([year[name] for year in years] for name in ("year", "comparable", "total")))


HEADS = {
    "dims": (gettext_lazy("维度"), gettext_lazy("得分"), gettext_lazy("可得分"), gettext_lazy("同阶段中位数")),
    "indicators": (gettext_lazy("指标"), gettext_lazy("数值"), gettext_lazy("得分 / 可得分")),
    "history": (gettext_lazy("年度"), gettext_lazy("当年总分"), gettext_lazy("按最近年度办法"), gettext_lazy("名次")),
    "evidence": (gettext_lazy("材料"), gettext_lazy("证明的数据"), gettext_lazy("上传日期"), gettext_lazy("大小")),
}  # fmt: skip
ROWS: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "id": _identity,
    "score": _score,
    "dims": _dimensions,
    "fin": _finance,
    "indicators": _indicators,
    "history": _history,
    "evidence": _evidence,
}
CHARTS = {"dims": _radar, "history": _trend}
