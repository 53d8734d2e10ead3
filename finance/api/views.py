"""The bank API: thin calls over the services that the pages use too."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.request import Request
from rest_framework.response import Response

from innovscore.core.problems import NotFound
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.idempotency import Reply
from parks.roles import Role
from scoring.queries.proofs import snapshot_proof

from ..models import Application, Consent
from ..queries import applications as application_queries
from ..queries import consents as consent_queries
from ..queries import products as product_queries
from ..queries import quotes as quote_queries
from ..queries.card import card
from ..queries.pricing import price
from ..queries.versions import version_of
from ..services import applications as application_services
from ..services import assertions, decisions, sandbox
from ..services import consents as consent_services
from . import serializers as forms
from .base import BankView
from .card_serializers import ScoreCard, card_data
from .document import call

CARD_GROUPS = ("score", "fin")
"""What a quote tells something about."""


class Consents(BankView):
    @call("listConsents", scope="consent.read", asks=forms.AskConsents, gives=forms.ConsentPage)
    def get(self, request: Request, park: str) -> Response:
        """Consents given to the bank, newest first."""
        asked = self.asked(forms.AskConsents)
        rows = consent_queries.given_to(self.actor)
        if asked.get("status") == "active":
            rows = rows.filter(consent_queries.ACTIVE)
        elif asked.get("status") == "ended":
            rows = rows.exclude(consent_queries.UNENDED)
        items, cursor = self.page(rows, asked)
        data = {
            "items": consent_data(self.actor, items, gettext_noop("接口：授权列表")),
            "next_cursor": cursor,
        }
        return Response(forms.ConsentPage(data).data)


class OneConsent(BankView):
    @call("getConsent", scope="consent.read", gives=forms.BankConsent)
    def get(self, request: Request, park: str, consent_id: int) -> Response:
        """One consent given to the bank."""
        consent = consent_queries.of_bank(self.actor, consent_id)
        (data,) = consent_data(self.actor, [consent], gettext_noop("接口：授权列表"))
        return Response(forms.BankConsent(data).data)


def consent_data(actor: Actor, consents: list[Consent], subject: str) -> list[dict[str, Any]]:
    """Consents for the bank; whose they are is told, and logged, while they hold."""
    seen = consent_services.note_list_reads(
        by=actor, consent_ids=[consent.pk for consent in consents], subject=subject
    )
    now = db_now()
    return [
        {
            "id": consent.pk,
            "status": consent_queries.state_of(consent, now),
            "product": consent.product.code,
            "purpose": consent.purpose,
            "groups": consent.groups,
            "starts_at": consent.period.lower,
            "ends_at": consent.period.upper,
            "revoked_at": consent.revoked_at,
            "text_version": consent.text_version,
            "digest": consent.digest,
            "uscc": consent.enterprise.uscc if consent.pk in seen else None,
        }
        for consent in consents
    ]


class ScoreCards(BankView):
    @call("getScoreCard", scope="score.read", asks=forms.AskCard, gives=ScoreCard)
    def get(self, request: Request, park: str, uscc: str) -> Response:
        """The consented groups of an enterprise. Each call is logged and shown to the enterprise."""
        asked = self.asked(forms.AskCard)
        groups = asked["groups"].split(",") if asked.get("groups") else None
        opened = self.open(asked["consent"], gettext_noop("接口：评分卡"), groups)
        own_firm(opened.consent, uscc)
        content = card(opened.consent.enterprise_id, opened.groups)
        return Response(card_data(opened.consent.pk, opened.groups, content))


class Documents(BankView):
    @call("getDocument", scope="application.read", asks=forms.AskDocument, gives=forms.DocumentPage)
    def get(self, request: Request, park: str, application_id: int, document_id: int) -> Response:
        """A page of one paper of the applicant. Each is logged by name and shown to the enterprise."""
        number = self.asked(forms.AskDocument)["page"]
        row = application_queries.for_bank(self.actor, application_id)
        found, drawn = consent_services.open_document(
            by=self.actor, consent_id=row.consent_id, file_id=document_id, page=number
        )
        data = {
            "id": document_id,
            "title": found.title,
            "page": drawn.number,
            "pages": drawn.pages,
            "jpeg": b64encode(drawn.jpeg).decode(),
        }
        return Response(forms.DocumentPage(data).data)


class SnapshotProofs(BankView):
    @call("verifySnapshot", scope="score.read", asks=forms.AskProof, gives=forms.SnapshotProof)
    def get(self, request: Request, park: str, snapshot_id: int) -> Response:
        """Hashes that show that the enterprise's verified facts are in the snapshot behind its score."""
        asked = self.asked(forms.AskProof)
        opened = self.open(asked["consent"], gettext_noop("接口：快照证明"), ["score"])
        proof = snapshot_proof(snapshot_id, opened.consent.enterprise.uscc) if opened.groups else None
        if proof is None:
            raise NotFound(code="not_found", message=_("没有这个快照，或企业不在其中。"))
        path = [{"side": side, "hash": sister} for side, sister in proof.path]
        fields = {name: getattr(proof, name) for name in proof.__slots__} | {"path": path}
        return Response(forms.SnapshotProof(fields).data)


