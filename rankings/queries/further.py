"""Boards of the park's own: parts of a scheme's board, bands of the total, risers. Rows come from the run, order by rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from scoring.queries import fair, results, standing
from scoring.queries.schemes import names_of, scheme_of
from scoring.queries.standing import BoardRow

from ..models import BoardDefinition

Kind = BoardDefinition.Kind


@dataclass(frozen=True, slots=True)
class FurtherBoard:
    """A definition where a board of the scheme is expected: code and names."""

    code: str
    zh: str
    en: str
    rule: Mapping[str, Any]

    @property
    def base(self) -> str:
        return str(self.rule.get("base", ""))


@dataclass(frozen=True, slots=True)
class Field:
    """Who takes part in a board, best first, how many are shown, and what must be copied into the edition."""

    rows: list[BoardRow]
    size: int
    rule: dict[str, Any]
    members: list[int]
    shortage: str = ""


def definitions() -> list[BoardDefinition]:
    return list(BoardDefinition.objects.order_by("-is_active", "kind", "code"))


def active() -> list[BoardDefinition]:
    return [one for one in definitions() if one.is_active]


def board_of(code: str) -> FurtherBoard | None:
    """The park's own board of a code, also one no longer in use; None when there is none."""
    row = BoardDefinition.objects.filter(code=code).first()
    return FurtherBoard(row.code, row.name_zh, row.name_en, row.as_rule()) if row else None


def field_of(run: Any, rule: Mapping[str, Any], *, members: Sequence[int] | None = None) -> Field:
    """The field of a rule in a run; `members` repeats an earlier decision who belongs to it (sub-park and industry may change)."""
    kind, base = rule["kind"], rule.get("base", "")
    kept = dict(rule)
    if kind == Kind.RISERS:
        rows, kept = _risers(run, kept)
    elif base:
        rows = standing.board_rows(run, base)
    else:
        rows = _by_total(run)
    if kind in (Kind.STAGE, Kind.SUB_PARK, Kind.INDUSTRY):
        inside = set(members) if members is not None else set(_inside(run, rule))
        rows = [row for row in rows if row.enterprise_id in inside]
    size = size_of(rule, len(rows))
    shortage = ""
    if len(rows) < int(rule.get("smallest", 0)):
        shortage = _("只有 %(n)s 家符合条件，少于规定的 %(least)s 家。") % {
            "n": len(rows),
            "least": rule["smallest"],
        }
    return Field(rows, size, kept, [row.enterprise_id for row in rows] if _changes(kind) else [], shortage)


def size_of(rule: Mapping[str, Any], eligible: int) -> int:
    """How many a rule lists when this many take part."""
    size = int(rule["size"])
    return (
        min(size, math.ceil(eligible * Decimal(rule["value"]) / 100)) if rule["kind"] == Kind.BAND else size
    )


def _changes(kind: str) -> bool:
    """Whether who belongs to it is decided by what may change after the freeze."""
    return kind in (Kind.SUB_PARK, Kind.INDUSTRY)


def _inside(run: Any, rule: Mapping[str, Any]) -> Iterable[int]:
    rows = results.of_run(run)
    value = rule.get("value", "")
    lookup = {
        Kind.STAGE: {"stage": value},
        Kind.SUB_PARK: {"enterprise__sub_park__code": value},
        Kind.INDUSTRY: {"enterprise__industry": value},
    }[rule["kind"]]
    return list(rows.filter(**lookup).values_list("enterprise_id", flat=True))


def _placed(run: Any) -> list[Any]:
    """Results with a place that are eligible on at least one board of the scheme (size floor, no veto)."""
    rows = results.of_run(run).filter(place__isnull=False).order_by("place", "uscc")
    return [row for row in rows if any(place > 0 for place in row.board_places)]


def _by_total(run: Any) -> list[BoardRow]:
    return _rows([(row, row.total) for row in _placed(run)])


def _risers(run: Any, rule: dict[str, Any]) -> tuple[list[BoardRow], dict[str, Any]]:
    """Largest rise of the total since the year before, both by the method of this year.

    The earlier run is named in the rule, so that it can be repeated. Nobody rises where last year's figures do not
    suffice for this year's method.
    """
    if rule.get("previous_run"):
        before = results.run_by_hash(rule["previous_run"])
    else:
        before = standing.current_run_of_year(run.cycle.year - 1)
    if before is None:
        return [], rule
    earlier = fair.totals(before, scheme_of(run.scheme_version)) or {}
    risen = [
        (row, row.total - earlier[row.enterprise_id])
        for row in _placed(run)
        if row.enterprise_id in earlier and row.total > earlier[row.enterprise_id]
    ]
    rescored = before.scheme_digest != run.scheme_digest
    return _rows(risen), rule | {"previous_run": before.run_hash, "rescored": rescored}


def _rows(scored: list[tuple[Any, Decimal]]) -> list[BoardRow]:
    """Board rows by score, then total, then USCC; equal scores share a place."""
    ordered = sorted(scored, key=lambda pair: (-pair[1], -pair[0].total, pair[0].uscc))
    counts: dict[Decimal, int] = {}
    for _row, score in ordered:
        counts[score] = counts.get(score, 0) + 1
    first: dict[Decimal, int] = {}
    found = []
    for position, (row, score) in enumerate(ordered, start=1):
        place = first.setdefault(score, position)
        found.append(
            BoardRow(
                enterprise_id=row.enterprise_id, uscc=row.uscc, name=row.enterprise.name, stage=row.stage, place=place,
                position=position, score=score.quantize(Decimal("0.0001")), total=row.total, tied=counts[score] > 1,
                publication_refused=row.enterprise.publication_refused,
            )
        )  # fmt: skip
    return found


def words(rule: Mapping[str, Any], scheme: Any) -> str:
    """The rule in one sentence, for public pages."""
    base = names_of(scheme.boards).get(str(rule.get("base", "")), _("总积分"))
    value = str(rule.get("value", ""))
    stage = names_of(scheme.groups).get(value, value)
    text = {
        Kind.STAGE: _("在%(stage)s企业中按“%(base)s”排名，取前 %(size)s 名"),
        Kind.SUB_PARK: _("在分园区 %(value)s 的企业中按“%(base)s”排名，取前 %(size)s 名"),
        Kind.INDUSTRY: _("在行业代码 %(value)s 的企业中按“%(base)s”排名，取前 %(size)s 名"),
        Kind.RISERS: _("按总积分比上一年度的增加值排名，取前 %(size)s 名"),
        Kind.BAND: _("总积分排名前 %(value)s%% 的企业，最多 %(size)s 家"),
    }[Kind(rule["kind"])]
    again = _("（上一年度按本年度评价方法重算）") if rule.get("rescored") else ""
    return text % {"stage": stage, "base": base, "size": rule["size"], "value": value} + again
