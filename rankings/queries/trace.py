"""From a place on a board down to the evidence: nine nodes, each with what it rests on and whether its hashes hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from enterprises.queries import provenance
from innovscore.core.problems import NotFound, Problem
from parks.services import evidence
from scoring import engine
from scoring.queries import explain, results
from scoring.queries import facts as frozen
from scoring.queries.schemes import in_words, name_of, names_of, scheme_of
from scoring.queries.wording import STATE_LABELS

from .. import rules
from ..models import BoardEdition, BoardEntry, PublishedBoard
from ..order import path
from . import editions
from .public import base_of
from .wording import moment

SCALE = Decimal(10) ** 8
BATCHES = "batches"  # where the store keeps departments' files


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was recomputed, and whether it holds."""

    what: str
    holds: bool


@dataclass(slots=True)
class Node:
    """One step of the way; `facts` are label and value, `checks` what was recomputed."""

    code: str
    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    tables: list[tuple[list[str], list[list[str]]]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole way of one place."""

    edition: BoardEdition
    entry: BoardEntry
    indicator: str
    indicators: list[tuple[str, str]]
    nodes: list[Node]

    @property
    def broken(self) -> list[str]:
        return [node.title for node in self.nodes if not node.holds]


@dataclass(frozen=True, slots=True)
class _Case:
    """What all nodes need."""

    edition: BoardEdition
    entry: BoardEntry
    scheme: engine.Scheme
    rows: frozen.FrozenRows
    ranking: engine.Ranking
    scores: engine.Scores
    row: int
    indicator: Any
    origin: provenance.Provenance | None


def trace(edition: BoardEdition, position: int, indicator: str = "") -> Trace:
    """The way of a place down to the evidence of one indicator (by default the board's heaviest for this firm).

    NotFound for a place or indicator that the board does not have.
    """
    entry = BoardEntry.objects.filter(edition=edition, position=position).select_related("enterprise").first()
    if entry is None:
        raise NotFound(code="no_such_place", message=_("这份榜单没有这一名次。"))
    scheme = scheme_of(edition.run.scheme_version)
    codes = _codes(scheme, edition)
    chosen = indicator or codes[0]
    if chosen not in scheme.indicator_by_code:
        raise NotFound(code="no_such_indicator", message=_("指标体系里没有这个指标。"))
    rows = frozen.read(edition.run.snapshot, scheme)
    scores = engine.score(rows.facts, scheme)
    ranking = engine.rank(scores, rows.facts, scheme, confirmed_at=rows.confirmed_at, allowed=rows.allowed)
    item = scheme.indicator_by_code[chosen]
    case = _Case(
        edition, entry, scheme, rows, ranking, scores, rows.facts.ids.index(entry.uscc), item,
        provenance.of_firm(cycle_id=edition.cycle_id, enterprise_id=entry.enterprise_id, codes=list(item.inputs)),
    )  # fmt: skip
    steps: tuple[Callable[[_Case], Node], ...] = (
        _place, _percentile, _value, _source, _evidence, _review, _freeze, _run, _publish,
    )  # fmt: skip
    names = names_of(scheme.indicators)
    return Trace(
        edition, entry, chosen, [(code, names[code]) for code in codes], [step(case) for step in steps]
    )


def _codes(scheme: engine.Scheme, edition: BoardEdition) -> list[str]:
    """Indicators of the board, heaviest first; all of them for boards by the total."""
    base = base_of(edition.board, edition.rule)
    board = next((item for item in scheme.boards if item.code == base), None)
    if board is None:
        return [item.code for item in scheme.indicators]
    return sorted(board.weights, key=lambda code: -board.weights[code])


def _place(case: _Case) -> Node:
    entry = case.entry
    line = editions.line_of(entry)
    leaves = list(
        BoardEntry.objects.filter(edition=case.edition).order_by("position").values_list("leaf", flat=True)
    )
    proof = path(leaves, entry.position - 1)
    return Node(
        "place",
        _("名次"),
        [
            (_("企业"), f"{entry.name} {entry.uscc}"), (_("名次"), str(entry.place)),
            (_("榜单得分"), f"{entry.score:.4f}"), (_("叶摘要"), entry.leaf),
        ],
        [
            Check(_("这一行与其叶摘要一致"), rules.leaf_of(line) == entry.leaf),
            Check(_("证明路径通向名单根摘要"), rules.proves(entry.leaf, proof, case.edition.entries_root)),
        ],
    )  # fmt: skip


def _percentile(case: _Case) -> Node:
    base = base_of(case.edition.board, case.edition.rule)
    board = case.ranking.boards.get(base)
    if board is None:
        total = Decimal(int(case.scores.total[case.row])) / 100
        return Node(
            "percentile", _("总积分"), [(_("总积分"), f"{total:.2f}")],
            [Check(_("重新计算的总积分与榜单一致"), total == case.entry.total)],
        )  # fmt: skip
    weights = next(item for item in case.scheme.boards if item.code == base).weights
    names = names_of(case.scheme.indicators)
    whole = sum(weights.values(), Decimal(0)) or Decimal(1)
    table = []
    for index, code in enumerate(board.indicators):
        share = Decimal(int(board.midranks[case.row, index])) / SCALE
        weight = Decimal(weights[code]) / whole
        table.append(
            [names[code], f"{share * 100:.2f}%", f"{weight * 100:.2f}%", f"{share * weight * 100:.4f}"]
        )
    score = Decimal(int(board.score[case.row])) / 10**4
    return Node(
        "percentile",
        _("百分位"),
        [(_("榜单得分"), f"{score:.4f}")],
        [Check(_("按百分位和权重重新计算的得分与榜单一致"), score == case.entry.score)],
        [([_("指标"), _("在参评企业中的百分位"), _("权重"), _("贡献")], table)],
    )


def _value(case: _Case) -> Node:
    node = Node("value", _("数值"), [(_("指标"), name_of(case.indicator))])
    row = (
        results.of_run(case.edition.run)
        .select_related("run__snapshot__scheme_version", "run__scheme_version", "run__cycle")
        .filter(uscc=case.entry.uscc)
        .first()
    )
    try:
        found = explain.trace_of(row) if row is not None else None
    except Problem as problem:
        node.checks.append(Check(str(problem.message), False))
        return node
    if found is None:
        node.checks.append(Check(_("积分结果里有这家企业"), False))
        return node
    item = next(one for one in found.indicators if one.code == case.indicator.code)
    node.facts += [
        (_("公式"), in_words(item.formula, names_of(case.scheme.inputs))),
        (_("原始值"), f"{item.x} {case.indicator.unit}"),
        (_("得分率"), item.s),
        (_("权重"), item.weight),
        (_("得分"), item.points),
    ]
    inputs = [
        [
            name_of(case.scheme.input_by_code[entry.code]),
            entry.value or "—",
            str(STATE_LABELS.get(entry.state, entry.state)),
        ]
        for entry in item.inputs
    ]
    node.tables.append(([_("数据项"), _("冻结值"), _("状态")], inputs))
    node.checks.append(Check(_("由冻结数据重新计算，与保存的每一位一致"), True))
    return node


def _source(case: _Case) -> Node:
    node = Node("source", _("来源批次"))
    table = []
    for origin in case.origin.origins if case.origin else []:
        value, batch = origin.value, origin.batch
        name = name_of(case.scheme.input_by_code[value.code])
        if batch is None:
            table.append([name, value.source or _("企业填报"), "—", "—", _number(value.declared_amount)])
            continue
        table.append([name, batch.source, batch.filename, str(batch.as_of), _number(origin.given)])
        if value.prefilled_amount is not None and origin.given is not None:
            node.checks.append(
                Check(
                    _("“%(name)s”的预填值与部门给的值一致") % {"name": name},
                    value.prefilled_amount == origin.given,
                )
            )
        if batch.sha256:
            node.checks.append(
                Check(
                    _("批次文件 %(file)s 与其摘要一致") % {"file": batch.filename},
                    evidence.intact(batch.sha256, BATCHES),
                )
            )
    node.tables.append(([_("数据项"), _("来源"), _("文件"), _("截至"), _("部门值")], table))
    return node


def _number(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:,.2f}"


def _evidence(case: _Case) -> Node:
    node = Node("evidence", _("佐证材料"))
    for origin in case.origin.origins if case.origin else []:
        file = origin.value.evidence
        if file is None:
            continue
        name = name_of(case.scheme.input_by_code[origin.value.code])
        page = _("第 %(n)s 页") % {"n": origin.value.evidence_page} if origin.value.evidence_page else ""
        node.facts.append((name, f"{file.filename} {page}"))
        node.facts.append(("SHA-256", file.sha256))
        node.checks.append(
            Check(
                _("文件 %(file)s 的字节与其摘要一致") % {"file": file.filename}, evidence.intact(file.sha256)
            )
        )
    if not node.facts:
        node.facts.append((_("佐证材料"), _("采用部门数据，企业没有另附材料")))
    return node


def _review(case: _Case) -> Node:
    node = Node("review", _("初审与复核"))
    if case.origin is None:
        node.facts.append((_("核定"), _("没有申报记录")))
        return node
    declaration = case.origin.declaration
    rows = []
    first: set[int | None] = set()
    for origin in case.origin.origins:
        value = origin.value
        first.add(value.verified_by_ref)
        rows.append(
            [
                name_of(case.scheme.input_by_code[value.code]), value.get_state_display(), _number(value.amount),
                value.verified_by_name or "—", moment(value.verified_at) if value.verified_at else "—",
                "；".join(one.reason for one in origin.decisions if one.reason) or "—",
            ]
        )  # fmt: skip
    node.tables.append(([_("数据项"), _("状态"), _("核定值"), _("初审"), _("时间"), _("理由")], rows))
    node.facts.append((_("复核签署"), declaration.verified_by_name or "—"))
    signed = declaration.verified_by_ref
    if signed is not None:
        node.checks.append(Check(_("签署人不是申报人"), signed != declaration.submitted_by_ref))
    return node


def _freeze(case: _Case) -> Node:
    snapshot = case.edition.run.snapshot
    leaf_count = len(case.rows.facts)
    return Node(
        "freeze",
        _("冻结"),
        [
            (_("快照根"), snapshot.root), (_("企业数"), str(leaf_count)), (_("冻结时间"), moment(snapshot.created_at)),
            (_("冻结人"), snapshot.frozen_by_name or "—"), (_("更正原因"), snapshot.reason or "—"),
        ],
        [
            Check(_("由快照各行重新计算的根与冻结时一致"), case.rows.root == snapshot.root),
            Check(_("快照根与积分运行所用的一致"), snapshot.root == case.edition.run.snapshot_root),
            Check(
                _("本企业各数据项的来源、核定人、佐证记录和清单与冻结时一致"),
                not frozen.untrue_rows(snapshot, [case.entry.uscc]),
            ),
        ],
    )  # fmt: skip


def _run(case: _Case) -> Node:
    run = case.edition.run
    root = engine.result_root(case.scores)
    digest = engine.run_hash(run.snapshot_root, run.scheme_digest, run.engine_version, root)
    return Node(
        "run",
        _("积分运行"),
        [
            (_("运行号"), run.run_hash), (_("指标体系"), f"{run.scheme_version.version} {run.scheme_digest}"),
            (_("引擎"), run.engine_version), (_("结果根"), run.result_root),
        ],
        [
            Check(_("指标体系的内容与其摘要一致"), case.scheme.digest == run.scheme_digest),
            Check(_("重新计算全部企业，结果根一致"), root == run.result_root),
            Check(_("运行号与快照、方案、引擎、结果一致"), digest == run.run_hash == case.edition.run_hash),
        ],
    )  # fmt: skip


def _publish(case: _Case) -> Node:
    edition = case.edition
    content = rules.content_hash(editions.head_of(edition), edition.entries_root)
    node = Node(
        "publish",
        _("公示与发布"),
        [
            (_("版次"), str(edition.number)), (_("状态"), edition.get_state_display()),
            (_("内容摘要"), edition.content_hash), (_("提请"), edition.proposed_by_name),
            (_("公示"), edition.noticed_by_name or "—"), (_("发布"), edition.published_by_name or "—"),
        ],
        [Check(_("内容摘要与名单一致"), content == edition.content_hash)],
    )  # fmt: skip
    shown = PublishedBoard.objects.filter(edition=edition).first()
    if shown is not None:
        node.facts.append((_("发布链"), f"#{shown.seq} {shown.chain}"))
        node.checks.append(
            Check(_("发布链接得上"), shown.chain == rules.chained(shown.prev, shown.content_hash))
        )
        line = shown.entries.filter(position=case.entry.position).first()
        node.checks.append(
            Check(
                _("公开表里的这一行与编制时一致"),
                line is not None and editions.line_of(line) == editions.line_of(case.entry),
            )
        )
    people = [p for p in (edition.proposed_by_ref, edition.published_by_ref or edition.noticed_by_ref) if p]
    node.checks.append(Check(_("提请与公示、发布由不同的人办理"), len(people) == len(set(people))))
    return node


def as_json(found: Trace) -> dict[str, Any]:
    """The trace for programs: the nodes with facts, tables and checks."""
    return {
        "edition": editions.head_of(found.edition), "position": found.entry.position, "uscc": found.entry.uscc,
        "name": found.entry.name, "indicator": found.indicator, "holds": not found.broken,
        "nodes": [
            {
                "node": node.code, "title": node.title, "holds": node.holds,
                "facts": [{"label": label, "value": value} for label, value in node.facts],
                "tables": [{"heads": heads, "rows": rows} for heads, rows in node.tables],
                "checks": [{"what": check.what, "holds": check.holds} for check in node.checks],
            }
            for node in found.nodes
        ],
    }  # fmt: skip