def own_firm(consent: Consent, uscc: str) -> None:
    """The address and the consent must name the same enterprise; anything else does not exist."""
    if consent.enterprise.uscc != uscc:
        raise NotFound(code="not_found", message=_("没有这家企业的授权。"))


class SimulateQuote(BankView):
    @call("simulateQuote", scope="quote.simulate", takes=forms.SimulateForm, gives=forms.Simulation)
    def post(self, request: Request, park: str) -> Response:
        """What the formula of the product gives now; computed anew at each call, and each is a read that is written down."""
        self.key()
        sent = self.sent(forms.SimulateForm)
        return Response(self._simulate(sent))

    def _simulate(self, sent: dict[str, Any]) -> dict[str, Any]:
        opened = self.open(sent["consent"], gettext_noop("接口：额度试算"), CARD_GROUPS)
        version = product_queries.version_for(
            self.actor, product_id=opened.consent.product_id, version_id=sent.get("product_version")
        )
        priced = price(opened.consent.enterprise_id, version)
        steps = [{"code": step.code, "value": str(step.value)} for step in priced.result.steps]
        data = {
            "consent": opened.consent.pk,
            "product_version": version.pk,
            "amount": priced.amount,
            "binding": priced.result.binding,
            "usable": priced.usable,
            "provisional": priced.provisional,
            "steps": quote_queries.bank_steps(steps),
        }
        return dict(forms.Simulation(data).data)


class OneQuote(BankView):
    @call("getQuote", scope="quote.read", gives=forms.BankQuote)
    def get(self, request: Request, park: str, quote_id: int) -> Response:
        """A quote with the steps a bank may see."""
        quote = quote_queries.of_bank(self.actor, quote_id)
        self.open(quote.consent_id, gettext_noop("接口：授信额度"), CARD_GROUPS)
        return Response(forms.BankQuote(quote_queries.bank_data(quote)).data)


class Applications(BankView):
    @call(
        "listApplications", scope="application.read", asks=forms.AskApplications, gives=forms.ApplicationPage
    )
    def get(self, request: Request, park: str) -> Response:
        """Applications addressed to the bank, newest first."""
        asked = self.asked(forms.AskApplications)
        rows = application_queries.to_bank(self.actor)
        if asked.get("status"):
            rows = rows.filter(status=asked["status"])
        items, cursor = self.page(rows, asked)
        name_firms(self.actor, items)
        return Response(forms.ApplicationPage({"items": items, "next_cursor": cursor}).data)


class OneApplication(BankView):
    @call("getApplication", scope="application.read", gives=forms.BankApplicationDetail)
    def get(self, request: Request, park: str, application_id: int) -> Response:
        """One application; its ETag is what the next decision has to name."""
        return tagged(application_data(self.actor, application_id))


class Dossiers(BankView):
    @call("getDossier", scope="application.read", gives=forms.Dossier)
    def get(self, request: Request, park: str, application_id: int) -> Response:
        """Application, score card by the consented groups, and the quote it stands on."""
        application = application_data(self.actor, application_id)
        row = application_queries.for_bank(self.actor, application_id)
        subject = gettext_noop("申请 %(number)s 的资料") % {"number": row.number}
        opened = self.open(row.consent_id, subject)
        content = {
            "application": application,
            "card": card_data(row.consent_id, opened.groups, card(row.enterprise_id, opened.groups)),
            "quote": forms.BankQuote(
                quote_queries.bank_data(quote_queries.of_bank(self.actor, row.line.quote_id))
            ).data,
        }
        return tagged(content, application["etag"])


