"""Who acts for a firm: links that expire, letters that are narrowed and revoked."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from enterprises.models import AgentLetter, Invitation
from enterprises.queries import authority as queries
from enterprises.services import authority, expiring
from enterprises.services.authority import Powers
from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Forbidden, Gone, Refused
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Membership, Notification
from parks.queries import memberships
from parks.scope import park_scope
from parks.services import evidence
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


def invite(by: Any, firm: Any, *, upload: Any = None, **changes: Any) -> tuple[Invitation, str]:
    who = {name: changes.pop(name) for name in ("invitee", "role") if name in changes}
    return authority.invite(
        by=by, enterprise=firm, powers=Powers(**changes), upload=upload,
        **({"invitee": "新同事", "role": "enterprise_agent"} | who),
    )  # fmt: skip


def days(number: int) -> dt.date:
    """So many days from today, in Beijing."""
    return db_today() + dt.timedelta(days=number)


def actor_of(membership: Membership) -> people.Actor:
    return people.Actor.of(
        Membership.objects.select_related("account__person", "organisation", "park").get(pk=membership.pk)
    )


def test_an_invitation_makes_an_agent_once(firm: Any, signatory: Any, stranger: Any) -> None:
    row, token = invite(signatory, firm, scope=["talent"], ends_on=days(90))
    assert token not in row.digest
    membership = authority.accept(by=stranger, token=token)
    assert (membership.role, membership.ends_on) == ("enterprise_agent", days(90))
    letter = AgentLetter.objects.get()
    assert (letter.agent_name, letter.given_by_name, letter.scope) == ("新同事", "李法人", ["talent"])
    assert not queries.may_sign(actor_of(membership))
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


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, -1), (0, 2000), (-1, 30), (40, 40), (1200, 1201)])
def test_an_authority_begins_today_or_later_and_ends_within_three_years(
    firm: Any, signatory: Any, start: int, end: int
) -> None:
    with pytest.raises(Refused, match="三年之内"):
        invite(signatory, firm, starts_on=days(start), ends_on=days(end))


def test_narrowing_ends_the_old_letter_and_scope_is_asked(
    firm: Any, signatory: Any, stranger: Any, admin: Any
) -> None:
    _row, token = invite(signatory, firm)
    membership = authority.accept(by=stranger, token=token)
    agent, scheme = actor_of(membership), scheme_of(make.cycle(admin).scheme_version)
    queries.require(agent, scheme, dimension="rd_input")
    authority.change_letter(
        by=signatory, enterprise=firm, membership=membership, powers=Powers(["talent"], ends_on=days(9))
    )
    queries.require(agent, scheme, dimension="talent")
    queries.require(agent, scheme, code="fresh_graduates")
    with pytest.raises(Forbidden, match="授权"):
        queries.require(agent, scheme, dimension="rd_input")
    with pytest.raises(Forbidden):
        queries.require(agent, scheme, code="invention_applications")
    assert [one.revoked_at is None for one in AgentLetter.objects.order_by("pk")] == [False, True]


# the right to sign


def test_the_right_to_sign_needs_the_paper_and_stands_in_the_letter(
    firm: Any, signatory: Any, stranger: Any
) -> None:
    with pytest.raises(Refused, match="授权委托书"):
        invite(signatory, firm, may_sign=True)
    _row, token = invite(signatory, firm, may_sign=True, upload=make.paper())
    agent = actor_of(authority.accept(by=stranger, token=token))
    assert queries.may_sign(agent)
    letter = AgentLetter.objects.get()
    assert (letter.document.filename, letter.confirmed_by_name) == ("授权委托书.pdf", "李法人")
    assert [one.membership.account.person.name for one in queries.signers(firm)] == ["李法人", "新同事"]


def test_a_letter_rules_from_its_start_until_its_end_or_the_next() -> None:
    def letter(start: int, end: int, **fields: Any) -> AgentLetter:
        day = dt.date(2026, 3, 1) - dt.timedelta(days=1)
        given = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        return AgentLetter(
            starts_on=day + dt.timedelta(days=start), ends_on=day + dt.timedelta(days=end), **({"confirmed_at": given} | fields)
        )  # fmt: skip

    wide, narrow = letter(1, 30), letter(10, 20)
    over, waiting = (
        letter(1, 30, revoked_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC)),
        letter(1, 30, confirmed_at=None),
    )

    def on(day: int, *letters: AgentLetter) -> AgentLetter | None:
        return queries.ruling(letters, dt.date(2026, 3, day))

    assert [on(day, wide, narrow) for day in (1, 9, 10, 19)] == [wide, wide, narrow, narrow]
    assert on(20, wide, narrow) is None  # what was wider does not come back
    assert [on(5, over), on(5, waiting)] == [None, None]
    assert [on(30, wide), on(29, wide)] == [None, wide]


def test_signing_before_the_start_and_after_the_end_is_refused(
    firm: Any, signatory: Any, agent: Any, declaration: Any
) -> None:
    make.finish(declaration, agent)
    membership = Membership.objects.get(pk=agent.membership_id)
    past = AgentLetter(
        enterprise=firm, membership=membership, may_sign=True, starts_on=days(-9), ends_on=days(0), confirmed_at=db_now(),
        document=evidence.store(by=signatory, organisation_id=firm.organisation_id, upload=make.paper()),
    )  # fmt: skip
    past.save()
    with pytest.raises(Forbidden, match="签署权限"):
        make.sign(declaration, agent)
    authority.change_letter(
        by=signatory, enterprise=firm, membership=membership, powers=Powers(may_sign=True, starts_on=days(5)), upload=make.paper()
    )  # fmt: skip
    with pytest.raises(Forbidden, match="签署权限"):
        make.sign(declaration, agent)
    authority.change_letter(
        by=signatory,
        enterprise=firm,
        membership=membership,
        powers=Powers(may_sign=True),
        upload=make.paper(),
    )
    signed = make.sign(declaration, agent)
    receipt = signed.receipts.get()
    assert (receipt.capacity, receipt.letter) == ("enterprise_agent", queries.letter_in_force(membership.pk))


def test_a_letter_that_begins_later_leaves_the_present_one_in_force(
    firm: Any, signatory: Any, stranger: Any
) -> None:
    _row, token = invite(signatory, firm, ends_on=days(300))
    membership = authority.accept(by=stranger, token=token)
    authority.change_letter(
        by=signatory, enterprise=firm, membership=membership, powers=Powers(["talent"], False, days(30), days(60))
    )  # fmt: skip
    (one,) = [who for who in queries.colleagues(firm) if not who.is_signatory]
    assert one.letter is not None
    assert one.coming is not None
    assert (one.letter.scope, one.coming.scope, one.membership.ends_on) == ([], ["talent"], days(60))


def held(firm: Any, agent: Any, start: int, end: int) -> AgentLetter:
    """A confirmed letter from a day to a day; those before are revoked."""
    AgentLetter.objects.filter(revoked_at__isnull=True).update(revoked_at=db_now())
    return AgentLetter.objects.create(
        enterprise=firm, membership_id=agent.membership_id, agent_name=agent.person_name, starts_on=days(start),
        ends_on=days(end), confirmed_at=db_now(), confirmed_by_name="李法人",
    )  # fmt: skip


def test_agent_and_representative_are_told_once_a_step_before_a_letter_ends(
    firm: Any, signatory: Any, agent: Any, in_park: Any
) -> None:
    clock = Actor.system(in_park)
    for start, end, told in ((0, 5, 0), (0, 30, 0), (-60, 31, 0), (-60, 30, 1), (-60, 7, 1), (-60, 0, 0)):
        held(firm, agent, start, end)
        assert (expiring.remind(by=clock), expiring.remind(by=clock)) == (told, 0), (start, end)
    sent = Notification.objects.filter(dedupe_key__startswith="letter:", text__contains="还有 7 天")
    assert {(one.person_ref, one.role) for one in sent} == {
        (agent.person_id, ""),
        (None, "enterprise_signatory"),
    }


def test_nobody_is_told_of_an_end_that_another_letter_or_the_role_has_overtaken(
    firm: Any, signatory: Any, agent: Any, in_park: Any
) -> None:
    clock = Actor.system(in_park)
    held(firm, agent, -60, 7)
    make.letter(signatory, firm, agent, starts_on=days(5), ends_on=days(90))
    assert expiring.remind(by=clock) == 0
    held(firm, agent, -60, 7)
    Membership.objects.filter(pk=agent.membership_id).update(ends_on=db_today())
    assert expiring.remind(by=clock) == 0


def test_an_invitation_for_later_opens_the_door_on_its_day(
    firm: Any, signatory: Any, stranger: Any, client_as: Any
) -> None:
    _row, token = invite(signatory, firm, starts_on=days(7))
    newcomer = client_as(stranger)
    answer = newcomer.post(f"/p/cq/invitation/{token}/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    membership = Membership.objects.get(organisation_id=firm.organisation_id, role="enterprise_agent")
    assert (membership.starts_on, membership.ends_on) == (days(7), days(7 + 365))
    assert memberships.one(account_id=stranger.account_id, membership_id=membership.pk) is None
    with pytest.raises(Conflict, match="已经是"):
        authority.accept(by=stranger, token=invite(signatory, firm)[1])
    authority.revoke(by=signatory, enterprise=firm, membership=membership, reason="")
    assert Membership.objects.get(pk=membership.pk).ends_on == days(7)


def test_who_was_revoked_comes_back_only_by_a_new_invitation(
    firm: Any, signatory: Any, stranger: Any
) -> None:
    membership = authority.accept(by=stranger, token=invite(signatory, firm)[1])
    authority.revoke(by=signatory, enterprise=firm, membership=membership, reason="")
    with pytest.raises(Conflict, match="重新邀请"):
        authority.change_letter(by=signatory, enterprise=firm, membership=membership, powers=Powers())
    authority.accept(by=stranger, token=invite(signatory, firm)[1])
    assert len([one for one in queries.colleagues(firm) if one.is_live and not one.is_signatory]) == 1


def test_a_new_legal_representative_gives_the_right_to_sign_anew(
    firm: Any, signatory: Any, stranger: Any, admin: Any
) -> None:
    token = invite(signatory, firm, scope=["talent"], may_sign=True, upload=make.paper())[1]
    agent = actor_of(authority.accept(by=stranger, token=token))
    firm.legal_representative = "王新任"
    firm.save()
    authority.end_former_signatories(by=admin, enterprise=firm)
    authority.end_signing(by=admin, enterprise=firm)
    letter = queries.letter_in_force(agent.membership_id)
    assert letter is not None
    assert (letter.may_sign, letter.scope, letter.given_by_name) == (False, ["talent"], "李法人")
    assert queries.signers(firm) == []


@pytest.mark.django_db(transaction=True)
def test_signing_and_revoking_at_the_same_moment_come_one_after_the_other(park: Any) -> None:
    with park_scope(park.pk):
        firm = make.enterprise(1, legal_representative="李法人")
        signatory = people.actor("enterprise_signatory", park, organisation=firm.organisation)
        token = invite(signatory, firm, may_sign=True, upload=make.paper())[1]
        membership = authority.accept(by=people.actor("enterprise_agent", park, name="新同事"), token=token)
        agent = actor_of(membership)

    def meanwhile(act: Any) -> str:
        """What becomes of an act of another person that may wait for a moment only."""
        done = []

        def run() -> None:
            try:
                with park_scope(park.pk), connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '200ms'")
                    act()
                    done.append("went through")
            except OperationalError:
                done.append("waited")
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return done[0]

    def revoke() -> None:
        authority.revoke(by=signatory, enterprise=firm, membership=membership, reason="")

    with park_scope(park.pk):
        authority.right_to_sign(agent)
        assert meanwhile(revoke) == "waited"
    with park_scope(park.pk):
        revoke()
        assert meanwhile(lambda: authority.right_to_sign(agent)) == "waited"
    with park_scope(park.pk), pytest.raises(Forbidden):
        authority.right_to_sign(agent)


def test_revoking_works_with_the_next_request(
    firm: Any, signatory: Any, stranger: Any, client_as: Any
) -> None:
    _row, token = invite(signatory, firm)
    membership = authority.accept(by=stranger, token=token)
    client = client_as(actor_of(membership))
    shown = client.get("/p/cq/e/people/")
    assert (shown.status_code, shown["Cache-Control"]) == (200, "private, no-store")
    authority.revoke(by=signatory, enterprise=firm, membership=membership, reason="离职")
    assert client.get("/p/cq/e/people/")["Location"].startswith("/account/switch/")  # there is another role
    Membership.objects.filter(account_id=stranger.account_id).update(ends_on=db_today())
    refused = client.get("/p/cq/e/people/")
    assert refused.status_code == 403
    assert "已终止或尚未开始" in refused.content.decode()
    assert AgentLetter.objects.get().revoked_reason == "离职"
    with pytest.raises(Conflict):
        own = Membership.objects.get(pk=signatory.membership_id)
        authority.revoke(by=signatory, enterprise=firm, membership=own, reason="")


def test_an_agent_may_not_give_or_revoke(firm: Any, agent: Any) -> None:
    own = Membership.objects.get(pk=agent.membership_id)
    with pytest.raises(Forbidden):
        authority.revoke(by=agent, enterprise=firm, membership=own, reason="x")
    with pytest.raises(Forbidden):
        authority.change_letter(by=agent, enterprise=firm, membership=own, powers=Powers())


def test_a_letter_never_changes_but_to_be_revoked(firm: Any, agent: Any, signatory: Any) -> None:
    make.letter(signatory, firm, agent)
    with pytest.raises(DatabaseError), transaction.atomic():
        AgentLetter.objects.update(ends_on=dt.date(2099, 1, 1))
    with pytest.raises(DatabaseError), transaction.atomic():
        AgentLetter.objects.update(may_sign=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        AgentLetter.objects.create(
            enterprise=firm,
            membership_id=agent.membership_id,
            may_sign=True,
            starts_on=days(1),
            ends_on=days(2),
        )


def test_the_pages_of_people(  # noqa: PLR0917  # everybody who has a part
    firm: Any, signatory: Any, agent: Any, admin: Any, client_as: Any, in_park: Any
) -> None:
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
    make.cycle(admin)  # the parts are those of its scheme
    asked = {"scope": ["talent"], "may_sign": "on", "authority_until": days(30).isoformat()}
    assert "签署权须上传授权委托书" in legal.post(page, asked).content.decode().replace(
        "法定代表人签字、加盖公章的", ""
    )
    assert legal.post(page, asked | {"document": make.paper()}).status_code == 302
    shown = client_as(agent).get("/p/cq/e/people/").content.decode()
    assert f"{days(30).isoformat()} 前" in shown
    assert "可签署" in shown
    assert legal.post("/p/cq/e/people/", {"act": "revoke", "id": str(agent.membership_id)}).status_code == 302
    assert legal.post("/p/cq/e/people/", {"act": "revoke", "id": "x" * 40}).status_code == 404


def test_an_agent_changes_only_what_the_letter_names(
    firm: Any, agent: Any, signatory: Any, declaration: Any, client_as: Any
) -> None:
    make.letter(signatory, firm, agent, scope=["talent"])
    own, base = client_as(agent), "/p/cq/e/declaration/2025"
    assert own.get(f"{base}/rd_input/").status_code == 200
    assert own.post(f"{base}/rd_input/", {}).status_code == 403
    assert own.post(f"{base}/item/rd_expense/", {}).status_code == 403
    assert own.post(f"{base}/talent/", {}).status_code != 403
    assert client_as(signatory).post(f"{base}/rd_input/", {}).status_code != 403
