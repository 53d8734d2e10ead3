"""应评尽评: every member of the park stands somewhere, and the page says where and why."""

from __future__ import annotations

from typing import Any

import pytest

from enterprises.models import Declaration
from enterprises.queries import coverage
from innovscore.core import uscc as codes
from tests.factories import enterprises as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(admin: Any) -> Any:
    return make.cycle(admin)


@pytest.fixture
def roster(admin: Any, cycle: Any) -> dict[int, str]:
    """Firms in every standing: number -> the standing they are expected in."""
    expected = {1: "in", 2: "in_review", 3: "returned", 4: "filling", 5: "no_data", 6: "no_declaration"}
    states = {1: "verified", 2: "submitted", 3: "returned"}
    for number in range(1, 6):
        firm = make.enterprise(number, industry="电子")
        of = make.declaration(admin, firm, cycle, **({} if number == 5 else {"revenue": 5}))
        Declaration.objects.filter(pk=of.pk).update(state=states.get(number, "open"))
    make.enterprise(6)
    for number, state, standing in ((7, "submitted", "certifying"), (8, "draft", "not_certified"), (9, "suspended", "suspended")):  # fmt: skip
        make.enterprise(number, state=state)
        expected[number] = standing
    return expected


def test_every_member_has_one_standing(cycle: Any, roster: dict[int, str]) -> None:
    found = {one.name: one.standing for one in coverage.roster(cycle)}
    assert found == {f"示例企业{number}": standing for number, standing in roster.items()}


def test_the_summary_adds_up(cycle: Any, roster: dict[int, str]) -> None:
    summary = coverage.summary(cycle)
    assert (summary["total"], summary["covered"]) == (9, 1)
    assert sum(count for _code, _label, count in summary["standings"]) == 9
    for shares in (summary["sub_parks"], summary["industries"]):
        assert sum(share.total for share in shares) == 9
        assert sum(share.covered for share in shares) == 1


def test_who_has_left_the_park_is_not_on_the_roster(cycle: Any) -> None:
    firm = make.enterprise(1)
    firm.member_to = "2026-01-01"
    firm.save()
    assert coverage.summary(cycle)["total"] == 0


def test_the_page_filters_and_exports(
    cycle: Any, roster: dict[int, str], in_park: Any, client_as: Any
) -> None:
    client = client_as(people.actor("park_auditor", in_park))
    page = client.get("/p/cq/office/cycles/2025/coverage/?standing=no_data").content.decode()
    assert "示例企业5" in page
    assert "示例企业4" not in page
    levels = [{"level": "hnte", "name": "高企证书"}, {"level": "srdi_sme", "name": "专精特新"}]
    make.DeclaredValue.objects.filter(
        declaration__enterprise__name="示例企业1", code="qualifications"
    ).update(verified_entries=levels)
    listed = client.get("/p/cq/office/cycles/2025/coverage/?qualification=hnte")
    assert [one.name for one in listed.context["page"]] == ["示例企业1"]
    shares = {share.name: share.total for share in listed.context["summary"]["qualifications"]}
    assert shares == {"高新技术企业": 1, "专精特新中小企业": 1, "没有资质记录": 8}
    out = client.get("/p/cq/office/cycles/2025/coverage/?standing=out")
    assert len(list(out.context["page"])) == 8
    table = client.get("/p/cq/office/cycles/2025/coverage/?export=csv").content.decode("utf-8-sig")
    assert len(table.splitlines()) == 10
    assert "not_certified" in table
    assert "hnte；srdi_sme" in table


def test_firms_of_the_market_register_that_the_roster_lacks_are_named(
    admin: Any, cycle: Any, roster: dict[int, str]
) -> None:
    heads = ("uscc", "企业名称")
    rows = [(codes.synthetic(number), f"登记企业{number}") for number in (1, 99)]
    batch = make.batch(admin, cycle, make.table(heads, *rows), source="amr")
    make.apply(admin, batch)
    assert [row.name for row in coverage.outside()] == ["登记企业99"]


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize(("role", "leads_on"), [("park_reviewer", True), ("publisher", False)])
def test_a_page_shows_no_link_that_its_reader_may_not_follow(
    in_park: Any, cycle: Any, client_as: Any, role: str, leads_on: bool
) -> None:
    client = client_as(people.actor(role, in_park))
    year = client.get(f"/p/cq/office/cycles/{cycle.year}/").content.decode()
    covered = client.get(f"/p/cq/office/cycles/{cycle.year}/coverage/").content.decode()
    assert ("state=submitted" in year, "/review/declarations/" in covered) == (leads_on, leads_on)
