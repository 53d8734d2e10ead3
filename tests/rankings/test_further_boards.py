"""Boards of a park's own: parts, bands and risers; the calendar; public profiles."""

from __future__ import annotations

import copy
import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from enterprises.models import Cycle, Enterprise
from enterprises.services import cycles
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.actors import Actor
from parks.clock import db_now
from parks.models import CalendarDay, SubPark
from parks.scope import park_scope
from parks.services import calendar
from rankings.models import BoardDefinition, PublicProfile, PublishedBoard
from rankings.queries import editions as queries
from rankings.queries import further
from rankings.services import certificates, definitions, editions, profiles, years
from scoring.queries import results
from tests.factories import parks as people
from tests.factories import rankings as make
from tests.factories import scoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    office = make.Office(in_park)
    make.computed(office.officer)
    return office


def define(office: make.Office, kind: str, code: str = "own_board", **more: Any) -> BoardDefinition:
    fields = {
        "kind": kind,
        "code": code,
        "name_zh": "分榜",
        "name_en": "Own board",
        "base": "",
        "value": "",
        "size": 5,
        "smallest": 1,
    }
    return definitions.make(by=office.officer, fields=fields | more, taken={make.BOARD})


def drawn(office: make.Office, code: str = "own_board") -> queries.BoardDraft:
    return queries.draft_of(queries.run_of_year(make.YEAR), code)


def test_a_board_of_a_sub_park_keeps_its_members_when_firms_move(office: make.Office) -> None:
    home = SubPark.objects.create(code="ext1", name="拓展园一")
    Enterprise.objects.filter(pk__in=list(Enterprise.objects.values_list("pk", flat=True)[:6])).update(
        sub_park=home
    )
    define(office, "sub_park", base=make.BOARD, value="ext1")
    draft = drawn(office)
    assert (draft.eligible, len(draft.lines)) == (6, 5)
    assert [row.line.place for row in draft.lines] == [1, 2, 3, 4, 4]
    edition = editions.propose(by=office.officer, year=make.YEAR, board="own_board")
    Enterprise.objects.update(sub_park=None)
    assert queries.proof_breaks(edition) == []


def test_the_rule_is_hashed_into_the_edition(office: make.Office) -> None:
    define(office, "industry", base=make.BOARD, value="C39")
    edition = office.on_notice("own_board")
    shown = PublishedBoard.objects.get()
    assert shown.rule["value"] == "C39"
    from rankings.queries.verification import verify

    assert list(verify()) == []
    edition.rule = edition.rule | {"value": "C40"}
    assert any("内容摘要" in what for what in queries.proof_breaks(edition))


def test_a_band_and_too_small_a_field(office: make.Office) -> None:
    define(office, "band", "top_20", value="20", size=5000)
    assert len(drawn(office, "top_20").lines) == 3  # 20 % of 13, rounded up
    define(office, "stage", "stage_board", base=make.BOARD, value="startup", smallest=20)
    assert drawn(office, "stage_board").lines == []
    with pytest.raises(Conflict, match="nobody_eligible") as error:
        editions.propose(by=office.officer, year=make.YEAR, board="stage_board")
    assert "少于规定" in str(error.value.message)


def test_risers_compare_with_the_year_before_and_name_its_run(office: make.Office) -> None:
    define(office, "risers", "risers")
    assert drawn(office, "risers").lines == []
    before = make.computed(office.officer, make.weaker(), year=make.YEAR - 1)
    draft = drawn(office, "risers")
    assert draft.lines and all(row.line.score > 0 for row in draft.lines)
    assert draft.rule["previous_run"] == before.run_hash


