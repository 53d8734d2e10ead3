"""Who acts for a firm: links that expire, letters that are narrowed and revoked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from enterprises.models import AgentLetter, Invitation
from enterprises.queries import authority as queries
from enterprises.services import authority
from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Forbidden, Gone, Refused
from parks.clock import db_now, db_today
from parks.models import Membership
from parks.queries import memberships
from tests.conftest import owner_connection
from tests.factories import enterprises as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(in_park: Any) -> Any:
    return make.enterprise(1, legal_representative="李法人")


@pytest.fixture
def stranger(in_park: Any) -> Any:
    """Somebody with an account and, so far, a role elsewhere."""
    return people.actor("enterprise_agent", in_park, name="新同事")


def invite(by: Any, firm: Any, **changes: Any) -> tuple[Invitation, str]:
    return authority.invite(
        by=by, enterprise=firm, **({"invitee": "新同事", "role": "enterprise_agent"} | changes)
    )


def test_an_invitation_makes_an_agent_once(firm: Any, signatory: Any, stranger: Any) -> None:
    until = db_today() + dt.timedelta(days=90)
    row, token = invite(signatory, firm, scope=["talent"], authority_until=until)
    assert token not in row.digest
    membership = authority.accept(by=stranger, token=token)
    assert (membership.role, membership.ends_on, membership.scope) == (
        "enterprise_agent",
        until,
        {"dimensions": ["talent"]},
    )
    letter = AgentLetter.objects.get()
    assert (letter.agent_name, letter.given_by_name, letter.scope) == ("新同事", "李法人", ["talent"])
    with pytest.raises(Gone, match="只能用一次"):
        authority.accept(by=stranger, token=token)


def test_one_person_acts_for_several_firms(firm: Any, signatory: Any, stranger: Any) -> None:
    _row, token = invite(signatory, firm)
    authority.accept(by=stranger, token=token)
    own = memberships.of_account(account_id=stranger.account_id, park_id=stranger.park_id)
    assert len({m.organisation_id for m in own}) == 2


def test_a_link_is_over_after_72_hours_or_when_it_was_taken_back(
    firm: Any, signatory: Any, stranger: Any
) -> None:
    row, token = invite(signatory, firm)
    assert dt.timedelta(hours=71) < row.expires_at - db_now() <= dt.timedelta(hours=72)
    authority.revoke_invitation(by=signatory, enterprise=firm, invitation_id=row.pk)
    with pytest.raises(Gone, match="撤销"):
        authority.accept(by=stranger, token=token)
    late = Invitation.objects.create(
        enterprise=firm, invitee="x", role="enterprise_agent", digest=authority.digest_of("late"), invited_by_ref=1,
        invited_by_name="x", expires_at=db_now() - dt.timedelta(seconds=1),
    )  # fmt: skip
    with pytest.raises(Gone, match="72 小时"):
        authority.accept(by=stranger, token="late")
    with pytest.raises(Gone, match="无效"):
        authority.accept(by=stranger, token="nonsense")
    with pytest.raises(DatabaseError), transaction.atomic():
        Invitation.objects.filter(pk=late.pk).update(expires_at=db_now() + dt.timedelta(days=9))


def test_only_the_legal_representative_invites_agents(firm: Any, agent: Any) -> None:
    with pytest.raises(Forbidden):
        invite(agent, firm)
    _row, token = invite(agent, firm, role="enterprise_signatory", invitee="李法人")
    with pytest.raises(Refused, match="李法人"):
        invite(agent, firm, role="enterprise_signatory", invitee="王五")
    imposter = people.actor("enterprise_agent", firm.park, name="王五")
    with pytest.raises(Forbidden, match="本人"):
        authority.accept(by=imposter, token=token)
    legal = people.actor("enterprise_agent", firm.park, name="李法人")
    assert authority.accept(by=legal, token=token).role == "enterprise_signatory"


@pytest.mark.parametrize("days", [0, -1, 2000])
def test_an_authority_ends_between_tomorrow_and_three_years(firm: Any, signatory: Any, days: int) -> None:
    with pytest.raises(Refused, match="三年之内"):
        invite(signatory, firm, authority_until=db_today() + dt.timedelta(days=days))


def test_narrowing_ends_the_old_letter_and_scope_is_asked(
    firm: Any, signatory: Any, stranger: Any, admin: Any
) -> None:
    _row, token = invite(signatory, firm)
    membership = authority.accept(by=stranger, token=token)
    agent = people.Actor.of(
        Membership.objects.select_related("account__person", "organisation", "park").get(pk=membership.pk)
    )
    scheme = scheme_of(make.cycle(admin).scheme_version)
    queries.require(agent, scheme, dimension="rd_input")
    authority.change_letter(
        by=signatory, enterprise=firm, membership=membership, scope=["talent"], ends_on=db_today() + dt.timedelta(days=9)
    )  # fmt: skip
    queries.require(agent, scheme, dimension="talent")
    queries.require(agent, scheme, code="fresh_graduates")
    with pytest.raises(Forbidden, match="授权"):
        queries.require(agent, scheme, dimension="rd_input")
    with pytest.raises(Forbidden):
        queries.require(agent, scheme, code="invention_applications")
    assert [one.revoked_at is None for one in AgentLetter.objects.order_by("pk")] == [False, True]


def test_revoking_works_with_the_next_request(
    firm: Any, signatory: Any, stranger: Any, client_as: Any
) -> None:
    _row, token = invite(signatory, firm)
    membership = authority.accept(by=stranger, token=token)
    agent = people.Actor.of(
        Membership.objects.select_related("account__person", "organisation", "park").get(pk=membership.pk)
    )
    client = client_as(agent)
    assert client.get("/p/cq/e/people/").status_code == 200
    authority.revoke(by=signatory, membership=membership, reason="离职")
    assert client.get("/p/cq/e/people/").status_code in (302, 404)
    assert AgentLetter.objects.get().revoked_reason == "离职"
    with pytest.raises(Conflict):
        authority.revoke(
            by=signatory, membership=Membership.objects.get(pk=signatory.membership_id), reason=""
        )


def test_an_agent_may_not_give_or_revoke(firm: Any, agent: Any) -> None:
    own = Membership.objects.get(pk=agent.membership_id)
    with pytest.raises(Forbidden):
        authority.revoke(by=agent, membership=own, reason="x")
    with pytest.raises(Forbidden):
        authority.change_letter(by=agent, enterprise=firm, membership=own, scope=[], ends_on=None)


def test_a_letter_never_changes_but_to_be_revoked(firm: Any, agent: Any, signatory: Any) -> None:
    authority.give_letter(
        by=signatory, enterprise=firm, membership=Membership.objects.get(pk=agent.membership_id), scope=[], ends_on=None
    )  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        AgentLetter.objects.update(ends_on=dt.date(2099, 1, 1))
    with owner_connection():
        assert AgentLetter.objects.count() == 1


def test_the_pages_of_people(firm: Any, signatory: Any, agent: Any, client_as: Any, in_park: Any) -> None:
    legal = client_as(signatory)
    made = legal.post("/p/cq/e/people/", {"act": "invite", "invitee": "新同事", "role": "enterprise_agent"})
    assert made.status_code == 302
    shown = legal.get("/p/cq/e/people/").content.decode()
    link = shown.split('id="id_link" readonly value="')[1].split('"')[0]
    assert "id_link" not in legal.get("/p/cq/e/people/").content.decode()
    path = link.split("testserver", 1)[1]
    newcomer = client_as(people.actor("enterprise_agent", in_park, name="新同事"))
    assert firm.name in newcomer.get(path).content.decode()
    assert newcomer.post(path).status_code == 302
    assert newcomer.get(path).status_code == 410
    assert (
        legal.post(
            "/p/cq/e/people/", {"act": "invite", "invitee": "", "role": "enterprise_agent"}
        ).status_code
        == 422
    )
    assert client_as(agent).post("/p/cq/e/people/", {"act": "revoke", "id": "1"}).status_code in (403, 404)
    page = f"/p/cq/e/people/{agent.membership_id}/"
    assert legal.get(page).status_code == 200
    assert legal.post(page, {"scope": ["talent"], "authority_until": "2001-01-01"}).status_code == 422
    later = (db_today() + dt.timedelta(days=30)).isoformat()
    assert legal.post(page, {"scope": ["talent"], "authority_until": later}).status_code in (302, 422)
    assert legal.post("/p/cq/e/people/", {"act": "revoke", "id": str(agent.membership_id)}).status_code == 302
    assert legal.post("/p/cq/e/people/", {"act": "revoke", "id": "x" * 40}).status_code == 404


def test_an_agent_changes_only_what_the_letter_names(
    firm: Any, agent: Any, signatory: Any, declaration: Any, client_as: Any
) -> None:
    membership = Membership.objects.select_related("account__person").get(pk=agent.membership_id)
    authority.give_letter(
        by=signatory, enterprise=firm, membership=membership, scope=["talent"], ends_on=None
    )
    own, base = client_as(agent), "/p/cq/e/declaration/2025"
    assert own.get(f"{base}/rd_input/").status_code == 200
    assert own.post(f"{base}/rd_input/", {}).status_code == 403
    assert own.post(f"{base}/item/rd_expense/", {}).status_code == 403
    assert own.post(f"{base}/talent/", {}).status_code != 403
    assert client_as(signatory).post(f"{base}/rd_input/", {}).status_code != 403
