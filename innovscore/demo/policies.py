"""Rules of the demo zone: five policies and the ladder released, one policy waiting; one run; claims in several states."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg2

from cultivation.models import Claim, PolicyVersion
from cultivation.queries import matching as found
from cultivation.queries import policies as rules
from cultivation.queries import pools as pool_queries
from cultivation.queries.policies import library
from cultivation.services import claims, matching, policies, pools, reminders
from enterprises.models import Enterprise
from innovscore.settings import env
from parks import jobs
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Membership, Park
from parks.scope import park_scope

from .lending import signatory_of

RELEASED = (
    "cqhtz25_hnte_first",
    "cqhtz25_hnte_renewal",
    "cqhtz25_rd_growth",
    "hz32_domestic_equipment",
    "xm_torch_voucher",
)
RUNGS = tuple(code for code in library() if code.startswith(("ladder_", "upgrade_")))
PROPOSED = "hz32_tech_contract"
BUDGETS = {"cqhtz25_rd_growth": 3000, "hz32_domestic_equipment": 2000}
"""万元 a policy."""
APPROVED = ("review", "joint", "notice", "over", "approve", "approve2")
PATHS = (
    (*APPROVED, "pay", "confirm"),
    (*APPROVED, "pay"),
    APPROVED,
    ("review", "joint", "notice"),
    ("review", "joint"),
    ("review",),
    ("return",),
    ("refuse",),
    (),
)
"""What was done with each of the claims."""
STAFF = {
    "review": "park.review1@demo", "return": "park.review1@demo", "refuse": "park.review1@demo", "joint": "park.review2@demo",
    "notice": "park.publish@demo", "approve": "park.publish@demo", "approve2": "park.publish2@demo", "pay": "fund@demo", "confirm": "fund2@demo",
}  # fmt: skip


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """Make policies, a run and claims in a zone that has verified years. The hero has claimed nothing yet."""
    with park_scope(park.pk):
        versions = {code: _released(actors, code) for code in RELEASED}
        for code in RUNGS:
            _released(actors, code)
        draft = policies.save(by=actors["park.score@demo"], text=library()[PROPOSED])
        policies.propose(by=actors["park.score@demo"], version_id=draft.pk)
        job = matching.request(by=actors["park.score@demo"])
    with park_scope(park.pk):
        jobs.run(job.pk)
        reminders.remind(by=actors["park.admin@demo"])
    _pool(park, actors)
    with park_scope(park.pk):
        growth = versions["cqhtz25_rd_growth"]
        rows = (
            found.matches(found.current()).filter(version=growth, is_eligible=True).exclude(enterprise=hero)
        )
        ordered = [row.enterprise for row in rows.order_by("-amount", "pk")]
        chosen = ordered[:: max(1, len(ordered) // len(PATHS))]  # large amounts and small ones
    for firm, path in zip(chosen, PATHS, strict=False):
        with park_scope(park.pk):
            claim = claims.file(
                by=firm_person(park, firm), version_id=growth.pk, inputs={}, account=_account(firm)
            )
        _walk(park, actors, claim, path)


POOLS = (("ladder_hnte", "near"), ("ladder_gazelle", "near"), ("ladder_innovative_sme", "ready"))
POOL_FIRMS = 24
STEPS = (
    (("coached", "电话辅导"),),
    (("coached", "上门辅导，商定补差计划"), ("applying", "已提交认定申请"), ("reached", "已列入公示名单")),
    (("coached", "上门辅导，商定补差计划"), ("applying", "已提交认定申请")),
    (("coached", "电话辅导"), ("left", "企业本年度不申报")),
    (("coached", "电话辅导"),),
)
"""What was done with the first firms of a pool."""
TASKS = ("补齐研发费用辅助账", "办理两件实用新型专利授权", "整理近三年审计报告", "核对科技人员名单")


def _pool(park: Park, actors: dict[str, Actor]) -> None:
    """Firms that are ready for a rung or one condition away are in its pool; some are coached, apply, reached it or left."""
    by = actors["park.review1@demo"]
    with park_scope(park.pk):
        coach = next(one for one in pool_queries.coaches(by) if one.account.person_id == by.person_id)
        rungs = {one.policy.code: one for one in rules.in_force("rung")}
        for code, standing in POOLS:
            rung, found_ = rungs[code], found.matches(found.current(), "rung")
            rows = found_.filter(version=rung, is_held=False, is_eligible=standing == "ready")
            ids = rows.order_by("enterprise_id").values_list("enterprise_id", flat=True)[:POOL_FIRMS]
            pools.enter(by=by, rung_id=rung.policy_id, enterprise_ids=ids, why="比对结果")
            places = pool_queries.open_places().filter(rung=rung.policy).order_by("pk")
            for number, (place, steps) in enumerate(zip(places, STEPS, strict=False)):
                pools.appoint(by=by, place_id=place.pk, membership_id=coach.pk)
                due = db_today() + dt.timedelta(days=14 + number)
                task = pools.add_task(by=by, place_id=place.pk, title=TASKS[number % len(TASKS)], due_on=due)
                if number == 1:
                    pools.finish_task(by=by, task_id=task.pk)
                for stage, why in steps:
                    pools.move(by=by, place_id=place.pk, to_stage=stage, why=why)


def _released(actors: dict[str, Actor], code: str) -> PolicyVersion:
    text = library()[code]
    if code in BUDGETS:
        text += f"budget_wan: {BUDGETS[code]}\n"
    row = policies.save(by=actors["park.score@demo"], text=text)
    policies.propose(by=actors["park.score@demo"], version_id=row.pk)
    return policies.release(by=actors["park.publish@demo"], version_id=row.pk)


def firm_person(park: Park, firm: Enterprise) -> Actor:
    member = Membership.objects.filter(organisation=firm.organisation, role="enterprise_signatory").select_related(
        "account__person", "organisation", "park"
    ).first()  # fmt: skip
    return Actor.of(member) if member else signatory_of(park, firm)


def _account(firm: Enterprise) -> dict[str, Any]:
    return {
        "account_name": firm.name,
        "account_bank": "江城银行高新支行",
        "account_number": f"62220000{firm.pk:08d}",
    }


def _walk(park: Park, actors: dict[str, Actor], claim: Claim, path: tuple[str, ...]) -> None:
    for event in path:
        if event == "over":
            notice_is_over(claim)
            continue
        said: dict[str, dict[str, Any]] = {
            "return": {"note": "请补充研发支出辅助账"},
            "refuse": {"reason": "papers"},
            "pay": {"paid_on": db_today(), "paid_reference": f"GK-{claim.number}"},
        }
        with park_scope(park.pk):
            claims.step(
                by=actors[STAFF[event]], claim_id=claim.pk, event=event.rstrip("2"), **said.get(event, {})
            )


def notice_is_over(claim: Claim) -> None:
    """Invented history needs the owner of the tables: the application cannot shorten a notice."""
    owner = psycopg2.connect(env.str("DATABASE_OWNER_URL"))
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(claim.park_id)])
        query = "UPDATE cultivation_claim SET notice_ends_at = clock_timestamp() - interval '1 minute' WHERE id = %s"
        cursor.execute(query, [claim.pk])
    owner.close()