def test_a_new_method_makes_nobody_rise(office: make.Office) -> None:
    """The same figures in both years; by the method of the year before they gave fewer points."""
    define(office, "risers", "risers")
    body = copy.deepcopy(json.loads(json.dumps(scoring._scheme.body))) | {"version": "2024.0"}
    for item in body["indicators"]:
        item["weight"] = 100 if item["code"] == "district_platforms" else 0
    scoring.cycle(make.YEAR - 1, scoring.scheme_version(body, "2024.0"))
    before = make.computed(office.officer, make.cases_again(), make.YEAR - 1)
    now = queries.run_of_year(make.YEAR)
    published = dict(results.of_run(before).values_list("uscc", "total"))
    assert any(published[row.uscc] < row.total for row in results.of_run(now)), "the totals as published rose"
    draft = drawn(office, "risers")
    assert not draft.lines and draft.rule["rescored"]
    assert "上一年度按本年度评价方法重算" in further.words(draft.rule, draft.scheme)


def test_a_definition_never_changes_and_codes_are_unique(office: make.Office) -> None:
    row = define(office, "industry", base=make.BOARD, value="C39")
    with pytest.raises(Refused):
        define(office, "industry", base=make.BOARD, value="C40")
    with pytest.raises(Refused):
        define(office, "band", make.BOARD, value="5")
    with pytest.raises(DatabaseError), transaction.atomic():
        BoardDefinition.objects.filter(pk=row.pk).update(value="C40")
    definitions.switch(by=office.officer, definition_id=row.pk, on=False)
    assert not BoardDefinition.objects.get().is_active


def test_the_page_of_definitions_says_what_is_wrong(office: make.Office, client_as: Any) -> None:
    officer = client_as(office.officer)
    path = f"/p/{office.park.code}/office/board-definitions/"
    assert officer.get(path).status_code == 200
    wrong = {"kind": "band", "value": "99", "code": "top", "name_zh": "前列", "size": 10, "smallest": 1}
    answer = officer.post(path, wrong)
    assert answer.status_code == 422 and "1 到 50" in answer.content.decode()
    assert officer.post(path, wrong | {"value": "10"}).status_code == 302
    assert "总积分排名前 10%" in officer.get(path).content.decode()
    assert officer.get(f"/p/{office.park.code}/office/boards/{make.YEAR}/top/preview/").status_code == 200


# The calendar


