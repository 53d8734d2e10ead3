"""What a consent names is what a bank sees: groups, documents one by one, pages, prints and PDF alike, and nothing after."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enterprises.models import Certification, EvidenceNote
from enterprises.queries import evidence
from finance.models import ConsentAccess
from finance.queries.card import card
from finance.queries.package import sections_of
from finance.rules import CREDIT_GROUPS, GUARANTEE_GROUPS, MORE_GROUPS
from finance.services import consents
from finance.states import GROUPS
from innovscore.core.problems import Conflict, NotFound, Refused
from parks.scope import park_scope
from tests.factories import bankapi, dossier
from tests.factories import finance as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(park: Any) -> dossier.Case:
    return dossier.case(park)


@pytest.fixture
def inside(case: dossier.Case) -> Any:
    with park_scope(case.park.pk):
        yield case


def test_a_product_needs_four_groups_and_the_firm_may_add_three() -> None:
    assert (*CREDIT_GROUPS, *MORE_GROUPS) == tuple(GROUPS)


def test_the_firm_adds_groups_and_signs_words_that_name_them(inside: dossier.Case) -> None:
    version = inside.bank.version
    digests = {
        consents.digest_of_words(version, (*CREDIT_GROUPS, *more))
        for more in ((), ("history",), ("evidence",), MORE_GROUPS)
    }
    assert len(digests) == 4
    grant = {"by": inside.firm.signatory, "product_code": inside.bank.product.code, "months": 6}
    with pytest.raises(Refused):
        consents.grant(**grant, groups=("id", "score", "history"))
    with pytest.raises(Conflict, match="words_changed"):
        consents.grant(
            **grant, groups=(*CREDIT_GROUPS, "history"), read_words=consents.digest_of_words(version)
        )
    made = consents.grant(
        **grant, groups=("history", *CREDIT_GROUPS),
        read_words=consents.digest_of_words(version, (*CREDIT_GROUPS, "history")),
    )  # fmt: skip
    assert made.groups == [*CREDIT_GROUPS, "history"]
    assert "历年积分" in made.text
    assert "各项指标" not in made.text


def test_the_words_are_the_same_in_every_language_of_the_page(inside: dossier.Case) -> None:
    digest = consents.digest_of_words(inside.bank.version, GROUPS)
    with translation.override("en"):
        assert consents.digest_of_words(inside.bank.version, GROUPS) == digest


def test_what_the_firm_adds_is_not_for_the_guarantor(inside: dossier.Case) -> None:
    guarantor = make.people.organisation("guarantor", "江城担保")
    reader = make.people.actor("guarantor_maker", inside.park, organisation=guarantor)
    bank = make.bank(
        inside.park,
        name="山城银行",
        code="guaranteed",
        guarantor=guarantor,
        cover_low="0.6",
        cover_high="0.8",
    )
    consents.grant(by=inside.firm.signatory, product_code="guaranteed", months=6, groups=GROUPS)
    given = {one.organisation_id: one for one in make.Consent.objects.filter(product=bank.product)}
    assert given[bank.organisation.pk].groups == list(GROUPS)
    own = given[guarantor.pk]
    assert own.groups == list(GUARANTEE_GROUPS)
    assert not any(word in own.text for word in ("证明材料", "各项指标", "历年积分", "财务区间"))
    shown = consents.read(by=reader, consent_id=own.pk, subject="a", groups=GROUPS) or []
    assert [section.group for section in shown] == list(GUARANTEE_GROUPS)
    for consent in given.values():
        with pytest.raises(NotFound, match="no_document"):
            consents.open_document(
                by=reader, consent_id=consent.pk, file_id=inside.papers["revenue"].pk, page=1
            )


def test_indicators_are_those_of_the_score_with_people_as_counts(inside: dossier.Case) -> None:
    content = card(inside.firm.enterprise.pk, GROUPS)
    items = content["indicators"]["items"]  # type: ignore[index]
    assert len(items) == 30
    points = sum(item["points"] for item in items)
    assert abs(points - content["score"]["total"]) < 1  # type: ignore[index]
    people = [item["value"] for item in items if item["dimension"] == "talent" and item["value"]]
    assert all(value.replace(".", "").isdigit() for value in people)


def test_the_median_of_the_stage_stands_beside_each_dimension(inside: dossier.Case) -> None:
    dims = card(inside.firm.enterprise.pk, ["dims"])["dims"]
    assert dims is not None
    assert set(dims["points"]) == set(dims["median"]) == set(dims["reachable"]) == set(dims["names"])
    assert sum(dims["reachable"].values()) == 100
    assert all(dims["points"][code] <= dims["reachable"][code] for code in dims["points"])


def test_history_is_of_published_years_up_to_the_one_in_force(park: Any) -> None:
    with park_scope(park.pk):
        firm = make.firm(park)
        for year, points, official in (
            (2022, 60, True),
            (2023, 70, True),
            (2024, 80, True),
            (2026, 90, False),
        ):
            make.score(firm.enterprise, points=points, stage="growth", year=year, official=official)
        history = card(firm.enterprise.pk, ["history"])["history"]
        assert history is not None
        assert [(year["year"], int(year["total"])) for year in history["years"]] == [
            (2023, 70),
            (2024, 80),
            (2025, 86),
        ]
        assert [year["comparable"] for year in history["years"]] == [
            year["total"] for year in history["years"]
        ]


def test_papers_about_people_and_letters_are_never_in_the_list(inside: dossier.Case) -> None:
    def listed() -> list[str]:
        return dossier.names(evidence.releasable(enterprise_id=inside.firm.enterprise.pk, year=2025))

    audit, research = inside.papers["revenue"], inside.papers["rd_expense"]
    assert sorted(listed()) == sorted(dossier.PAPERS.values())
    EvidenceNote.objects.create(file=research, title="专项审计", proves=["rd_staff"])
    assert listed() == [audit.filename]
    EvidenceNote.objects.filter(file=research).update(proves=["not_in_the_scheme"])
    assert listed() == [audit.filename]
    EvidenceNote.objects.filter(file=research).update(proves=["rd_expense"])
    assert listed() == ["专项审计", audit.filename]
    Certification.objects.create(enterprise=inside.firm.enterprise, licence=research, letter=audit)
    assert listed() == []


def test_each_opening_of_a_paper_is_a_read_by_its_name(inside: dossier.Case) -> None:
    consent = inside.grant("evidence")
    found, drawn = consents.open_document(
        by=inside.bank.maker, consent_id=consent.pk, file_id=inside.papers["revenue"].pk, page=9
    )
    assert (found.title, drawn.number, drawn.jpeg[:2]) == ("年度审计报告.pdf", 1, b"\xff\xd8")
    read = ConsentAccess.objects.get()
    assert (read.subject, read.groups) == ("材料第 1 页：年度审计报告.pdf", ["evidence"])


def refused(case: dossier.Case, consent_id: int, file_id: int, by: Any = None) -> None:
    with pytest.raises(NotFound, match="no_document"):
        consents.open_document(by=by or case.bank.maker, consent_id=consent_id, file_id=file_id, page=1)
    assert not ConsentAccess.objects.exists()


def test_a_paper_without_its_group_a_foreign_one_or_one_off_the_list_does_not_exist(
    inside: dossier.Case,
) -> None:
    audit = inside.papers["revenue"].pk
    plain = inside.grant()
    refused(inside, plain.pk, audit)
    consents.revoke(by=inside.firm.signatory, consent_id=plain.pk)
    consent = inside.grant("evidence")
    other = make.firm(inside.park, 77)
    before = make.declare(inside.firm.enterprise, 2023, {"revenue": 1})
    foreign = dossier.attach(other, make.Cycle.objects.get(year=2025), {"revenue": "别家.pdf"})["revenue"]
    former = dossier.attach(inside.firm, before.cycle, {"revenue": "旧年.pdf"})["revenue"]
    for file_id in (foreign.pk, former.pk, inside.papers["rd_staff"].pk, 987_654):
        refused(inside, consent.pk, file_id)
    stranger = make.bank(inside.park, name="山城银行", code="other")
    refused(inside, consent.pk, audit, by=stranger.maker)
    consents.revoke(by=inside.firm.signatory, consent_id=consent.pk)
    refused(inside, consent.pk, audit)


@given(
    groups=st.sets(st.sampled_from(list(GROUPS)), min_size=1),
    asked=st.sets(st.sampled_from(list(GROUPS)), min_size=1),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_have_no_key_beyond_the_groups_consented_to(
    case: dossier.Case, groups: set[str], asked: set[str]
) -> None:
    """Whatever is asked for: the groups of pages and API are those of the consent, and each has its canary nowhere else."""
    with park_scope(case.park.pk):
        consent = make.consent(case.bank, case.firm, groups=tuple(groups))
        shown = consents.read(by=case.bank.maker, consent_id=consent.pk, subject="a") or []
        assert {section.group for section in shown} == groups
        engine = bankapi.engine(bankapi.ops_of(case.bank.organisation.pk, case.park))
    answer = engine.get(
        f"enterprises/{case.firm.enterprise.uscc}/scorecard?consent={consent.pk}&groups={','.join(sorted(asked))}"
    )
    assert set(answer.json()) == {"consent", "groups"} | (groups & asked)
    for group, canary in CANARIES.items():
        assert (canary in answer.content.decode()) == (group in groups & asked), group
    with park_scope(case.park.pk):
        make.revoke(consent, case.firm)
    assert (
        engine.get(f"enterprises/{case.firm.enterprise.uscc}/scorecard?consent={consent.pk}").status_code
        == 403
    )


CANARIES = {
    "score": "run_hash", "dims": "median", "fin": '"below"', "indicators": "rd_intensity", "history": "comparable",
    "evidence": "年度审计报告",
}  # fmt: skip


def pages_of(number: int, paper: int) -> list[str]:
    base = f"/p/cq/bank/applications/{number}/"
    return [base, f"{base}print/", f"{base}print/?export=pdf", f"{base}documents/{paper}/"]


def test_pages_prints_and_papers_show_what_was_released_and_name_the_rest(
    case: dossier.Case, client_as: Any
) -> None:
    with park_scope(case.park.pk):
        number = case.apply(case.grant("evidence")).pk
        paper = case.papers["revenue"].pk
    reader = client_as(case.bank.maker)
    for path in pages_of(number, paper):
        answer = reader.get(path)
        assert answer.status_code == 200, path
        assert "no-store" in answer["Cache-Control"]
        assert "ETag" not in answer
    text = reader.get(pages_of(number, paper)[0]).content.decode()
    assert "年度审计报告.pdf" in text
    assert dossier.ROLL not in text
    withheld = text[text.index("企业没有授权的信息") :]
    assert "各项指标" in withheld
    assert "历年积分" in withheld
    assert "证明材料" not in withheld


@pytest.mark.parametrize(
    "headers", [{}, {"If-None-Match": "*"}, {"If-Modified-Since": "Mon, 01 Jan 2040 00:00:00 GMT"}]
)
def test_after_revoking_no_address_gives_anything(
    case: dossier.Case, client_as: Any, headers: dict[str, str]
) -> None:
    with park_scope(case.park.pk):
        consent = case.grant(*MORE_GROUPS)
        number, paper = case.apply(consent).pk, case.papers["revenue"].pk
        consents.revoke(by=case.firm.signatory, consent_id=consent.pk)
        engine = bankapi.engine(bankapi.ops_of(case.bank.organisation.pk, case.park))
    reader, name = client_as(case.bank.maker), case.firm.enterprise.name
    for path in pages_of(number, paper)[:2]:
        answer = reader.get(path, headers=headers)
        assert answer.status_code == 200
        assert "授权已撤回或到期" in answer.content.decode()
        assert not any(word in answer.content.decode() for word in (name, "年度审计报告", "总分"))
    for path in pages_of(number, paper):
        assert reader.head(path, headers=headers).status_code == reader.get(path, headers=headers).status_code
    assert reader.get(pages_of(number, paper)[3], headers=headers).status_code == 404
    for path, status in (
        (f"applications/{number}/dossier", 403),
        (f"applications/{number}/documents/{paper}", 404),
    ):
        assert engine.get(path, **headers).status_code == status
    with park_scope(case.park.pk):
        assert not ConsentAccess.objects.exists()


def test_another_bank_gets_the_answer_of_what_does_not_exist(case: dossier.Case, client_as: Any) -> None:
    with park_scope(case.park.pk):
        number, paper = case.apply(case.grant(*MORE_GROUPS)).pk, case.papers["revenue"].pk
        stranger = make.bank(case.park, name="山城银行", code="other")
    reader = client_as(stranger.maker)
    for real, absent in zip(pages_of(number, paper), pages_of(987_654, paper), strict=True):
        assert reader.get(real).status_code == reader.get(absent).status_code == 404


def test_a_consent_for_another_product_or_with_fewer_groups_opens_no_more(
    case: dossier.Case, client_as: Any
) -> None:
    """The application's own consent counts: a richer one of the same bank for another product changes nothing."""
    with park_scope(case.park.pk):
        number, paper = case.apply(case.grant()).pk, case.papers["revenue"].pk
        richer = make.Product.objects.create(
            organisation=case.bank.organisation, code="rich", name="另一产品"
        )
        make.consent(case.bank, case.firm, groups=tuple(GROUPS), product=richer)
    reader = client_as(case.bank.maker)
    assert reader.get(pages_of(number, paper)[3]).status_code == 404
    assert "年度审计报告" not in reader.get(pages_of(number, paper)[0]).content.decode()


def test_no_score_gives_no_group_and_no_fault(park: Any) -> None:
    with park_scope(park.pk):
        enterprise = make.scores.enterprise(1)
        sections = sections_of(card(enterprise.pk, GROUPS))
        assert [section.group for section in sections] == list(GROUPS)
        assert all(section.lines for section in sections)
