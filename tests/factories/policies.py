"""Policies in force and firms that may claim under them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from cultivation.models import Claim, PolicyVersion
from cultivation.queries.policies import library
from cultivation.queries.telling import KIND
from cultivation.services import claims, policies
from parks import jobs
from parks.actors import Actor
from parks.models import Job, Park
from tests.conftest import owner_connection
from tests.factories import finance
from tests.factories import parks as people

ACCOUNT = {"account_name": "示例企业", "account_bank": "江城银行", "account_number": "6222000012345678"}
GROWTH = "cqhtz25_rd_growth"
UNKNOWN = "[{name: 什么都不知道, facts: {}, outcome: unknown}]"


def text(shipped: str = GROWTH, **replaced: str) -> str:
    """A shipped rule; `replaced` are its top-level keys with what stands there instead."""
    kept, skip = [], False
    for line in library()[shipped].splitlines():
        if not line.startswith((" ", "-")):
            skip = line.split(":")[0] in replaced
        if not skip:
            kept.append(line)
    return "\n".join([*kept, *(f"{key}: {value}" for key, value in replaced.items())]) + "\n"


def told() -> None:
    """The messages that wait are written."""
    for job in Job.objects.filter(kind=KIND, state="queued"):
        jobs.run(job.pk)


def drafted(office: Office, version: PolicyVersion) -> int:
    """How many ready-made claims the job writes."""
    job = claims.prepare(by=office["officer"], version_id=version.pk)
    jobs.run(job.pk)
    job.refresh_from_db()
    return int(job.result["firms"])


@dataclass
class Office:
    """People of a park's office and fund."""

    park: Park
    people: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        """admin, admin2, reviewer, reviewer2, officer, publisher, publisher2, fund, fund2."""
        if name not in self.people:
            roles = {
                "admin": "park_admin",
                "reviewer": "park_reviewer",
                "officer": "score_officer",
                "publisher": "publisher",
                "fund": "fund_manager",
            }
            self.people[name] = people.actor(roles[name.rstrip("2")], self.park)
        return self.people[name]

    def release(self, rule: str = "") -> PolicyVersion:
        """A policy that two people released."""
        row = policies.save(by=self["officer"], text=rule or text())
        policies.propose(by=self["officer"], version_id=row.pk)
        return policies.release(by=self["publisher"], version_id=row.pk)


def firm(park: Park, number: int = 1, **figures: Any) -> finance.Firm:
    """R&D of 688 and 540 万元, 8 % of revenue: the worked case that gets 14.8 万元."""
    return finance.firm(
        park,
        number,
        **({"revenue": 86_000_000, "rd_expense": 6_880_000, "rd_expense_prev": 5_400_000} | figures),
    )


@functools.cache
def _clock_hand() -> None:
    """A function of the owner, in the tests' databases only: no guard lets the application move these times."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(
            "CREATE SCHEMA IF NOT EXISTS tests; GRANT USAGE ON SCHEMA tests TO innovscore_web, innovscore_worker; "
            "CREATE OR REPLACE FUNCTION tests.end_claim_notices() RETURNS void LANGUAGE sql SECURITY DEFINER AS "
            "$$ UPDATE public.cultivation_claim SET notice_ends_at = clock_timestamp() - interval '1 hour' WHERE state = 'notice' $$"
        )


def notice_over(claim: Claim) -> None:
    """The notice of the claim, and of every other of the park entered, has run out."""
    _clock_hand()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tests.end_claim_notices()")
    claim.refresh_from_db()


def filed(firm: finance.Firm, version: PolicyVersion, **more: Any) -> Claim:
    return claims.file(
        by=firm.agent, version_id=version.pk, inputs=more.pop("inputs", {}), account=ACCOUNT, **more
    )
