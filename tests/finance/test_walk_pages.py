"""The walk in the browser's terms: every page of lending answers, forms work without script, refusals say why."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from finance.models import Application, Consent, ConsentAccess, CreditLine
from finance.services import consents
from parks.scope import park_scope
from scoring.models import ScoreRun
from tests.factories import finance, lending, loans

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(park: Any) -> lending.World:
    with park_scope(park.pk):
        return lending.world(park)


def key_of(response: Any) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode()).group(1)


def hash_of(response: Any) -> str:
    return re.search(r'name="content_hash" value="([^"]+)"', response.content.decode()).group(1)


def test_from_the_market_to_an_approved_loan(world: lending.World, client_as: Any) -> None:
    firm, maker, checker = client_as(world.signatory), client_as(world.maker), client_as(world.checker)
    code = world.version.product.code
    market = firm.get("/p/cq/e/finance/")
    assert market.status_code == 200
    text = market.content.decode()
    assert "900.00" in text
    assert "以银行最终审批为准" in text
    assert "净资产" in text
    url = f"/p/cq/e/finance/{code}/consent/"
    page = firm.get(url)
    assert world.enterprise.name in page.content.decode()
    assert firm.post(url, {"months": 6, "groups": ["id"], "confirm": "on"}).status_code == 422
    assert firm.post(url, {}).status_code == 422
    words = re.search(r'name="read_words" value="(\w{64})"', page.content.decode())
    assert words is not None
    signed = {"months": 6, "groups": ["id", "score", "dims", "fin"], "confirm": "on", "read_words": words[1]}
    assert firm.post(url, signed).status_code == 302
    url = f"/p/cq/e/finance/{code}/apply/"
    key = key_of(firm.get(url))
    body = {"amount": "500", "term_months": "12", "purpose": "采购", "idempotency_key": key}
    assert firm.post(url, body | {"amount": "901", "idempotency_key": "other"}).status_code == 409
    assert firm.post(url, body | {"amount": "五百"}).status_code == 422
    sent = firm.post(url, body)
    assert sent.status_code == 302
    assert firm.post(url, body)["Location"] == sent["Location"]
    assert firm.post(url, body | {"amount": "400"}).status_code == 422
    with park_scope(world.park.pk):
        application = Application.objects.get()
    assert "500.00" in firm.get(sent["Location"]).content.decode()

    queue = maker.get("/p/cq/bank/applications/").content.decode()
    assert world.enterprise.name in queue
    url = f"/p/cq/bank/applications/{application.pk}/"
    dossier = maker.get(url)
    assert "50,000,000" not in dossier.content.decode()
    assert maker.post(f"{url}acknowledge/").status_code == 302
    proposal = {
        "amount": "400",
        "rate": "3.45",
        "term_months": "12",
        "idempotency_key": key_of(maker.get(url)),
    }
    refused = maker.post(url, proposal | {"rate": "9"})
    assert refused.status_code == 422
    assert world.enterprise.name not in refused.content.decode(), "no data on a page whose read is not logged"
    assert maker.post(url, proposal).status_code == 302

    assert f"/p/cq/bank/check/{application.pk}/" in checker.get("/p/cq/bank/check/").content.decode()
    url = f"/p/cq/bank/check/{application.pk}/"
    verdict = {"content_hash": hash_of(checker.get(url)), "outcome": "approve"}
    assert checker.post(url, {"content_hash": "0" * 64, "outcome": "approve"}).status_code == 409
    assert checker.post(url, verdict).status_code == 302
    assert "已审批" in firm.get(sent["Location"]).content.decode()
    log = firm.get("/p/cq/e/access-log/").content.decode()
    assert world.maker.person_name in log
    assert world.checker.person_name in log


def test_revoking_takes_the_data_away_at_once(world: lending.World, client_as: Any) -> None:
    firm, maker = client_as(world.signatory), client_as(world.maker)
    with park_scope(world.park.pk):
        consent, application = world.consent(), world.apply()
    url = f"/p/cq/bank/applications/{application.pk}/"
    assert world.enterprise.name in maker.get(url).content.decode()
    page = firm.get(f"/p/cq/e/consents/{consent.pk}/revoke/").content.decode()
    assert application.number in page
    assert firm.post(f"/p/cq/e/consents/{consent.pk}/revoke/", {"confirm": "on"}).status_code == 302
    for address in (url, "/p/cq/bank/applications/"):
        text = maker.get(address).content.decode()
        assert world.enterprise.name not in text
        assert world.enterprise.uscc not in text
        assert "授权已撤回或到期" in text
    export = maker.get("/p/cq/bank/applications/?export=csv").content.decode()
    assert world.enterprise.name not in export
    with park_scope(world.park.pk):
        reads = ConsentAccess.objects.count()
        assert reads == 1
        assert Consent.objects.get().revoked_at is not None


def test_another_bank_and_another_firm_get_the_same_404_as_for_nothing(
    world: lending.World, client_as: Any, actors: Any
) -> None:
    with park_scope(world.park.pk):
        consent, application = world.consent(), world.apply()
    stranger = client_as(actors("bank_maker", world.park))
    other_firm = client_as(actors("enterprise_signatory", world.park))
    for client, address in (
        (stranger, "/p/cq/bank/applications/{}/"), (other_firm, "/p/cq/e/loans/{}/"), (other_firm, "/p/cq/e/consents/{}/revoke/"),
    ):  # fmt: skip
        number = consent.pk if "consents" in address else application.pk
        foreign, absent = client.get(address.format(number)), client.get(address.format(987654))
        assert (foreign.status_code, absent.status_code) == (404, 404)
        asked = {foreign: address.format(number), absent: address.format(987654)}
        same = [  # but for the form's token and the address that was asked
            re.sub(r'value="\w{64}"', "", page.content.decode()).replace(url, "")
            for page, url in asked.items()
        ]
        assert same[0] == same[1]
        assert set(foreign.headers) == set(absent.headers)
    text = stranger.get("/p/cq/bank/applications/").content.decode()
    assert application.number not in text
    assert world.enterprise.name not in text
    assert "共 0 条" in text


def test_products_page_proposes_and_another_person_activates(world: lending.World, client_as: Any) -> None:
    maker, checker = client_as(world.maker), client_as(world.checker)
    page = maker.get("/p/cq/bank/products/")
    body = {
        "code": "second", "name": "第二", "cap": "1000", "min_score": "60", "rate_low": "3", "rate_high": "4.5", "term_min": "3",
        "term_max": "24", "idempotency_key": key_of(page),
    }  # fmt: skip
    assert (
        maker.post("/p/cq/bank/products/", body | {"rate_low": "5", "idempotency_key": "x"}).status_code
        == 422
    )
    answer = maker.post("/p/cq/bank/products/", body)
    assert answer.status_code == 302, re.findall(r"field-error.>([^<]*)", answer.content.decode())
    with park_scope(world.park.pk):
        from finance.models import ProductVersion

        version = ProductVersion.objects.get(product__code="second")
        assert version.fresh_months == 24, "left blank"
    address = f"/p/cq/bank/products/{version.pk}/activate/"
    assert maker.post(address).status_code == 403
    assert checker.post(address).status_code == 302
    assert checker.post(address).status_code == 409


def test_office_sees_totals_of_five_and_more_only(world: lending.World, client_as: Any, actors: Any) -> None:
    with park_scope(world.park.pk):
        world.consent()
        world.apply()
    office = client_as(actors("park_admin", world.park))
    text = office.get("/p/cq/office/finance/").content.decode()
    assert "待银行受理" in text
    assert "5,000,000.00" not in text


def test_pages_without_an_enterprise_or_product_say_so(park: Any, client_as: Any, actors: Any) -> None:
    firm = client_as(actors("enterprise_signatory", park))
    assert "还没有在本园区登记企业" in firm.get("/p/cq/e/finance/").content.decode()
    for address in ("/p/cq/e/loans/", "/p/cq/e/consents/", "/p/cq/e/access-log/"):
        assert firm.get(address).status_code == 200
    assert firm.get("/p/cq/e/finance/absent/apply/").status_code == 404


def test_a_guaranteed_loan_is_proposed_on_the_page(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        scene = loans.scene(park)
        application = scene.apply()
        scene.pledge(application)
    maker, url = client_as(scene.maker), f"/p/cq/bank/applications/{application.pk}/"
    body = {"amount": "100", "rate": "3.6", "term_months": "12", "idempotency_key": key_of(maker.get(url))}
    assert maker.post(url, body).status_code == 302
    with park_scope(park.pk):
        application.refresh_from_db()
        assert application.status == "proposed"


def test_early_warnings_read_scores_by_consent_only(park: Any, client_as: Any) -> None:
    """A veto is told while the consent holds, and each look is on record; afterwards only what the bank knows itself."""
    with park_scope(park.pk):
        scene = loans.scene(park)
        scene.loan(days_ago=70)
        lending.score(scene.firm.enterprise, year=lending.YEAR + 1, flags=2)
        consent = Consent.objects.get(organisation=scene.bank)
    maker, ops = client_as(scene.maker), client_as(scene.ops)

    def shows_veto(client: Any) -> bool:
        text = client.get("/p/cq/desk/loans/").content.decode()
        assert "逾期" in text
        return "一票否决" in text

    assert not shows_veto(ops), "who only books money is shown no scores"
    assert shows_veto(maker)
    with park_scope(park.pk):
        reads = ConsentAccess.objects.filter(consent=consent, groups=["score"])
        assert [one.person_name for one in reads] == [scene.maker.person_name]
        consents.revoke(by=scene.firm.signatory, consent_id=consent.pk)
    assert not shows_veto(maker)
    with park_scope(park.pk):
        assert ConsentAccess.objects.filter(groups=["score"]).count() == 1


def test_a_fall_is_told_by_one_method_only(park: Any, client_as: Any) -> None:
    """86 after 95 points is a fall, unless last year was counted by another method and cannot be counted again."""
    with park_scope(park.pk):
        scene = loans.scene(park)
        scene.loan()
        finance.score(scene.firm.enterprise, points=95, stage="growth", year=finance.YEAR - 1)
    maker = client_as(scene.maker)
    assert "积分比上年下降 9.0 分" in maker.get("/p/cq/desk/loans/").content.decode()
    with park_scope(park.pk):
        ScoreRun.objects.filter(cycle__year=finance.YEAR - 1).update(scheme_digest="0" * 64)
    assert "积分比上年下降" not in maker.get("/p/cq/desk/loans/").content.decode()


def test_the_memo_names_who_printed_it_and_is_a_read(
    world: lending.World, client_as: Any, actors: Any
) -> None:
    with park_scope(world.park.pk):
        consent, application = world.consent(), world.apply()
        url = f"/p/cq/bank/applications/{application.pk}/memo/"
        stranger, maker = client_as(actors("bank_checker", world.park)), client_as(world.maker)
    assert maker.get(url).status_code == 404, "nothing is proposed yet"
    with park_scope(world.park.pk):
        world.propose(application)
        world.approve(application)
    text = maker.get(url).content.decode()
    for part in (world.enterprise.name, world.checker.person_name, "4,000,000.00", 'class="watermark"'):
        assert part in text
    assert stranger.get(url).status_code == 404
    pdf = maker.get(url + "?export=pdf")
    assert (pdf.status_code, pdf.content[:4]) in ((200, b"%PDF"), (503, b"<!do"))  # where libpango is missing
    with park_scope(world.park.pk):
        assert ConsentAccess.objects.filter(subject__startswith="审批意见书").count() == 2
        consents.revoke(by=world.signatory, consent_id=consent.pk)
    text = maker.get(url).content.decode()
    assert "4,000,000.00" in text
    assert world.enterprise.name not in text


def test_renewal_and_freeze_on_the_firms_pages(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        bank, firm = finance.bank(park), finance.firm(park)
        consent = finance.consent(bank, firm, days=200, starts=dt.timedelta(days=-190))
        application = finance.submitted(bank, firm, finance.line(bank, firm, consent), consent)
    client, maker, checker = client_as(firm.signatory), client_as(bank.maker), client_as(bank.checker)
    url = f"/p/cq/e/consents/{consent.pk}/renew/"
    assert url in client.get("/p/cq/e/consents/").content.decode()
    assert client.post(url, {"months": 12}).status_code == 422
    assert client.post(url, {"months": 12, "confirm": "on"}).status_code == 302
    assert client.post(url, {"months": 12, "confirm": "on"}).status_code == 409
    assert "已续签" in client.get("/p/cq/e/consents/").content.decode()

    case = f"/p/cq/desk/loans/{application.pk}/"
    order = {"action": "freeze", "reason": "疑似材料不实", "idempotency_key": "freeze-1"}
    assert maker.post(case, order).status_code == 302
    assert maker.post(case, order)["Location"] == case, "a second click is led where the first was"
    assert maker.post(case, order | {"reason": "别的"}).status_code == 422
    assert maker.post(case, order | {"idempotency_key": "freeze-1b"}).status_code == 409
    assert "待另一人确认" in checker.get(case).content.decode()
    confirm = {"action": "freeze_confirm", "idempotency_key": "freeze-2"}
    assert checker.post(case, confirm | {"shown": "别的理由"}).status_code == 409
    seen = re.search(
        r'name="shown" value="([^"]+)" id="freeze_confirm_shown"', checker.get(case).content.decode()
    )
    assert seen and seen[1].startswith("疑似材料不实")
    assert checker.post(case, confirm | {"shown": seen[1]}).status_code == 302
    for address in ("/p/cq/e/finance/", f"/p/cq/e/loans/{application.pk}/"):
        assert "疑似材料不实" in client.get(address).content.decode()


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "2026-13", "x", "2026-02"])
def test_any_month_may_be_asked(park: Any, client_as: Any, actors: Any, month: str) -> None:
    assert (
        client_as(actors("park_admin", park)).get(f"/p/cq/office/finance/?month={month}").status_code == 200
    )


def test_a_second_click_shows_the_result_of_the_first(world: lending.World, client_as: Any) -> None:
    """Forms whose effect changes the state: the same key leads to the same place, a new one is told why not."""
    with park_scope(world.park.pk):
        consent = world.consent()
        application = world.apply()
    maker, firm = client_as(world.maker), client_as(world.signatory)
    steps = (
        (maker, f"/p/cq/bank/applications/{application.pk}/acknowledge/", {}),
        (firm, f"/p/cq/e/loans/{application.pk}/withdraw/", {"note": "不需要了"}),
        (firm, f"/p/cq/e/consents/{consent.pk}/revoke/", {"confirm": "on"}),
    )
    for number, (client, url, body) in enumerate(steps):
        sent = [client.post(url, body | {"idempotency_key": f"click-{number}"}) for _time in range(2)]
        assert [answer.status_code for answer in sent] == [302, 302], url
        assert sent[0]["Location"] == sent[1]["Location"]
    assert firm.post(steps[1][1], steps[1][2] | {"idempotency_key": "other"}).status_code == 409


def test_a_bank_freezes_a_line_on_its_own_page(world: lending.World, client_as: Any, actors: Any) -> None:
    with park_scope(world.park.pk):
        world.consent()
        line = CreditLine.objects.get()
    maker, checker, firm = client_as(world.maker), client_as(world.checker), client_as(world.signatory)
    office, url = client_as(actors("park_admin", world.park)), f"/p/cq/bank/lines/{line.pk}/"
    assert world.enterprise.name in maker.get("/p/cq/bank/lines/").content.decode()
    assert maker.post(url, {"step": "freeze", "reason": "", "idempotency_key": "f1"}).status_code == 422
    assert maker.post(url, {"step": "freeze", "reason": "核查", "idempotency_key": "f1"}).status_code == 302
    assert maker.post(url, {"step": "confirm", "idempotency_key": "f2"}).status_code == 403
    assert checker.post(url, {"step": "drop", "idempotency_key": "f3"}).status_code == 302
    ask = {"uscc": "x", "ground": "score_fall", "reason": "下降 12 分", "idempotency_key": "a1"}
    assert "没有这个信用代码" in office.post("/p/cq/office/finance/freeze/", ask).content.decode()
    ask["uscc"] = world.enterprise.uscc
    assert office.post("/p/cq/office/finance/freeze/", ask).status_code == 302
    assert "园区提议（积分大幅下降）" in checker.get(url).content.decode()
    assert checker.post(url, {"step": "confirm", "idempotency_key": "f4"}).status_code == 302
    assert "下降 12 分" in firm.get("/p/cq/e/finance/").content.decode()
    with park_scope(world.park.pk):
        stranger = client_as(finance.bank(world.park, name="别的银行", code="other-loan").maker)
    assert stranger.get(url).status_code == 404
