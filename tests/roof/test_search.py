"""查找: one box over the lists that the reader may open; it tells nobody more than those lists do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cultivation.services import policies as rules
from finance.models import ConsentAccess
from innovscore.navigation import GROUPS
from parks import access, search
from parks.roles import Role
from parks.scope import park_scope
from rankings.queries import public
from tests.factories import enterprises as firms
from tests.factories import finance as make
from tests.factories import parks as people
from tests.factories import policies
from tests.factories import rankings as boards
from tests.factories import scoring as scores

pytestmark = pytest.mark.django_db
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')


def asked(client: Any, text: str, park: str = "cq") -> str:
    answer = client.get(reverse("park_search", kwargs={"park": park}), {"q": text})
    assert answer.status_code == 200
    return TOKEN.sub(b"", answer.content).decode()


def kinds(client: Any, text: str, url: str = "/p/cq/search/") -> dict[str, list[str]]:
    groups = client.get(url, {"q": text}).context["groups"]
    return {str(group.label): [hit.label for hit in group.hits] for group in groups}


def test_every_list_that_is_searched_is_of_a_known_kind_and_has_a_page() -> None:
    for one in search._lists:
        assert one.kind in search.KINDS
        assert access.line_for(one.route, "GET"), one.route
        assert not one.is_page or reverse(one.route, kwargs={"park": "cq"})


def test_every_role_with_a_menu_may_search() -> None:
    with_menu = {role for group in GROUPS for entry in group.entries for role in entry.roles}
    assert with_menu <= access.roles_of("park_search")


def test_the_office_finds_the_firms_of_its_own_zone_and_the_list_goes_on(
    in_park: Any, other_park: Any, client_as: Any
) -> None:
    for number in range(search.MOST + 2):
        firms.enterprise(number)
    office = client_as(people.actor(Role.PARK_AUDITOR, in_park))
    page = asked(office, "示例企业")
    assert page.count("/enterprises/") >= search.MOST
    assert "?q=%E7%A4%BA%E4%BE%8B%E4%BC%81%E4%B8%9A" in page
    assert len(kinds(office, "示例企业")["企业"]) == search.MOST
    assert kinds(office, "没有这家") == {}


def test_a_firm_finds_no_other_firm_nor_its_papers(in_park: Any, client_as: Any) -> None:
    scores.enterprise(1, name="潜川材料")
    own = firms.enterprise(2)
    agent = people.actor(Role.ENTERPRISE_AGENT, in_park, organisation=own.organisation)
    assert kinds(client_as(agent), "潜川") == {}


def test_a_bank_gets_the_same_bytes_for_a_firm_without_consent_and_for_none(in_park: Any) -> None:
    bank = make.bank(in_park)
    browsers = [people.client_for(one) for one in (bank.maker, bank.checker)]
    browsers += [people.client_for(people.actor(role, in_park)) for role in ("bank_ops", "guarantor_maker", "fund_manager", "credit_bureau")]  # fmt: skip
    before = [asked(browser, "潜川") for browser in browsers]
    firm = make.firm(in_park, name="潜川材料")
    assert [asked(browser, "潜川") for browser in browsers] == before
    consent = make.consent(bank, firm)
    made = make.submitted(bank, firm, make.line(bank, firm, consent), consent)
    assert kinds(browsers[0], "潜川")["贷款申请"] == [f"{made.number} 潜川材料"]
    assert ConsentAccess.objects.filter(person_ref=bank.maker.person_id).count() == 1  # a name is a read
    assert asked(browsers[3], "潜川") == before[3]  # consent to the bank is none to a guarantor
    make.revoke(consent, firm)
    assert [asked(browser, "潜川") for browser in browsers] == before
    assert kinds(browsers[0], made.number)["贷款申请"] == [made.number]  # by its number without the name


def test_another_bank_finds_nothing(in_park: Any) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park, name="潜川材料")
    consent = make.consent(bank, firm)
    make.submitted(bank, firm, make.line(bank, firm, consent), consent)
    assert kinds(people.client_for(make.bank(in_park, name="他行", code="other").maker), "潜川") == {}


def test_another_zone_finds_nothing(park: Any, other_park: Any) -> None:
    with park_scope(park.pk):
        scores.enterprise(1, name="潜川材料")
    office = people.client_for(people.actor(Role.PARK_ADMIN, other_park))
    assert kinds(office, "潜川", "/p/hz/search/") == {}
    assert office.get("/p/cq/search/", {"q": "潜川"}).status_code == 404


def test_policies_lead_each_reader_to_his_own_page_and_drafts_to_the_office_only(in_park: Any) -> None:
    office = policies.Office(in_park)
    version = office.release()
    word = version.title[:4]
    firm = policies.firm(in_park)
    for browser, route in (
        (people.client_for(firm.agent), "cultivation:policy"),
        (people.client_for(office["admin"]), "cultivation:policy_edit"),
        (people.client_for(office["fund"]), "cultivation:public_policy"),
    ):
        assert reverse(route, kwargs={"park": "cq", "version_id": version.pk}) in asked(browser, word)
    rules.save(by=office["officer"], text=policies.text(code="draft_one", title="尚未发布的草案"))
    assert "政策库" in kinds(people.client_for(office["admin"]), "草案")
    assert kinds(people.client_for(firm.agent), "草案") == {}


def test_pages_of_the_menu_are_found_by_what_they_say_of_themselves(in_park: Any, client_as: Any) -> None:
    page = asked(client_as(people.actor(Role.PARK_ADMIN, in_park)), "证据链")
    assert "没有找到" in page
    page = asked(client_as(people.actor(Role.PARK_ADMIN, in_park)), "链条是否完整")
    assert reverse("parks:audit", kwargs={"park": "cq"}) in page.split("<h2>栏目")[1]


def test_a_search_asks_the_database_as_often_for_many_firms_as_for_few(in_park: Any) -> None:
    bank = make.bank(in_park)
    browsers = [people.client_for(one) for one in (bank.maker, people.actor(Role.PARK_ADMIN, in_park))]

    def queries(browser: Any) -> int:
        asked(browser, "示例企业")
        with CaptureQueriesContext(connection) as captured:
            asked(browser, "示例企业")
        return len(captured)

    def lend(number: int) -> None:
        firm = make.firm(in_park, number)
        consent = make.consent(bank, firm)
        make.submitted(bank, firm, make.line(bank, firm, consent), consent)

    lend(1)
    few = [queries(browser) for browser in browsers]
    for number in range(2, 6):
        lend(number)
    assert [queries(browser) for browser in browsers] == few


def test_the_public_finds_what_is_published_and_nothing_else(live_db: None, park: Any, client: Any) -> None:
    _office, edition = boards.published_world(park)
    url = reverse("zone_search", kwargs={"park": "cq"})
    with park_scope(park.pk):
        published = public.of_edition(edition.pk)
        entry = published.entries.first()
        scores.enterprise(999, name=f"{entry.name}之未上榜")
    assert entry.name in kinds(client, entry.name, url)["企业"]
    assert {"榜单", "公示公告"} <= set(kinds(client, published.name_zh, url))
    assert "各项指标" in kinds(client, "研发", url)
    assert kinds(client, "之未上榜", url) == {}


def test_without_a_zone_the_search_goes_to_the_readers_own_or_lets_him_choose(
    in_park: Any, client: Any, client_as: Any
) -> None:
    office = client_as(people.actor(Role.PARK_ADMIN, in_park))
    assert office.get("/search/?q=a%20b")["Location"] == "/p/cq/search/?q=a%20b"
    assert client.get("/search/?q=x")["Location"] == "/zones/cq/search/?q=x"
    people.park(code="hz", name="第二高新区")
    page = client.get("/search/?q=x").content.decode()
    assert "/zones/cq/search/?q=x" in page and "/zones/hz/search/?q=x" in page


@pytest.mark.parametrize("text", ["", " ", "%", "'", "x" * 500, "\x00", "_", "A9999999999999999999"])
def test_odd_words_are_answered(in_park: Any, client_as: Any, text: str) -> None:
    for role in (Role.PARK_ADMIN, Role.BANK_MAKER, Role.ENTERPRISE_AGENT):
        assert "查找" in asked(client_as(people.actor(role, in_park)), text)
