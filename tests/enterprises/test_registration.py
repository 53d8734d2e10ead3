"""Certification: codes, transitions, four eyes."""

from __future__ import annotations

from typing import Any

import pytest

from enterprises.models import Certification, Enterprise
from enterprises.queries import authority as queries
from enterprises.services import registration
from enterprises.services.authority import Powers
from enterprises.services.registration import Papers
from enterprises.states import CERTIFICATION_TRANSITIONS, CertificationState
from innovscore.core import uscc as codes
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.models import AuditEvent, Membership
from parks.queries.memberships import of_organisation
from parks.scope import park_scope
from tests.factories import enterprises as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def founder(park: Any) -> Any:
    return people.actor("enterprise_signatory", park, name="李法人")


@pytest.fixture
def reviewer(park: Any) -> Any:
    return people.actor("park_reviewer", park)


@pytest.fixture
def firm(in_park: Any, founder: Any) -> Enterprise:
    return registration.register(by=founder, particulars=make.particulars(), role="enterprise_signatory")


def test_a_stranger_does_not_register_as_the_legal_representative(in_park: Any) -> None:
    stranger = people.actor("enterprise_signatory", in_park, name="路过人")
    with pytest.raises(Refused, match="路过人"):
        registration.register(by=stranger, particulars=make.particulars(), role="enterprise_signatory")
    assert not Enterprise.objects.exists()


def test_who_is_not_the_representative_that_is_certified_signs_no_more(
    firm: Enterprise, founder: Any, reviewer: Any
) -> None:
    registration.decide(by=reviewer, case=make.case_of(firm), event="return", reason="与营业执照不符")
    registration.resubmit(
        by=founder, enterprise=firm, particulars=make.particulars(legal_representative="张法人")
    )
    registration.decide(by=reviewer, case=make.case_of(firm), event="certify")
    assert not of_organisation(firm.organisation_id).filter(role="enterprise_signatory").exists()


