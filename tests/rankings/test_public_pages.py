"""Pages without sign-in: they show what was published and nothing else."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image

from parks.scope import park_scope
from rankings.models import PublishedBoard
from tests.factories import rankings as make
from tests.factories import scoring

pytestmark = pytest.mark.django_db
BOARD = f"/zones/cq/boards/{make.YEAR}/{make.BOARD}/"


@pytest.fixture
def office(park: Any) -> make.Office:
    with make.inside(park):
        office = make.Office(park)
        make.computed(office.officer)
    return office


@pytest.fixture
def shown(office: make.Office) -> PublishedBoard:
    """A board on notice, as the public reads it."""
    with make.inside(office.park):
        office.on_notice()
    return PublishedBoard.everywhere.get()


def public_paths(office: make.Office) -> list[str]:
    shown = PublishedBoard.everywhere.first()
    number = shown.pk if shown else 1
    return [
        "/", "/zones/cq/boards/", BOARD, f"{BOARD}editions/1/", BOARD.rstrip("/") + ".json", f"{BOARD}?export=csv",
        "/zones/cq/notices/", f"/zones/cq/notices/{number}/", f"/zones/cq/notices/{number}/object/",
        "/zones/cq/method/2021.1/", "/zones/cq/method/2021.1/?format=json",
    ]  # fmt: skip


def test_before_the_notice_the_public_sees_nothing(office: make.Office, client: Any) -> None:
    with make.inside(office.park):
        edition = office.proposed()
    canaries = ["示例企业1", scoring.uscc(1), edition.content_hash, edition.run_hash, "孙发布"]
    for path in public_paths(office):
        response = client.get(path)
        assert response.status_code in (200, 404), path
        body = response.content.decode()
        assert not [word for word in canaries if word in body], path


def test_a_notice_is_public_from_its_first_second_with_its_exact_end(
    shown: PublishedBoard, client: Any
) -> None:
    body = client.get(f"/zones/cq/notices/{shown.pk}/").content.decode()
    assert "24:00" in body
    assert make.CONTACT in body
    assert "还有 5 个工作日" in body or "还有 6 个工作日" in body
    assert "提出异议" in body
    assert shown.content_hash in body
    board = client.get(BOARD).content.decode()
    assert "公示中" in board and f"/notices/{shown.pk}/object/" in board
    assert board.count('class="place"') == 10
    assert board.count("并列</small>") == 2


def test_a_shared_link_shows_a_picture_of_the_board_or_the_place(shown: PublishedBoard, client: Any) -> None:
    for path in (BOARD, f"{BOARD}places/1/"):
        body = client.get(path).content.decode()
        assert 'property="og:title"' in body
        address = body.split('property="og:image" content="')[1].split('"')[0]
        picture = client.get(address.removeprefix("http://testserver"))
        assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
        with Image.open(io.BytesIO(picture.content)) as image:
            assert image.size == (1200, 630)
        assert len(picture.content) < 60_000
    assert "第 1 名" in client.get(f"{BOARD}places/1/").content.decode()
    for path in ("places/99/", "places/99/card.png"):
        assert client.get(f"{BOARD}{path}").status_code == 404


def test_only_the_board_is_told_of_a_firm(office: make.Office, shown: PublishedBoard, client: Any) -> None:
    """Planted: total points, contact of the objector, names of persons, firms that are not on the board."""
    from rankings.models import BoardEntry
    from rankings.services import objections

    with make.inside(office.park):
        objections.file_publicly(
            published=shown,
            name="举报人甲",
            contact="13912345678",
            statement="不应公开的事实和依据。",
            address="10.9.9.9",
        )
        total = BoardEntry.objects.filter(edition=shown.edition_id).first().total
    hidden = [
        "举报人甲",
        "13912345678",
        "不应公开的事实",
        "10.9.9.9",
        office.officer.person_name,
        office.publisher.person_name,
        f">{total}<",
        "示例企业13<",
    ]
    for path in public_paths(office):
        body = client.get(path).content.decode()
        assert not [word for word in hidden if word in body], path


def test_who_refused_publication_is_on_no_public_page(office: make.Office, client: Any) -> None:
    from enterprises.models import Enterprise

    with make.inside(office.park):
        firm = Enterprise.objects.get(uscc=scoring.uscc(1))
        firm.publication_refused = True
        firm.save()
        office.on_notice()
    for path in public_paths(office):
        body = client.get(path).content.decode()
        assert firm.uscc not in body, path
        assert f"{firm.name}<" not in body, path


def test_the_json_can_be_checked_without_this_program(shown: PublishedBoard, client: Any) -> None:
    import hashlib

    data = client.get(BOARD.rstrip("/") + ".json").json()
    entry = data["entries"][0]
    line = {key: entry[key] for key in ("position", "place", "tied", "uscc", "name", "stage", "score")} | {
        "v": 1
    }
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(b"\x00" + text.encode()).hexdigest() == entry["leaf"]
    assert hashlib.sha256((data["prev"] + data["content_hash"]).encode()).hexdigest() == data["chain"]


def test_csv_has_the_lines_of_the_page(shown: PublishedBoard, client: Any) -> None:
    response = client.get(f"{BOARD}?export=csv")
    rows = response.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 11
    assert rows[0] == "名次,并列,企业,统一社会信用代码,企业阶段,榜单得分"


def test_anybody_files_an_objection_and_gets_a_receipt(
    office: make.Office, shown: PublishedBoard, client: Any
) -> None:
    path = f"/zones/cq/notices/{shown.pk}/object/"
    response = client.post(path, {"name": "", "contact": "", "statement": "短"})
    assert response.status_code == 422
    assert "请填写真实姓名" in response.content.decode()
    response = client.post(
        path,
        {
            "name": "张三",
            "contact": "13800000000",
            "statement": "研发费用与审计报告不一致。",
            "about_uscc": scoring.uscc(1),
        },
    )
    assert response.status_code == 201
    with make.inside(office.park):
        row = make.BoardEdition.objects.get().objections.get()
        assert row.about.uscc == scoring.uscc(1)
    assert row.receipt in response.content.decode()


def test_after_the_end_the_form_is_gone(live_db: None, park: Any, client: Any) -> None:
    _office, _edition = make.published_world(park)
    shown = PublishedBoard.everywhere.get()
    response = client.get(f"/zones/cq/notices/{shown.pk}/object/")
    assert response.status_code == 410
    assert "逾期视为无异议" in response.content.decode()
    body = client.get(BOARD).content.decode()
    assert "正式" in body
    assert "公示中" not in body


def test_a_superseded_edition_stays_readable_with_a_banner(live_db: None, park: Any, client: Any) -> None:
    from rankings.services import publication

    office, edition = make.published_world(park)
    with park_scope(park.pk):
        publication.withdraw(by=office.publisher, edition=edition, reason="发现数据造假")
    body = client.get(BOARD).content.decode()
    assert "这份榜单已撤回" in body
    assert "发现数据造假" in body
    assert body.count('class="place"') == 10


def test_a_board_of_one_zone_is_not_found_under_another(
    shown: PublishedBoard, other_park: Any, client: Any
) -> None:
    for path in (BOARD, f"/zones/cq/notices/{shown.pk}/", "/zones/cq/method/2021.1/"):
        assert client.get(path).status_code == 200
        assert client.get(path.replace("/cq/", "/hz/")).status_code == 404


def test_the_method_page_tells_every_indicator_and_board(shown: PublishedBoard, client: Any) -> None:
    body = client.get("/zones/cq/method/2021.1/").content.decode()
    for item in (*scoring._scheme.indicators, *scoring._scheme.boards):
        assert item.zh in body
    data = client.get("/zones/cq/method/2021.1/?format=json").json()
    assert data["code"] == scoring._scheme.code


# The office and the enterprise in a browser


def test_the_walk_of_a_board_through_the_pages(office: make.Office, client_as: Any, client: Any) -> None:
    officer, publisher, admin = (
        client_as(office.officer),
        client_as(office.publisher),
        client_as(office.admin),
    )
    page = officer.get(reverse("rankings:year", kwargs={"park": "cq", "year": make.YEAR}))
    assert page.status_code == 200
    assert page.content.decode().count("提请公示") == 4
    assert (
        officer.get(
            reverse("rankings:preview", kwargs={"park": "cq", "year": make.YEAR, "board": make.BOARD})
        ).status_code
        == 200
    )
    propose = reverse("rankings:propose", kwargs={"park": "cq", "year": make.YEAR, "board": make.BOARD})
    assert publisher.post(propose).status_code == 403
    response = officer.post(propose)
    assert response.status_code == 302
    assert officer.post(propose).status_code == 409
    with make.inside(office.park):
        edition = make.BoardEdition.objects.get()
    assert "核对通过" in officer.get(response["Location"]).content.decode()
    notice = reverse("rankings:put_on_notice", kwargs={"park": "cq", "edition_id": edition.pk})
    assert officer.get(notice).status_code == 403
    assert "24:00" in publisher.get(notice).content.decode()
    assert publisher.post(notice, {"working_days": 3, "contact": "x"}).status_code == 422
    fine = {"working_days": 5, "contact": "王女士"}
    assert publisher.post(notice, fine).status_code == 302
    here = reverse("rankings:edition", kwargs={"park": "cq", "edition_id": edition.pk})
    assert "还有约 15 分钟" in publisher.get(here).content.decode()
    response = publisher.post(notice, fine)
    assert response.status_code == 409 and "正在倒计时" in response.content.decode()
    assert client.get(BOARD).status_code == 404
    recall = reverse("rankings:recall", kwargs={"park": "cq", "edition_id": edition.pk})
    assert admin.post(recall).status_code == 403
    assert officer.post(recall).status_code == 302
    assert officer.post(recall).status_code == 409
    assert publisher.post(notice, fine).status_code == 302
    assert "countdown" in publisher.get(here, headers={"HX-Request": "true"}).content.decode()
    with make.inside(office.park):
        make.countdowns_end(office.park, settle=False)
    assert publisher.get(here, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert client.get(BOARD).status_code == 200
    publish = reverse("rankings:publish", kwargs={"park": "cq", "edition_id": edition.pk})
    assert publisher.post(publish).status_code == 403
    response = client_as(office.second).post(publish)
    assert response.status_code == 409
    assert "公示期未满" in response.content.decode()
    assert admin.get(reverse("rankings:objections", kwargs={"park": "cq"})).status_code == 200


def test_an_enterprise_objects_and_the_office_answers(
    office: make.Office, shown: PublishedBoard, actors: Any, client_as: Any
) -> None:
    firm = client_as(actors("enterprise_agent", office.park))
    assert firm.get("/p/cq/e/objections/").status_code == 200
    path = f"/p/cq/e/notices/{shown.pk}/object/"
    assert firm.post(path, {"contact": "1"}).status_code == 422
    assert (
        firm.post(path, {"contact": "13800000000", "statement": "本企业的研发费用少计了一笔。"}).status_code
        == 302
    )
    with make.inside(office.park):
        row = make.BoardEdition.objects.get().objections.get()
    assert row.receipt in firm.get("/p/cq/e/objections/").content.decode()
    other = client_as(actors("enterprise_agent", office.park))
    assert row.receipt not in other.get("/p/cq/e/objections/").content.decode()
    admin = client_as(office.admin)
    base = f"/p/cq/office/objections/{row.pk}/"
    assert admin.post(f"{base}answer/", {"outcome": "rejected", "text": "无据"}).status_code == 409
    assert admin.post(f"{base}accept/").status_code == 302
    assert admin.post(f"{base}investigate/", {"findings": ""}).status_code == 422
    assert admin.post(f"{base}investigate/", {"findings": "核对了审计报告"}).status_code == 302
    assert admin.post(f"{base}answer/", {"outcome": "rejected", "text": ""}).status_code == 422
    assert admin.post(f"{base}answer/", {"outcome": "rejected", "text": "经核对一致。"}).status_code == 302
    assert "经核对一致" in firm.get("/p/cq/e/objections/").content.decode()


def test_members_of_another_park_find_neither_edition_nor_objection(
    shown: PublishedBoard, other_park: Any, actors: Any, client_as: Any
) -> None:
    stranger = client_as(actors("publisher", other_park))
    for path in (
        f"/p/cq/office/editions/{shown.edition_id}/",
        f"/p/hz/office/editions/{shown.edition_id}/",
        f"/p/hz/office/editions/{shown.edition_id}/notice/",
    ):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/p/hz/office/editions/{shown.edition_id}/publish/").status_code == 404
    firm = client_as(actors("enterprise_agent", other_park))
    assert firm.get(f"/p/hz/e/notices/{shown.pk}/object/").status_code == 404


def test_the_api_lists_the_boards_of_the_park(
    office: make.Office, shown: PublishedBoard, client_as: Any, client: Any
) -> None:
    data = client_as(office.officer).get("/api/v1/parks/cq/boards/?board=innovation_input").json()
    assert (data["count"], len(data["results"][0]["entries"])) == (1, 10)
    assert client.get("/api/v1/parks/cq/boards/").status_code == 401


def test_the_readers_address_is_the_one_our_own_proxy_saw(rf: Any, settings: Any) -> None:
    """A header that the reader wrote does not give a fresh allowance of tries."""
    from parks.http import client_address

    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})
    settings.PROXY_COUNT = 0
    assert client_address(request) == "10.0.0.1"
    settings.PROXY_COUNT = 1
    assert client_address(request) == "203.0.113.9"


def test_a_new_method_says_what_it_changes_against_the_one_before(
    shown: PublishedBoard, office: make.Office, client: Any
) -> None:
    body = copy.deepcopy(dict(scoring._scheme.body))
    body["indicators"][0]["zh"] = "营收增长率"
    with make.inside(office.park):
        scoring.cycle(make.YEAR + 1, scoring.scheme_version(body, "2021.2"))
        make.computed(office.officer, make.cases_again(), year=make.YEAR + 1)
        office.on_notice(year=make.YEAR + 1)
    page = client.get("/zones/cq/method/2021.2/").content.decode()
    assert "与上一版 2021.1 相比" in page and "改为“营收增长率”" in page
    assert "与上一版" not in client.get("/zones/cq/method/2021.1/").content.decode()
