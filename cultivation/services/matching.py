"""All firms against all policies in one job, and telling firms what they may claim.

The job writes under its run; one pointer makes the run current, in the transaction that proves the job is still ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _

from parks import audit, bulk, jobs
from parks.actors import Actor
from parks.models import Job
from parks.scope import park_scope

from .. import formula
from ..models import CurrentMatch, Match, MatchRun, PolicyPush, PolicyVersion
from ..queries import matching as queries
from ..queries import matching_facts, policies
from ..states import RuleKind
from . import telling

COLUMNS = ("run_id", "version_id", "enterprise_id", "is_eligible", "is_held", "amount", "gap")


def request(*, by: Actor) -> Job:
    """Ask for a run over the whole park; while one waits or runs, that one is returned. Job and run keep who asked."""
    return jobs.request(kind=queries.KIND, park_id=by.park_id, dedupe_key="match", by=by)


def run(job: jobs.JobHandle) -> dict[str, Any]:
    """The job: read firms and policies, judge, write, switch. Safe to run twice: only the last commit is seen."""
    with park_scope(job.park_id):
        job.report(0, 3, _("读取企业数据"))
        firms, versions = matching_facts.firms(), list(policies.in_force(RuleKind.POLICY, RuleKind.RUNG))
        job.report(1, 3, _("逐条比对"))
        found = [
            _found(version, firms_columns, firms) for version, firms_columns in _columns(versions, firms)
        ]
        job.report(2, 3, _("写入结果"))
        made = MatchRun.objects.create(
            job=job.id, firms=len(firms), year=max((one.year for one in firms if one.year), default=None),
            counts={str(version.pk): counts for version, counts, _rows in found},
            requested_by_name=job.actor.person_name,
        )  # fmt: skip
        written = bulk.copy_rows(
            Match, COLUMNS, ((made.pk, *row) for _version, _counts, rows in found for row in rows)
        )
        job.guard()
        CurrentMatch.objects.update_or_create(park_id=job.park_id, defaults={"run": made})
    return {"run": made.pk, "firms": len(firms), "policies": len(versions), "rows": written}


def _columns(
    versions: Sequence[PolicyVersion], firms: Sequence[matching_facts.Firm]
) -> Iterator[tuple[PolicyVersion, formula.Columns]]:
    names = {name for version in versions for name in policies.rule_of(version).names} & set(formula.FACTS)
    columns = formula.Columns(len(firms), {name: [one.known.get(name) for one in firms] for name in names})
    for version in versions:
        yield version, columns


def _found(
    version: PolicyVersion, columns: formula.Columns, firms: Sequence[matching_facts.Firm]
) -> tuple[PolicyVersion, list[Any], list[tuple[Any, ...]]]:
    """A version, its counts, and its rows. Who stands on a rung already is not counted among those who could."""
    rule = policies.rule_of(version)
    outcome = formula.judge(rule, columns)
    held = np.array([bool(rule.level and one.known.get(rule.level)) for one in firms], bool)
    yes, near = outcome.yes & ~held, np.where(held, -1, outcome.near)
    rows: list[tuple[Any, ...]] = []
    total = Decimal(0)
    for number in (held | yes | (near >= 0)).nonzero()[0].tolist():
        one = firms[number]
        gap = None
        if near[number] >= 0:
            failed = formula.failed_check(rule, int(near[number]), one.known)
            gap = {"text": failed.text, "gap": failed.gap, "figures": [list(pair) for pair in failed.figures]}
        amount = int(outcome.yuan[number]) if yes[number] and rule.amounts else None
        total += amount or 0
        rows.append(
            (
                version.pk, one.id, "t" if outcome.yes[number] else "f", "t" if held[number] else "f", amount,
                gap and json.dumps(gap, ensure_ascii=False),
            )
        )  # fmt: skip
    eligible, nearly, stand = int(yes.sum()), int((near >= 0).sum()), int(held.sum())
    unknown = int((~outcome.yes & ~outcome.no & ~held).sum())
    rest = len(firms) - eligible - unknown - nearly - stand
    return version, [eligible, nearly, unknown, rest, str(total), stand], rows


def push(*, by: Actor, version_id: int, stage: str = "") -> int:
    """Tell every firm that the current run found eligible or nearly there and that has no claim yet, once per version.

    Only firms of a stage when one is given, and of the stages that the rule names. Returns how many were told.
    """
    version = policies.get_released(version_id)
    run_ = queries.current()
    rows = queries.matches(run_).filter(version=version).select_related("enterprise")
    rule = policies.rule_of(version)
    known = set(PolicyPush.objects.filter(version=version).values_list("enterprise_id", flat=True))
    known |= queries.claimants(rule.subject)
    stages = {stage} if stage else set(rule.body.get("stages", ()))
    stage_of = {one.id: one.stage for one in matching_facts.firms()} if stages else {}
    wanted = [
        row for row in rows
        if row.enterprise_id not in known and (not stages or stage_of.get(row.enterprise_id) in stages)
    ]  # fmt: skip
    url = reverse("cultivation:policy", kwargs={"park": by.park_code, "version_id": version.pk})
    words = {
        text % {"title": version.title}: [row.enterprise.organisation_id for row in wanted if row.is_eligible == is_eligible]
        for is_eligible, text in ((True, _("您可以申请“%(title)s”。")), (False, _("您离“%(title)s”只差一项条件。")))
    }  # fmt: skip
    telling.tell(by=by, url=url, words=words)
    PolicyPush.objects.bulk_create(
        [PolicyPush(version=version, enterprise_id=row.enterprise_id) for row in wanted],
        ignore_conflicts=True,
    )
    audit.record(by=by, action="policy.pushed", obj=version, after={"firms": len(wanted)})
    return len(wanted)
