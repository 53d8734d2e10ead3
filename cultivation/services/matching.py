"""All firms against all policies in one job, and telling firms what they may claim.

The job writes under its run; one pointer makes the run current, in the transaction that proves the job is still ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from parks import audit, bulk, jobs
from parks.actors import Actor
from parks.models import Job
from parks.scope import park_scope

from .. import formula
from ..models import CurrentMatch, Match, MatchRun, PolicyPush, PolicyVersion
from ..queries import forecast, matching_facts, policies
from ..queries import matching as queries
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
        names = {name for version in versions for name in policies.rule_of(version).names} & set(
            formula.FACTS
        )
        known = forecast.columns(names, firms)
        found = [_found(version, known, firms) for version in versions]
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


def _found(
    version: PolicyVersion, known: formula.Columns, firms: Sequence[matching_facts.Firm]
) -> tuple[PolicyVersion, list[Any], list[tuple[Any, ...]]]:
    """A version, its counts, and its rows for COPY."""
    found = forecast.judge(policies.rule_of(version), known, firms)
    rows = [
        (
            version.pk, row.firm.id, "t" if row.is_eligible else "f", "t" if row.is_held else "f", row.amount,
            row.gap and json.dumps(row.gap, ensure_ascii=False),
        )
        for row in found.rows
    ]  # fmt: skip
    held = found.count(is_held=True)
    return version, [found.eligible, found.near, found.unknown, found.others, str(found.total), held], rows


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
