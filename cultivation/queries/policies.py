"""Reading policies: versions with their rule, for the office, the firm and the public."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound
from parks.clock import db_today
from parks.models import Benefit, Park

from .. import formula
from ..models import Policy, PolicyVersion, TagSubscription
from ..states import PolicyState, RuleKind

FOLDERS = tuple(Path(__file__).parent.parent / name for name in ("policies", "ladder", "upgrades"))


def rule_of(version: PolicyVersion) -> formula.Rule:
    """The rule of a version; kept per content."""
    return _rule(version.digest, version)


_rules: dict[str, formula.Rule] = {}


def _rule(digest: str, version: PolicyVersion) -> formula.Rule:
    if digest not in _rules:
        if len(_rules) > 2000:
            _rules.clear()
        _rules[digest] = formula.load_body(version.rule)
    return _rules[digest]


def versions() -> QuerySet[PolicyVersion]:
    """Every version: drafts, what waits for release, what is in force, what was; of each policy the newest first."""
    return PolicyVersion.objects.select_related("policy").order_by("state", "policy__code", "-number")


def released(*kinds: str) -> QuerySet[PolicyVersion]:
    """Released rules of some kinds, policies unless said otherwise."""
    return (
        PolicyVersion.objects.select_related("policy")
        .filter(state=PolicyState.RELEASED, kind__in=kinds or (RuleKind.POLICY,))
        .order_by("title", "pk")
    )


def in_force(*kinds: str) -> QuerySet[PolicyVersion]:
    """Released and open today."""
    today = db_today()
    return (
        released(*kinds)
        .exclude(ends_on__lt=today)
        .filter(Q(starts_on__isnull=True) | Q(starts_on__lte=today))
    )


def get_version(version_id: int) -> PolicyVersion:
    return _found(PolicyVersion.objects.select_related("policy").filter(pk=version_id).first())


def get_released(version_id: int, kind: str = RuleKind.POLICY) -> PolicyVersion:
    return _found(released(kind).filter(pk=version_id).first())


def of_code(code: str) -> Policy | None:
    return Policy.objects.filter(code=code).first()


def public_versions(park: Park) -> QuerySet[PolicyVersion]:
    """What anybody may read; no park is entered."""
    rows = PolicyVersion.everywhere.filter(park=park, state=PolicyState.RELEASED, kind=RuleKind.POLICY)
    return rows.order_by("title", "pk")


def public_version(park: Park, version_id: int) -> PolicyVersion:
    return _found(public_versions(park).filter(pk=version_id).first())


def _found(row: PolicyVersion | None) -> PolicyVersion:
    if row is None:
        raise NotFound(code="no_such_policy", message=_("没有这项政策。"))
    return row


def tags(rows: QuerySet[PolicyVersion]) -> list[str]:
    return sorted({tag for row in rows.values_list("tags", flat=True) for tag in row})


def subscribed(enterprise_id: int) -> list[str]:
    """The tags of which a firm wants to hear."""
    rows = TagSubscription.objects.filter(enterprise_id=enterprise_id)
    return list(rows.order_by("tag").values_list("tag", flat=True))


def subscribers(tags: Collection[str]) -> list[int]:
    """The organisations of firms that want to hear of one of the tags."""
    wanted = TagSubscription.objects.filter(tag__in=tags)
    firms = enterprises.members().filter(pk__in=wanted.values("enterprise_id"))
    return list(firms.order_by("pk").values_list("organisation_id", flat=True))


@lru_cache(maxsize=1)
def library() -> dict[str, str]:
    """The rules that come with the platform, policies, rungs and upgrades: code -> text."""
    paths = [path for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


@lru_cache(maxsize=1)
def examples() -> dict[str, dict[str, str]]:
    """The rules that come with the platform: kind -> code -> title."""
    found: dict[str, dict[str, str]] = {}
    for code, text in library().items():
        rule = formula.load(text)
        found.setdefault(rule.kind, {})[code] = rule.title
    return found


def names(language: str) -> list[tuple[str, str, str]]:
    """The names that every rule may use: code, name for people, unit as it is written in a rule."""
    units = {"wan": "wan", "percent": "%"}
    return [
        (
            code,
            fact.label(language),
            _("是 1，否 0") if fact.unit == "flag" else units.get(fact.unit, ""),
        )
        for code, fact in formula.FACTS.items()
    ]


def card(rule: formula.Rule, language: str) -> dict[str, Any]:
    """The plain-language card of a rule."""
    body = rule.body
    first = next(
        (case for case in body["tests"] if case["outcome"] == formula.ELIGIBLE and case.get("amount_wan")),
        None,
    )
    pays = [_pays(rule, one, language) for one in rule.amounts]
    return {
        "who": body.get("who", {}).get("text", "")
        or " / ".join(rule.label(name, language) for name in rule.any_of),
        "conditions": [(one.text, one.clause) for one in rule.conditions],
        "judged_by_others": next(
            (body[key].get("judged_by_others", []) for key in ("rung", "upgrade") if key in body), []
        ),
        "pays": pays,
        "caps": [text for one in rule.caps if (text := _cap(one)) not in pays],
        "period": rule.period_label,
        "starts": rule.day("starts"),
        "ends": rule.day("ends"),
        "inputs": [(one.label, one.evidence) for one in rule.inputs],
        "papers": body.get("papers", []),
        "stacking": body.get("stacking", {}),
        "not_with": [str(Benefit.Scheme(one).label) for one in rule.not_with],
        "automatic": body.get("automatic", False),
        "budget_wan": body.get("budget_wan"),
        "source": body["source"],
        "summary": body.get("summary", ""),
        "example": first,
    }


def _pays(rule: formula.Rule, one: formula.Amount, language: str) -> str:
    head = f"{one.text}：" if one.text else ""
    if one.kind == "fixed_wan":
        words = _("最高 %(n)s 万元") if rule.up_to else _("%(n)s 万元")
        return head + words % {"n": _n(one.pays)}
    base = rule.label(one.of.single_name, language) if one.of.single_name else one.of.text
    if one.kind == "rate":
        return head + _("%(base)s的 %(rate)s%%") % {"base": base, "rate": _n(one.pays * 100)}
    words = (
        _("%(base)s每满 %(per)s 万元给 %(pays)s 万元，不满一档的部分不计")
        if one.whole
        else _("%(base)s每 %(per)s 万元给 %(pays)s 万元")
    )
    return head + words % {"base": base, "per": _n(one.per), "pays": _n(one.pays)}


def _cap(one: formula.Cap) -> str:
    text = _("最高 %(n)s 万元") % {"n": _n(one.wan)}
    where = one.text or (one.when.text if one.when else "")
    return f"{where}：{text}" if where else text


def _n(value: Any) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
