"""Score cards carry the consented groups and nothing else; every read is on record; proofs lead to the root."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

import pytest

from finance.api.card_serializers import GROUP_FORMS
from finance.api.examples import ADDED, ANSWERS
from finance.models import Consent, ConsentAccess
from finance.queries.card import BUILDERS
from finance.rules import MORE_GROUPS
from finance.states import GROUPS
from innovscore.core import digest
from parks.scope import park_scope
from tests.bankapi.conftest import Case
from tests.bankapi.test_document import alike
from tests.factories import bankapi, dossier
from tests.factories import finance as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
ALWAYS = {"consent", "groups"}


def test_every_group_has_fields_and_every_field_a_group() -> None:
    assert set(GROUP_FORMS) == {"id", *BUILDERS} == set(GROUPS)


def test_groups_and_papers_that_a_firm_adds_are_answered_as_the_examples_say(park: Any) -> None:
    case = dossier.case(park)
    with park_scope(park.pk):
        consent = case.grant(*MORE_GROUPS)
        number, paper = case.apply(consent).pk, case.papers["revenue"].pk
        engine = bankapi.engine(bankapi.ops_of(case.bank.organisation.pk, park))
    groups = ",".join(MORE_GROUPS)
    card = engine.get(
        f"enterprises/{case.firm.enterprise.uscc}/scorecard?consent={consent.pk}&groups={groups}"
    )
    assert alike(ADDED["getScoreCard"], card.json())
    assert engine.get(f"applications/{number}/dossier").json()["card"]["history"] == card.json()["history"]
    page = engine.get(f"applications/{number}/documents/{paper}?page=1")
    assert alike(ANSWERS["getDocument"], page.json())
    assert base64.b64decode(page.json()["jpeg"])[:2] == b"\xff\xd8"
    for wrong in ("?page=0", "?page=x", "?page=10001"):
        assert engine.get(f"applications/{number}/documents/{paper}{wrong}").status_code == 422
    with park_scope(park.pk):
        subjects = list(ConsentAccess.objects.values_list("subject", flat=True))
        assert "材料第 1 页：年度审计报告.pdf" in subjects


def test_every_read_is_logged_with_its_consent_and_groups(case: Case) -> None:
    consent = case.consent()
    path = f"enterprises/{case.world.enterprise.uscc}/scorecard?consent={consent.pk}&groups=id,score"
    answer = case.engine.get(path)
    assert set(answer.json()) == ALWAYS | {"id", "score"}
    with case.inside():
        read = ConsentAccess.objects.get()
        assert (read.consent_id, read.groups, read.role, read.person_name) == (
            consent.pk, ["id", "score"], "bank_system", case.engine.client.application.user.person.name,
        )  # fmt: skip
        assert read.request_id


def test_the_firm_sees_the_program_in_its_access_log(case: Case, client_as: Any) -> None:
    consent = case.consent()
    case.engine.get(f"enterprises/{case.world.enterprise.uscc}/scorecard?consent={consent.pk}")
    text = client_as(case.world.signatory).get("/p/cq/e/access-log/").content.decode()
    assert "接口：评分卡" in text
    assert "决策引擎" in text


def test_an_unlogged_read_gives_nothing(case: Case, monkeypatch: Any) -> None:
    """Fail closed: when the log cannot be written there is no answer, whatever the check before it said."""
    from finance.services import consents as services

    consent = case.consent()
    with case.inside():
        Consent.objects.filter(pk=consent.pk).update(
            revoked_at="2026-01-01T00:00Z", revoked_by_ref=1, revoked_by_name="x"
        )
    monkeypatch.setattr(services.queries, "granted_to", lambda actor: Consent.objects.filter(pk=consent.pk))
    answer = case.engine.get(f"enterprises/{case.world.enterprise.uscc}/scorecard?consent={consent.pk}")
    assert answer.status_code == 403
    assert case.world.enterprise.name not in answer.content.decode()


def test_a_proof_leads_from_the_leaf_to_the_root_and_the_run(park: Any) -> None:
    from parks import jobs
    from scoring.models import CurrentRun
    from scoring.services import runs, snapshots
    from tests.factories import scoring

    with park_scope(park.pk):
        officer = people.actor("score_officer", park)
        cycle = scoring.cycle()
        snapshot = snapshots.store(by=officer, cycle=cycle, cases=scoring.golden_cases())
        run = runs.request_run(by=officer, cycle=cycle)
    with park_scope(park.pk):
        jobs.run(run.job_id)
    with park_scope(park.pk):
        from enterprises.models import Enterprise

        bank = make.bank(park)
        firm = make.Firm(
            Enterprise.objects.order_by("pk").first(), people.actor("enterprise_signatory", park), officer
        )
        consent = make.consent(bank, firm)
        engine = bankapi.engine(bankapi.ops_of(bank.organisation.pk, park))
        run = CurrentRun.objects.get().run
    proof = engine.get(f"snapshots/{snapshot.pk}/proof?consent={consent.pk}").json()
    steps = [(step["side"], step["hash"]) for step in proof["path"]]
    assert digest.verify(proof["leaf"], steps, proof["snapshot_root"])
    assert proof["snapshot_root"] == snapshot.root
    parts = [
        proof[name].encode() for name in ("snapshot_root", "scheme_digest", "engine_version", "result_root")
    ]
    joined = b"".join(struct.pack("<H", len(part)) + part for part in parts)
    assert hashlib.sha256(joined).hexdigest() == proof["run_hash"] == run.run_hash
    assert firm.enterprise.name not in json.dumps(proof)
    assert engine.get(f"snapshots/987654/proof?consent={consent.pk}").status_code == 404