def test_a_year_of_the_calendar_is_loaded_and_moves_the_count(in_park: Any) -> None:
    from parks import workdays

    admin = people.actor("park_admin", in_park)
    assert not calendar.is_known(2031)
    import datetime as dt

    assert calendar.load(by=admin, text="日期,班休,说明\n2031-01-01,休,元旦\n2031-01-04,班,调休\n") == 2
    assert calendar.is_known(2031)
    assert workdays.add_working_days(dt.date(2030, 12, 31), 2) == dt.date(2031, 1, 3)
    assert workdays.add_working_days(dt.date(2031, 1, 3), 1) == dt.date(2031, 1, 4)  # a Saturday at work


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2031-13-01,休", "第 1 行"),
        ("2031-01-01,也许", "休"),
        ("2031-01-01,休\n2031-01-01,班", "第 2 行"),
        ("", "没有读到"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_kept(in_park: Any, text: str, said: str) -> None:
    with pytest.raises(Refused) as error:
        calendar.load(by=people.actor("park_admin", in_park), text=text)
    assert said in str(error.value.message)
    assert CalendarDay.objects.count() == 0


# Public profiles


def shown(row: PublicProfile) -> str:
    """What the page sends back of the text it showed."""
    row.refresh_from_db()
    return row.offered_at.isoformat()


def test_a_profile_is_public_only_as_the_park_agreed_to_it(office: make.Office) -> None:
    firm = Enterprise.objects.first()
    assert firm is not None
    agent = people.actor("enterprise_agent", office.park, organisation=firm.organisation)
    fields = {"intro": "专注高端传感器的研发与制造。", "website": "https://example.cn", "shows_boards": True}
    row = profiles.offer(by=agent, fields=fields)
    path = reverse("rankings:public_firm", args=[office.park.code, firm.uscc])
    assert Client().get(path).status_code == 404
    with pytest.raises(Refused):
        profiles.decide(by=office.admin, profile_id=row.pk, agree=False, seen=shown(row))
    with pytest.raises(Conflict):
        profiles.decide(by=office.admin, profile_id=row.pk, agree=True, seen="another text")
    profiles.decide(by=office.admin, profile_id=row.pk, agree=True, seen=shown(row))
    assert "高端传感器" in Client().get(path).content.decode()
    profiles.offer(by=agent, fields=fields | {"intro": "改过的简介，还没有同意。"})
    assert Client().get(path).status_code == 404
    Enterprise.objects.filter(pk=firm.pk).update(publication_refused=True)
    with pytest.raises(Conflict):
        profiles.offer(by=agent, fields=fields)
    with pytest.raises(Conflict):
        profiles.decide(by=office.admin, profile_id=row.pk, agree=True, seen=shown(row))


def test_who_offers_a_profile_does_not_agree_to_it(office: make.Office) -> None:
    firm = Enterprise.objects.first()
    assert firm is not None
    agent = people.actor("enterprise_agent", office.park, organisation=firm.organisation)
    row = profiles.offer(
        by=agent, fields={"intro": "专注高端传感器的研发。", "website": "", "shows_boards": True}
    )
    with pytest.raises((Forbidden, DatabaseError)), transaction.atomic():
        profiles.decide(by=agent, profile_id=row.pk, agree=True, seen=shown(row))


# The public site


def test_the_public_site_has_home_feed_sitemap_index_and_years(live_db: None, park: Any) -> None:
    make.published_world(park)
    client = Client()
    home = client.get(reverse("rankings:public_home", args=[park.code])).content.decode()
    assert "创新投入十强" in home and "RSS" in home
    feed = client.get(reverse("rankings:public_feed", args=[park.code]))
    assert feed["Content-Type"].startswith("application/rss+xml")
    from xml.etree import ElementTree

    assert ElementTree.fromstring(feed.content).find("channel/item") is not None  # noqa: S314  # our own text
    sitemap = client.get("/sitemap.xml").content.decode()
    assert reverse("rankings:public_board", args=[park.code, 2025, make.BOARD]) in sitemap
    index = client.get(reverse("rankings:public_index_json", args=[park.code])).json()
    assert index["boards"][0]["state"] == "final"
    years = client.get(reverse("rankings:public_years", args=[park.code])).content.decode()
    assert "首次上榜" in years and "2025 年度" in years
    found = client.get(
        reverse("rankings:public_boards", args=[park.code]), {"q": "示例企业1"}
    ).content.decode()
    assert "/firms/" in found


# The turn of the year


def test_a_year_is_closed_when_everything_is_published_and_stays_reproducible(
    live_db: None, park: Any, tmp_path: Any
) -> None:
    body = copy.deepcopy(dict(scoring._scheme.body))
    body["boards"] = [board for board in body["boards"] if board["code"] == make.BOARD]
    with park_scope(park.pk):
        scoring.scheme_version(body, "2021.2")
    office, edition = make.published_world(park)
    with park_scope(park.pk):
        Cycle.objects.update(state="frozen")
        with pytest.raises(Conflict, match="year_open") as error:
            years.close(by=office.admin, year=make.YEAR)
        assert "证书已签发" in str(error.value.message)
    with make.as_worker(tmp_path / "signing"), park_scope(park.pk):
        certificates.issue_missing(by=Actor.system(park))
    with park_scope(park.pk):
        years.close(by=office.admin, year=make.YEAR)
        assert Cycle.objects.get().state == "closed"
        with pytest.raises(Conflict, match="year_closed"):
            office.proposed()
        following = cycles.open_cycle(
            by=office.admin, year=make.YEAR + 1, scheme_version=edition.run.scheme_version,
            deadline=db_now() + dt.timedelta(days=30),
        )  # fmt: skip
        assert following.scheme_version_id == edition.scheme_version_id
        assert queries.proof_breaks(edition) == []
    call_command("verify_run", str(edition.run_id), "--park", park.code, stdout=StringIO())
