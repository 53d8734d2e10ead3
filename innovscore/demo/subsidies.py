"""Interest subsidies of the demo zone: a batch of projects, and the repaid months of a loan, each a step behind the one before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from finance.models import Application
from finance.services import subsidies
from parks.actors import Actor
from parks.models import Membership

WAN = Decimal(10_000)
PROGRAMME = "equipment"
PROJECTS = (
    # name, field, investment and demand in 万元, opinion of the fund
    ("高精度数控产线更新", "industry", 1500, 1000, "pass"),
    ("检测中心设备购置", "health", 600, 300, ""),
    ("厂区充电设施建设", "charging", 200, 120, "refuse"),
)


def tell(actors: dict[str, Actor], loans: Sequence[Application]) -> None:
    """A programme, a project of each of the first borrowers, and what the first one has got of it."""
    made = subsidies.propose_programme(
        by=actors["fund@demo"], code=PROGRAMME, name="设备购置与更新改造贷款贴息", method="points", rate=Decimal("0.025"), budget=500 * WAN,
        year_cap=50 * WAN, total_cap=100 * WAN,
    )  # fmt: skip
    subsidies.activate_programme(by=actors["fund2@demo"], programme_id=made.pk)
    for loan, row in zip(loans, PROJECTS, strict=False):
        _project(actors, loan, row)
    if loans:
        _months(actors, loans[0])


def _project(actors: dict[str, Actor], loan: Application, row: tuple[str, str, int, int, str]) -> None:
    name, field, investment, demand, opinion = row
    made = subsidies.submit_project(
        by=_signatory(loan), programme_code=PROGRAMME, batch=1, name=name, field=field, investment=investment * WAN, demand=demand * WAN,
        bank_name=loan.organisation.name,
    )  # fmt: skip
    for who in ("fund@demo", "fund2@demo") if opinion else ():
        note = "不属于本批支持的设备" if opinion == "refuse" else ""
        subsidies.review_project(by=actors[who], project_id=made.pk, opinion=opinion, note=note)


def _months(actors: dict[str, Actor], loan: Application) -> None:
    firm = _signatory(loan)
    road = (
        ("apply", firm), ("bank_confirm", actors["bank.ops@demo"]), ("check", actors["fund@demo"]), ("pay", actors["fund2@demo"]),
    )  # fmt: skip
    start = loan.disbursements.get().value_date
    for behind, item in enumerate(loan.schedule.order_by("seq")[:3]):
        end = item.due_on + dt.timedelta(days=1)
        made = subsidies.compute(
            by=firm, application_id=loan.pk, programme_code=PROGRAMME, start=start, end=end
        )
        for event, who in road[: len(road) - behind]:
            subsidies.step(by=who, subsidy_id=made.pk, event=event)
        start = end


def _signatory(loan: Application) -> Actor:
    return Actor.of(
        Membership.objects.get(organisation=loan.enterprise.organisation, role="enterprise_signatory")
    )
