"""Asking what-if, at most so often an hour, and keeping plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from innovscore.core.money import NotANumber, parse_money, parse_plain
from innovscore.core.problems import Conflict, NotFound, Refused, TooMany
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring import engine

from .. import rules
from ..models import Scenario, ScoreResult, WhatIfUse
from ..queries import estimate as estimates
from ..queries import whatif
from ..queries.estimate import Estimate
from ..queries.schemes import scheme_of

HOUR = dt.timedelta(hours=1)
FEN = 100


def read(row: ScoreResult, frozen: engine.Facts, typed: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Changes from pairs (column, text) as a person typed them; money in the scheme's unit unless another is typed.

    Raises Refused naming the field, for text that is no number, a fact twice, too many, none, or broken rules.
    """
    fields = {field.column: field for field in whatif.fields_of(row, frozen)}
    changes: dict[str, int] = {}
    for column, text in typed:
        if column not in fields:
            raise Refused(code="no_such_fact", field="field", message=_("请从列表中选择要改的数据。"))
        if column in changes:
            message = _("“%(name)s”填了两次，请只留一个。") % {"name": fields[column].name}
            raise Refused(code="fact_twice", field=column, message=message)
        changes[column] = _minor(fields[column], text)
    if not changes:
        raise Refused(code="nothing_changed", field="field", message=_("请至少选择一项数据并填写新的数值。"))
    if len(changes) > rules.CHANGED_AT_ONCE:
        message = _("一次最多改 %(n)s 项数据。") % {"n": rules.CHANGED_AT_ONCE}
        raise Refused(code="too_many_changes", field="field", message=message)
    broken = whatif.broken_rules(frozen, scheme_of(row.run.scheme_version), changes)
    if broken:
        code, sentence = broken[0]
        message = _("这样的数值不能申报：%(rule)s") % {"rule": sentence}
        raise Refused(code="rule_broken", field=code, message=message)
    return changes


def _minor(field: whatif.Field, text: str) -> int:
    try:
        amount = parse_money(text) * FEN if field.is_money else parse_plain(text) * field.divisor
        if abs(amount) > engine.facts.LIMIT:
            raise NotANumber("too_large")
    except NotANumber as error:
        too_large = error.code == "too_large"
        message = (
            _("“%(name)s”的数值过大，请检查单位。")
            if too_large
            else _("“%(name)s”没有读懂，请只写数字，例如 688.00。")
        )
        message %= {"name": field.name}
        raise Refused(code=f"not_a_number_{error.code}", field=field.column, message=message) from error
    if amount != amount.to_integral_value():
        message = _("“%(name)s”小数位过多。") % {"name": field.name}
        raise Refused(code="precision", field=field.column, message=message)
    if not field.is_money and amount < 0:
        message = _("“%(name)s”不能小于 0。") % {"name": field.name}
        raise Refused(code="negative", field=field.column, message=message)
    return int(amount)


def ask(*, row: ScoreResult, frozen: engine.Facts, changes: Mapping[str, int]) -> whatif.Outcome:
    """One question, peers included, which is counted.

    What depends on the enterprise's own figures alone is whatif.outcome without peers; it is not counted, so that sliders
    never lock anybody out.
    """
    count_question(row.enterprise_id)
    return whatif.outcome(row, frozen, changes)


def estimate(declaration: Any) -> Estimate:
    """The live estimate of a declaration. Under a scheme that looks at the cohort its points tell of peers: then it is a
    question like any other, and counted."""
    if scheme_of(declaration.cycle.scheme_version).relative:
        count_question(declaration.enterprise_id)
    return estimates.estimate(declaration)


