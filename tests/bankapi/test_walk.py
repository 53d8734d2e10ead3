"""A decision engine works a case from the token to the approval; every refusal is a problem with a code."""

from __future__ import annotations

from typing import Any

import pytest

from finance.models import Application, ConsentAccess
from tests.bankapi.conftest import Case
from tests.factories import bankapi

pytestmark = pytest.mark.django_db
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def ask_token(client: Any, engine: bankapi.Engine, assertion: str, **more: str) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
    }
    return client.post(f"{bankapi.ROOT}/token", form | more)


def test_from_token_to_approval(case: Case, client: Any) -> None:
    engine, world = case.engine, case.world
    consent, application = case.consent(), case.application()
    answer = ask_token(client, engine, bankapi.signed(engine.client_id, engine.client_id))
    assert (answer.status_code, answer.json()["token_type"], answer.json()["expires_in"]) == (
        200,
        "Bearer",
        600,
    )
    engine.token = answer.json()["access_token"]

    listed = engine.get("consents").json()
    assert [(item["id"], item["status"], item["uscc"]) for item in listed["items"]] == [
        (consent.pk, "active", world.enterprise.uscc)
    ]
    card = engine.get(f"enterprises/{world.enterprise.uscc}/scorecard?consent={consent.pk}").json()
    assert (card["score"]["total"], card["fin"]["revenue"][0]["from"]) == ("86.00", "50000000.00")
    simulated = engine.post("quotes:simulate", {"consent": consent.pk})
    assert (simulated.status_code, simulated.json()["amount"]) == (200, "9000000.00")
    quote = engine.get(f"quotes/{application.quote_id}").json()
    assert {step["code"] for step in quote["steps"]} <= {
        "points",
        "base",
        "stage",
        "product_cap",
        "first_loan_cap",
        "amount",
    }

    (row,) = engine.get("applications").json()["items"]
    assert (row["id"], row["status"], row["amount"]) == (application.pk, "screened", "5000000.00")
    assert engine.decide(application.pk, "ack", world.maker).status_code == 200
    proposed = engine.decide(
        application.pk, "propose", world.maker, {"amount": "4000000.00", "rate": "0.0345", "term_months": 12}
    )
    assert (proposed.status_code, proposed.json()["status"]) == (200, "proposed"), proposed.content
    dossier = engine.get(f"applications/{application.pk}/dossier")
    assert dossier["ETag"] == proposed["ETag"]
    decided = engine.decide(
        application.pk, "decide", world.checker,
        {"outcome": "approve", "content_hash": dossier.json()["application"]["decision"]["content_hash"]},
    )  # fmt: skip
    assert (decided.status_code, decided.json()["status"]) == (200, "approved"), decided.content
    with case.inside():
        stored = Application.objects.get(pk=application.pk)
        assert stored.decisions.get().checker_person == world.checker.person_id
        assert ConsentAccess.objects.filter(role="bank_system", consent=consent).count() >= 5