def test_registering_makes_firm_role_and_submitted_case(firm: Enterprise, founder: Any) -> None:
    case = make.case_of(firm)
    assert (case.state, case.submitted_by_ref) == ("submitted", founder.person_id)
    assert firm.uscc == codes.synthetic(1)
    assert Membership.objects.filter(
        account_id=founder.account_id, organisation=firm.organisation, role="enterprise_signatory"
    ).exists()
    assert AuditEvent.objects.filter(action="certification.submit").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9150010", "18 位"),
        ("91500107MA5U0OO11B", "第 14 位"),
        ("91500107MA5U00011C", "第 18 位校验码应为 B"),
        ("91500107MA5U00012B", "第 17 位校验码应为 1"),
    ],
)
def test_a_wrong_code_says_which_position(in_park: Any, founder: Any, text: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        registration.register(by=founder, particulars=make.particulars(uscc=text), role="enterprise_agent")
    assert not Enterprise.objects.exists()


def test_spaces_dashes_and_small_letters_are_understood(in_park: Any, founder: Any) -> None:
    firm = registration.register(
        by=founder, particulars=make.particulars(uscc=" 91500107-ma5u 00011b"), role="enterprise_signatory"
    )
    assert firm.uscc == "91500107MA5U00011B"


def test_an_unusual_code_is_admitted_against_the_licence_with_both_reasons_on_record(
    in_park: Any, founder: Any, reviewer: Any
) -> None:
    odd = make.particulars(uscc="91350203M0001QAY9B", uscc_reason="执照上就是这个代码")
    firm = registration.register(by=founder, particulars=odd, role="enterprise_signatory")
    case = make.case_of(firm)
    with pytest.raises(Refused, match="营业执照"):
        registration.decide(by=reviewer, case=case, event="certify", reason="与执照原件一致")
    registration.decide(by=reviewer, case=case, event="return", reason="请上传执照")
    sound = {"uscc": codes.synthetic(9)}  # what is posted does not change the code
    with pytest.raises(Refused, match="校验码"):
        registration.resubmit(by=founder, enterprise=firm, particulars=make.particulars(**sound))
    registration.resubmit(
        by=founder, enterprise=firm, particulars=make.particulars(**sound, uscc_reason="执照上就是这个代码"),
        papers=Papers(licence=make.paper()),
    )  # fmt: skip
    with pytest.raises(Refused, match="核验依据"):
        registration.decide(by=reviewer, case=case, event="certify")
    registration.decide(by=reviewer, case=case, event="certify", reason="与执照原件一致")
    assert AuditEvent.objects.get(action="uscc.overridden").reason == "执照上就是这个代码 / 与执照原件一致"


def test_a_sound_code_needs_no_override_whatever_was_written(in_park: Any, founder: Any) -> None:
    stated = make.particulars(uscc_reason="随手填写")
    firm = registration.register(by=founder, particulars=stated, role="enterprise_signatory")
    assert firm.uscc_override_reason == ""


# who acts for the firm that registers


def test_an_agents_letter_counts_once_the_park_has_certified_the_firm(
    in_park: Any, reviewer: Any, client_as: Any
) -> None:
    agent = people.actor("enterprise_agent", in_park, name="王晓")
    with pytest.raises(Refused, match="授权委托书"):
        registration.register(by=agent, particulars=make.particulars(), role="enterprise_agent")
    papers = Papers(letter=make.paper(), powers=Powers(may_sign=True))
    firm = registration.register(
        by=agent, particulars=make.particulars(), role="enterprise_agent", papers=papers
    )
    (one,) = queries.colleagues(firm)
    assert (one.letter, one.may_sign) == (None, False)
    assert one.coming is not None
    case = make.case_of(firm)
    assert "待园区核对" in client_as(reviewer).get(f"/p/cq/review/certifications/{case.pk}/").content.decode()
    registration.decide(by=reviewer, case=case, event="certify")
    (one,) = queries.signers(firm)
    assert one.letter is not None
    assert (one.letter.given_by_name, one.letter.confirmed_by_name) == ("李法人", "赵审")
    assert AuditEvent.objects.filter(action="letter.confirmed").exists()


def test_a_rejected_application_frees_the_code_and_its_people_never_act_for_the_true_firm(
    firm: Enterprise, founder: Any, reviewer: Any, client_as: Any, park: Any
) -> None:
    registration.decide(by=reviewer, case=make.case_of(firm), event="reject", reason="执照不符")
    applicant = client_as(
        people.Actor.of(
            Membership.objects.select_related("account__person", "organisation", "park").get(
                account_id=founder.account_id, organisation=firm.organisation
            )
        )
    )
    assert "执照不符" in applicant.get("/p/cq/e/certification/").content.decode()
    assert applicant.get("/p/cq/e/people/").status_code == 404
    true_one = people.actor("enterprise_signatory", park, name="李法人")
    again = registration.register(by=true_one, particulars=make.particulars(), role="enterprise_signatory")
    assert again.organisation_id == firm.organisation_id
    assert [one.membership.account_id for one in queries.colleagues(again) if one.is_live] == [
        true_one.account_id
    ]


def test_a_firm_registers_once_anywhere(park: Any, other_park: Any, firm: Enterprise, founder: Any) -> None:
    with pytest.raises(Conflict, match="已在某个园区登记"):
        registration.register(by=founder, particulars=make.particulars(), role="enterprise_signatory")


def test_a_firm_of_one_park_cannot_register_in_another(park: Any, other_park: Any, founder: Any) -> None:
    with park_scope(park.pk):
        registration.register(by=founder, particulars=make.particulars(), role="enterprise_signatory")
    with park_scope(other_park.pk), pytest.raises(Conflict):
        registration.register(
            by=people.actor("enterprise_signatory", other_park),
            particulars=make.particulars(),
            role="enterprise_signatory",
        )


def test_return_correct_resubmit_certify(firm: Enterprise, founder: Any, reviewer: Any) -> None:
    case = make.case_of(firm)
    registration.decide(by=reviewer, case=case, event="return", reason="地址与执照不一致")
    firm.refresh_from_db()
    assert firm.certification_state == "returned"
    registration.resubmit(
        by=founder, enterprise=firm, particulars=make.particulars(registered_address="新地址")
    )
    registration.decide(by=reviewer, case=case, event="certify")
    firm.refresh_from_db()
    assert (firm.certification_state, firm.registered_address) == ("certified", "新地址")


@pytest.mark.parametrize("event", ["return", "reject"])
def test_returning_and_rejecting_need_a_reason(firm: Enterprise, reviewer: Any, event: str) -> None:
    with pytest.raises(Refused, match="原因"):
        registration.decide(by=reviewer, case=make.case_of(firm), event=event, reason="  ")


def test_nobody_decides_on_an_own_case_whatever_the_account(
    firm: Enterprise, park: Any, founder: Any
) -> None:
    from parks.models import Person

    same_person = people.actor("park_reviewer", park, person=Person.objects.get(pk=founder.person_id))
    assert same_person.account_id != founder.account_id
    with pytest.raises(Forbidden):
        registration.decide(by=same_person, case=make.case_of(firm), event="certify")
    assert make.case_of(firm).state == "submitted"


@pytest.mark.parametrize("state", CertificationState.values)
@pytest.mark.parametrize("event", ["certify", "return", "reject"])
def test_only_the_transitions_of_the_table_exist(
    firm: Enterprise, reviewer: Any, state: str, event: str
) -> None:
    case = make.case_of(firm)
    Certification.objects.filter(pk=case.pk).update(state=state)
    if (state, event) in CERTIFICATION_TRANSITIONS:
        registration.decide(by=reviewer, case=case, event=event, reason="理由充分")
        assert make.case_of(firm).state == CERTIFICATION_TRANSITIONS[state, event]
    else:
        with pytest.raises(Conflict):
            registration.decide(by=reviewer, case=case, event=event, reason="理由充分")