def count_question(enterprise_id: int) -> None:
    """Count what an enterprise asks about its peers. Raises TooMany above the hourly number, so that rivals' figures cannot
    be probed."""
    with transaction.atomic():
        _one_at_a_time(enterprise_id)
        since = db_now() - HOUR
        times = _asked_since(enterprise_id, since)
        if len(times) >= rules.WHAT_IFS_AN_HOUR:
            minutes = int((times[-rules.WHAT_IFS_AN_HOUR] - since).total_seconds() // 60) + 1
            message = _("每小时最多试 %(n)s 次，请约 %(minutes)s 分钟后再试。正式积分不受影响。")
            raise TooMany(
                code="what_if_too_often", message=message % {"n": rules.WHAT_IFS_AN_HOUR, "minutes": minutes}
            )
        WhatIfUse.objects.create(enterprise_id=enterprise_id)


def _one_at_a_time(enterprise_id: int) -> None:
    """Questions of one enterprise asked at once are counted one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('what-if', %s))", [enterprise_id])


def left(enterprise_id: int) -> int:
    """Questions that the enterprise may still ask within the hour."""
    return max(rules.WHAT_IFS_AN_HOUR - len(_asked_since(enterprise_id, db_now() - HOUR)), 0)


def _asked_since(enterprise_id: int, since: dt.datetime) -> list[dt.datetime]:
    recent = WhatIfUse.objects.filter(enterprise_id=enterprise_id, asked_at__gt=since)
    return list(recent.order_by("asked_at").values_list("asked_at", flat=True))


def keep(
    *, by: Actor, row: ScoreResult, name: str, fields: Mapping[str, str], result: whatif.Outcome
) -> Scenario:
    """Keep a plan under a name. Raises Refused without a name or above the number kept, Conflict for a name twice."""
    name = _name(name)
    kept = Scenario.objects.filter(run_id=row.run_id, enterprise_id=row.enterprise_id)
    if kept.count() >= rules.SCENARIOS_KEPT:
        message = _("最多保存 %(n)s 个方案，请先删除一个。") % {"n": rules.SCENARIOS_KEPT}
        raise Refused(code="too_many_plans", field="name", message=message)
    with _once(name):
        return Scenario.objects.create(
            run_id=row.run_id,
            enterprise_id=row.enterprise_id,
            name=name,
            changes=dict(fields),
            outcome=_stored(result),
            created_by_ref=by.person_id,
            created_by_name=by.person_name,
        )


def rename(*, by: Actor, row: ScoreResult, scenario_id: int, name: str) -> None:
    """Call a plan otherwise; refused like a new one, NotFound for what is not the enterprise's own."""
    name, found = _name(name), _own(row, scenario_id)
    with _once(name):
        audit.record(
            by=by, action="scenario.renamed", obj=found, before={"name": found.name}, after={"name": name}
        )
        found.name = name
        found.save(update_fields=["name"])


def _name(text: str) -> str:
    name = text.strip()[:60]
    if not name:
        raise Refused(code="name_missing", field="name", message=_("请给方案起个名字，例如“多投研发”。"))
    return name


@contextmanager
def _once(name: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        message = _("已有同名方案“%(name)s”，请换个名字。") % {"name": name}
        raise Conflict(code="plan_exists", field="name", message=message) from error


def _stored(result: whatif.Outcome) -> dict[str, Any]:
    return {
        "total": str(result.total),
        "change": str(result.change),
        "dimensions": {part.code: str(part.after) for part in result.parts},
        "percentile": list(result.among.percentile) if result.among and result.among.percentile else None,
    }


def remove(*, by: Actor, row: ScoreResult, scenario_id: int) -> None:
    """Throw a plan away; NotFound for what is not the enterprise's own."""
    found = _own(row, scenario_id)
    audit.record(by=by, action="scenario.removed", obj=found, before={"name": found.name})
    found.delete()


def _own(row: ScoreResult, scenario_id: int) -> Scenario:
    found = Scenario.objects.filter(
        pk=scenario_id, run_id=row.run_id, enterprise_id=row.enterprise_id
    ).first()
    if found is None:
        raise NotFound(code="no_plan", message=_("没有这个方案。"))
    return found