def name_firms(actor: Actor, items: list[Application]) -> None:
    """Give each application the code of its enterprise where the consent holds; the reads are logged."""
    seen = consent_services.note_list_reads(
        by=actor, consent_ids=[row.consent_id for row in items], subject=gettext_noop("接口：申请列表")
    )
    for row in items:
        row.uscc = row.enterprise.uscc if row.consent_id in seen else None  # type: ignore[attr-defined]


def application_data(actor: Actor, application_id: int) -> dict[str, Any]:
    """An application with its last decision and version."""
    row = application_queries.for_bank(actor, application_id)
    name_firms(actor, [row])
    row.decision = application_queries.last_decision(row)  # type: ignore[attr-defined]
    row.etag = version_of(row)  # type: ignore[attr-defined]
    return dict(forms.BankApplicationDetail(row).data)


def tagged(data: dict[str, Any], etag: str = "", status: int = 200) -> Response:
    return Response(data, status=status, headers={"ETag": f'"{etag or data["etag"]}"'})


class Deciding(BankView):
    """A step that a person takes through the bank's program: on the version that was read, once."""

    role: Role

    def step(self, form: Any, act: Callable[[Actor, dict[str, Any]], object]) -> Response:
        self.key()
        sent = self.sent(form)
        person, statement = self.person(sent.pop("actor_token"), self.role)
        response = self.once(lambda: self._effect(person, statement, sent, act), person=str(person.person_id))
        response["ETag"] = f'"{response.data["etag"]}"'
        return response

    def _effect(
        self,
        person: Actor,
        statement: assertions.Statement,
        sent: dict[str, Any],
        act: Callable[[Actor, dict[str, Any]], object],
    ) -> Reply:
        number = self.kwargs["application_id"]
        application_queries.for_bank(self.actor, number)
        locked = application_services.locked(number, organisation_id=self.actor.organisation_id)
        self.check_version(version_of(locked))
        assertions.consume(statement, field="actor_token")
        act(person, sent | {"application_id": number})
        audit.record(
            by=self.actor,
            action="bank_client.acted",
            obj=locked,
            after={"step": type(self).__name__, "for": person.person_name, "statement": statement.jti},
        )
        return Reply(200, data=self.answer(number))

    def answer(self, application_id: int) -> dict[str, Any]:
        return application_data(self.actor, application_id)


class Acknowledge(Deciding):
    role = Role.BANK_MAKER

    @call(
        "acknowledge",
        scope="application.decide",
        takes=forms.AcknowledgeForm,
        gives=forms.BankApplicationDetail,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """The bank has been in touch with the enterprise; stops the clock of the first contact."""
        return self.step(forms.AcknowledgeForm, lambda by, sent: decisions.acknowledge(by=by, **sent))


class Propose(Deciding):
    role = Role.BANK_MAKER

    @call(
        "propose",
        scope="application.decide",
        takes=forms.ProposeForm,
        gives=forms.BankApplicationDetail,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """A bank maker proposes amount, rate and term."""
        return self.step(forms.ProposeForm, lambda by, sent: decisions.propose(by=by, **sent))


class Decide(Deciding):
    role = Role.BANK_CHECKER

    @call(
        "decide",
        scope="application.decide",
        takes=forms.DecideForm,
        gives=forms.BankApplicationDetail,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Another person approves, returns or rejects exactly what was proposed."""
        return self.step(forms.DecideForm, lambda by, sent: decisions.decide(by=by, **sent))


class Clock(BankView):
    @call("getClock", scope="sandbox.clock", gives=forms.SandboxClock)
    def get(self, request: Request, park: str) -> Response:
        """The time of the sandbox park, and by how many days it runs ahead. Other parks have no such clock (404)."""
        return Response(clock_data())


class AdvanceClock(BankView):
    @call("advanceClock", scope="sandbox.clock", takes=forms.AdvanceForm, gives=forms.SandboxClock)
    def post(self, request: Request, park: str) -> Response:
        """Let days pass in the sandbox park: what is then due lapses or is overdue, firms take their turn."""
        self.key()
        sent = self.sent(forms.AdvanceForm)

        def effect() -> Reply:
            sandbox.advance(by=self.actor, days=sent["days"])
            return Reply(200, data=clock_data())

        return self.once(effect)


def clock_data() -> dict[str, Any]:
    ahead = sandbox.here().clock_days
    return dict(forms.SandboxClock({"now": db_now(), "days_ahead": ahead}).data)
