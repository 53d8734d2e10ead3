"""Drafts, delegation, signing and receipts: several people in one declaration lose nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from enterprises.models import DeclaredValue, Delegation, Receipt
from enterprises.queries import declarations as queries
from enterprises.services import declarations as services
from enterprises.services import delegation, signing
from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.models import Notification
from tests.factories import enterprises as make
from tests.factories import parks as people
from tests.factories.enterprises import finish, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(in_park: Any, firm: Any) -> Any:
    return people.actor("enterprise_agent", in_park, organisation=firm.organisation, name="李会计")


def type_into(by: Any, declaration: Any, version: int, **draft: Any) -> DeclaredValue:
    return services.save_draft(
        by=by, declaration=declaration, code="rd_expense", version=version, draft=draft
    )


def test_what_cannot_be_read_is_kept_as_typed_and_never_counts(declaration: Any, agent: Any) -> None:
    type_into(agent, declaration, 1, text="约七百", reason="以审计")
    value = make.value(declaration, "rd_expense")
    assert value.draft == {"text": "约七百", "reason": "以审计"}
    assert (value.state, value.amount, value.version) == ("prefilled", 6_880_000, 2)


def test_a_draft_sent_twice_is_kept_once(declaration: Any, agent: Any) -> None:
    for _retry in range(2):
        assert type_into(agent, declaration, 1, text="702").version == 2


def test_the_second_of_two_drafts_is_told_and_the_first_stays(
    declaration: Any, agent: Any, colleague: Any
) -> None:
    type_into(agent, declaration, 1, text="688")
    with pytest.raises(Conflict, match="刚被"):
        type_into(colleague, declaration, 1, text="702")
    value = make.value(declaration, "rd_expense")
    assert (value.draft, value.changed_by_name) == ({"text": "688"}, agent.person_name)


def test_saving_ends_the_draft_and_an_open_draft_blocks_signing(
    declaration: Any, agent: Any, signatory: Any
) -> None:
    finish(declaration, agent)
    row = make.value(declaration, "rd_expense")
    type_into(agent, declaration, row.version, text="702")
    with pytest.raises(Refused, match="未保存"):
        sign(declaration, signatory)
    services.correct(
        by=agent, declaration=declaration, code="rd_expense", version=row.version + 1, reason="以审计报告为准",
        amount=Decimal(7_020_000),
    )  # fmt: skip
    assert make.value(declaration, "rd_expense").draft is None
    assert sign(declaration, signatory).state == "submitted"


def test_a_draft_can_be_dropped_and_a_correction_withdrawn(declaration: Any, agent: Any) -> None:
    type_into(agent, declaration, 1, text="702")
    services.drop_draft(by=agent, declaration=declaration, code="rd_expense", version=2)
    services.correct(
        by=agent, declaration=declaration, code="rd_expense", version=3, reason="以审计报告为准",
        amount=Decimal(7_020_000),
    )  # fmt: skip
    value = services.withdraw_correction(by=agent, declaration=declaration, code="rd_expense", version=4)
    assert (value.state, value.amount, value.reason, value.draft) == ("prefilled", 6_880_000, "", None)


def test_a_draft_has_a_size(declaration: Any, agent: Any) -> None:
    with pytest.raises(Refused, match="过长"):
        type_into(agent, declaration, 1, text="9" * 5000)


def test_a_dimension_is_handed_to_a_colleague_who_says_when_it_is_done(
    declaration: Any, agent: Any, colleague: Any
) -> None:
    delegation.delegate(
        by=agent,
        declaration=declaration,
        dimension="rd_input",
        person_id=colleague.person_id,
        note="看辅助账",
    )
    assert Notification.objects.get(person_ref=colleague.person_id).kind == "task"
    section = next(s for s in queries.sections(declaration) if s.code == "rd_input")
    assert section.delegation is not None
    assert section.delegation.person_name == "李会计"
    delegation.finish(by=colleague, declaration=declaration, dimension="rd_input")
    assert Delegation.objects.get().finished_at is not None
    delegation.take_back(by=agent, declaration=declaration, dimension="rd_input")
    assert not Delegation.objects.exists()


def test_nobody_outside_the_firm_gets_a_part(declaration: Any, agent: Any, in_park: Any) -> None:
    stranger = people.actor("enterprise_agent", in_park)
    with pytest.raises(Refused, match="本企业"):
        delegation.delegate(
            by=agent, declaration=declaration, dimension="talent", person_id=stranger.person_id
        )


def test_an_agent_signs_only_with_that_right(firm: Any, declaration: Any, agent: Any, signatory: Any) -> None:
    finish(declaration, agent)
    with pytest.raises(Forbidden, match="签署权限"):
        sign(declaration, agent)
    make.letter(signatory, firm, agent, may_sign=True)
    assert sign(declaration, agent).submitted_by_name == agent.person_name


def test_the_receipt_holds_what_was_signed_and_never_changes(
    declaration: Any, agent: Any, signatory: Any
) -> None:
    finish(declaration, agent)
    signed = sign(declaration, signatory)
    receipt = Receipt.objects.get()
    assert receipt.number == "CQ-2025-00001"
    assert receipt.content_hash == signed.content_hash == sha256_hex(receipt.content.encode())
    with pytest.raises(DatabaseError), transaction.atomic():
        Receipt.objects.update(number="x")


def test_receipts_are_numbered_without_gaps(admin: Any, in_park: Any, declaration: Any) -> None:
    numbers = []
    for number in (5, 6):
        firm = make.enterprise(number)
        of = make.declaration(admin, firm, declaration.cycle, **make.SOUND)
        finish(of, people.actor("enterprise_agent", in_park, organisation=firm.organisation))
        sign(of, people.actor("enterprise_signatory", in_park, organisation=firm.organisation))
        numbers.append(of.receipts.get().number)
    assert numbers == ["CQ-2025-00001", "CQ-2025-00002"]


def test_the_hash_covers_words_and_evidence(declaration: Any, agent: Any) -> None:
    before = signing.content_hash(signing.values_of(declaration))
    row = make.value(declaration, "revenue_prev")
    services.explain(
        by=agent, declaration=declaration, code="revenue_prev", version=row.version, text="与审计报告一致"
    )
    assert signing.content_hash(signing.values_of(declaration)) != before


def test_an_agent_works_only_where_the_letter_reaches(
    firm: Any, declaration: Any, agent: Any, signatory: Any
) -> None:
    make.letter(signatory, firm, agent, scope=["talent"])
    with pytest.raises(Forbidden, match="授权"):
        type_into(agent, declaration, 1, text="702")
    with pytest.raises(Forbidden, match="授权"):
        services.confirm(by=agent, declaration=declaration, codes=["revenue"])
    assert services.confirm(by=agent, declaration=declaration, codes=["staff_total"]) == 1
