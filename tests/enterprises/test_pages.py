"""The walk from registering a firm to a verified declaration, as browsers without script do it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enterprises.models import Cycle, Declaration, DepartmentBatch, Enterprise
from innovscore.core import uscc as codes
from parks import jobs
from parks.models import AuditEvent, Job
from parks.scope import park_scope
from tests.factories import enterprises as make
from tests.factories import files
from tests.factories import parks as people
from tests.factories.enterprises import SOUND

pytestmark = pytest.mark.django_db
OFFICE, OWN, REVIEW = "/p/cq/office", "/p/cq/e", "/p/cq/review"
FORM = {
    "uscc": "91500107MA5U00011B", "name": "重庆示例科技有限公司", "legal_representative": "李法人", "founded_on": "2015-03-01",
    "registered_address": "创新大道1号", "industry": "电子", "role": "enterprise_signatory",
}  # fmt: skip
PNG = files.png()


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path


def text(response: Any) -> str:
    return str(response.content.decode())


def run_jobs(park: Any) -> None:
    """What a worker does."""
    with park_scope(park.pk):
        ids = list(Job.objects.filter(state="queued").values_list("pk", flat=True))
        for job_id in ids:
            jobs.run(job_id)
        assert set(Job.objects.filter(pk__in=ids).values_list("state", flat=True)) <= {"succeeded"}


@pytest.mark.django_db(transaction=True)
def test_the_whole_walk(park: Any, client_as: Any) -> None:
    admin, first, second = (
        client_as(people.actor(role, park)) for role in ("park_admin", "park_reviewer", "park_reviewer")
    )
    person = people.Person.objects.create(name="李法人")
    account = people.Account.objects.create(login="newcomer", person=person)
    owner = Client()
    owner.force_login(account, backend="django.contrib.auth.backends.ModelBackend")

    # 3. registers, is returned, corrects, is certified
    refused = owner.post("/p/cq/register/", FORM | {"uscc": "91500107MA5U00011C"})
    assert refused.status_code == 422
    assert "第 18 位校验码应为 B" in text(refused)
    assert (
        owner.post("/p/cq/register/", FORM | {"licence": SimpleUploadedFile("x.png", PNG)}).status_code == 302
    )
    with park_scope(park.pk):
        firm = Enterprise.objects.get()
        case = make.case_of(firm)
    assert FORM["name"] in text(first.get(f"{REVIEW}/certifications/"))
    assert (
        first.post(f"{REVIEW}/certifications/{case.pk}/", {"event": "return", "reason": ""}).status_code
        == 422
    )
    assert (
        first.post(
            f"{REVIEW}/certifications/{case.pk}/", {"event": "return", "reason": "请更正地址"}
        ).status_code
        == 302
    )
    assert "请更正地址" in text(owner.get(f"{OWN}/certification/"))
    assert (
        owner.post(f"{OWN}/certification/", FORM | {"registered_address": "创新大道2号"}).status_code == 302
    )
    assert first.post(f"{REVIEW}/certifications/{case.pk}/", {"event": "certify"}).status_code == 302

    # 2. the scheme and the year
    assert admin.post(f"{OFFICE}/schemes/", {"name": "cq_htz_30"}).status_code == 302
    with park_scope(park.pk):
        version = make.SchemeVersion.objects.get()
    draft = f"{OFFICE}/schemes/{version.pk}/draft/"
    scorer = client_as(people.actor("score_officer", park))
    assert scorer.post(f"{draft}activate/", {"digest": version.digest}).status_code == 302
    year = {
        "year": "2025",
        "scheme_version": version.pk,
        "deadline": (dt.date.today() + dt.timedelta(days=40)).isoformat(),
    }
    assert admin.post(f"{OFFICE}/cycles/", year).status_code == 302
    assert admin.post(f"{OFFICE}/cycles/", year).status_code == 422

    # 4. department data, declarations
    assert admin.get(f"{OFFICE}/batches/template/").status_code == 200
    wan = {
        code: value // 10_000 if code not in ("staff_total", "rd_staff") else value
        for code, value in SOUND.items()
    }
    file = SimpleUploadedFile(
        "tax.csv",
        make.table(("uscc", *wan), (FORM["uscc"], *wan.values()), (codes.synthetic(9), *wan.values())),
    )
    uploaded = admin.post(f"{OFFICE}/batches/", {"source": "tax", "as_of": "2026-06-12", "file": file})
    assert uploaded.status_code == 302
    assert "没有这家企业" in text(admin.get(uploaded["Location"]))
    assert admin.post(uploaded["Location"], {"act": "apply"}).status_code == 422
    assert admin.post(uploaded["Location"], {"mode": "cell"}).status_code == 302
    assert admin.post(f"{OFFICE}/cycles/2025/", {"act": "prepare"}).status_code == 302
    run_jobs(park)
    assert admin.get(f"{OFFICE}/cycles/2025/").status_code == 200

    tasks = text(owner.get(f"{OWN}/declaration/2025/"))
    sections = set(re.findall(r"/e/declaration/2025/(\w+)/", tasks)) - {
        "check",
        "workbook",
        "returns",
        "receipt",
    }
    assert len(sections) == 4
    for section in sections:
        shown = text(owner.get(f"{OWN}/declaration/2025/{section}/"))
        versions = dict(re.findall(r'name="(version_\w+)" value="(\d+)"', shown))
        named = [name.removeprefix("version_") for name in versions]
        answer = owner.post(f"{OWN}/declaration/2025/{section}/", versions | {"code": named})
        assert answer.status_code == (302 if named else 422)
    item = f"{OWN}/declaration/2025/item/rd_expense/"
    version_of = re.search(r'name="version" value="(\d+)"', text(owner.get(item)))
    assert version_of
    change = {
        "act": "correct",
        "version": version_of[1],
        "text": "约702",
        "reason": "以审计报告为准",
        "page": "3",
    }
    assert owner.post(item, change).status_code == 422
    evidence = SimpleUploadedFile("审计报告.png", PNG + b"1")
    assert owner.post(item, change | {"text": "702.00", "file": evidence}).status_code == 302
    stale = owner.post(item, change | {"text": "703"})
    assert stale.status_code == 409
    assert "刚被" in text(stale)
    listed = {
        "act": "correct",
        "version": "1",
        "entry_level": ["national"],
        "entry_rank": [""],
        "entry_name": ["国家实验室"],
        "entry_number": ["1"],
        "entry_date": ["2024-05-06"],
    }
    assert owner.post(f"{OWN}/declaration/2025/item/platforms/", listed).status_code in (302, 422)
    for _round in range(12):
        waiting = re.findall(r'/item/(\w+)/"', _blockers(owner))
        if not waiting:
            break
        for code in set(waiting):
            page = text(owner.get(f"{OWN}/declaration/2025/item/{code}/"))
            number = re.search(r'name="version" value="(\d+)"', page)
            assert number
            owner.post(
                f"{OWN}/declaration/2025/item/{code}/",
                {"act": "explain", "version": number[1], "explanation": "与审计报告一致"},
            )
    check = text(owner.get(f"{OWN}/declaration/2025/check/"))
    seen = re.search(r'name="content_hash" value="(\w{64})"', check)
    assert seen, check
    assert owner.post(f"{OWN}/declaration/2025/check/", {"content_hash": "0" * 64}).status_code == 409
    assert owner.post(f"{OWN}/declaration/2025/check/", {"content_hash": seen[1]}).status_code == 302
    assert owner.post(item, change | {"text": "702"}).status_code == 409

    # verified by two reviewers
    with park_scope(park.pk):
        declaration = Declaration.objects.get()
        disputed = make.value(declaration, "rd_expense")
    assert disputed.state == "disputed"
    assert FORM["name"] in text(first.get(f"{REVIEW}/declarations/"))
    url = f"{REVIEW}/declarations/{declaration.pk}/"
    page = text(first.get(url))
    assert "审计报告.png" in page
    assert "以审计报告为准" in page
    assert b"".join(first.get(f"/p/cq/evidence/{disputed.evidence_id}/").streaming_content).startswith(
        b"\x89PNG"
    )
    assert first.post(url, {"act": "accept_all"}).status_code == 302
    assert first.post(url, {"value": disputed.pk, "decision": "keep", "reason": ""}).status_code == 422
    assert first.post(url, {"value": disputed.pk, "decision": "accept"}).status_code == 302
    assert first.post(url, {"act": "sign"}).status_code == 403
    assert second.post(url, {"act": "sign"}).status_code == 302
    with park_scope(park.pk):
        assert Declaration.objects.get().state == "verified"
        actions = set(AuditEvent.objects.values_list("action", flat=True))
    wanted = {
        "scheme.adopted", "scheme.activated", "cycle.opened", "certification.submit", "certification.return", "certification.certify", "batch.uploaded",
        "batch.applied", "declarations.prepared", "value.confirmed", "value.corrected", "declaration.submitted", "values.accepted",
        "declaration.verified", "evidence.stored",
    }  # fmt: skip
    assert wanted <= actions


def _blockers(owner: Client) -> str:
    """The part of the check page that names what is in the way, else the items that need words."""
    pages = []
    for section in ("economy_tax", "rd_input", "talent", "tech_activity"):
        for part in re.split(r'<div class="item"', text(owner.get(f"{OWN}/declaration/2025/{section}/")))[1:]:
            if "notice-warn" in part and "与审计报告一致" not in part:
                pages.append(part)
    return "".join(pages)


@pytest.fixture
def world(park: Any) -> Any:
    """Two firms with declarations in the park."""
    admin = people.actor("park_admin", park)
    with park_scope(park.pk):
        cycle = make.cycle(admin)
        for number in (1, 2):
            make.declaration(admin, make.enterprise(number), cycle, **SOUND)
    return park


def own(park: Any, number: int, role: str = "enterprise_agent") -> Any:
    with park_scope(park.pk):
        organisation = Enterprise.objects.get(uscc=codes.synthetic(number)).organisation
    return people.actor(role, park, organisation=organisation)


def test_a_firm_sees_only_its_own_declaration(world: Any, client_as: Any) -> None:
    client = client_as(own(world, 1))
    api = client.get("/api/v1/parks/cq/own/declarations/2025/").json()
    assert api["declaration"]["uscc"] == codes.synthetic(1)
    assert len(api["values"]) == 35
    assert client.get("/api/v1/parks/cq/own/enterprise/").json()["name"] == "示例企业1"
    assert client.get("/api/v1/parks/cq/declarations/").status_code == 403
    assert client.get(f"{REVIEW}/declarations/").status_code == 403


def test_evidence_of_another_firm_does_not_exist(world: Any, client_as: Any) -> None:
    mine, theirs = client_as(own(world, 1)), client_as(own(world, 2))
    item = f"{OWN}/declaration/2025/item/rd_expense/"
    data = {
        "act": "correct",
        "version": "1",
        "text": "1",
        "reason": "以审计报告为准",
        "file": SimpleUploadedFile("a.png", PNG),
    }
    assert mine.post(item, data).status_code == 302
    with park_scope(world.pk):
        file_id = make.DeclaredValue.objects.get(evidence__isnull=False).evidence_id
    assert mine.get(f"/p/cq/evidence/{file_id}/").status_code == 200
    assert theirs.get(f"/p/cq/evidence/{file_id}/").status_code == 404


def test_a_document_is_told_by_its_content(world: Any, client_as: Any) -> None:
    data = {
        "act": "correct",
        "version": "1",
        "text": "1",
        "reason": "以审计报告为准",
        "file": SimpleUploadedFile("a.pdf", b"<script>"),
    }
    answer = client_as(own(world, 1)).post(f"{OWN}/declaration/2025/item/rd_expense/", data)
    assert answer.status_code == 422
    assert "程序或脚本" in text(answer)


@pytest.mark.parametrize("entry", ["", "约100", "1-2", "=1+1", "一百", "9" * 40])
def test_a_number_that_is_none_is_explained(world: Any, client_as: Any, entry: str) -> None:
    data = {"act": "correct", "version": "1", "text": entry, "reason": "以审计报告为准"}
    assert client_as(own(world, 1)).post(f"{OWN}/declaration/2025/item/rd_expense/", data).status_code == 422
    with park_scope(world.pk):
        assert not make.DeclaredValue.objects.filter(state="disputed").exists()


def test_what_belongs_to_another_park_does_not_exist(world: Any, other_park: Any, client_as: Any) -> None:
    admin = people.actor("park_admin", other_park)
    with park_scope(other_park.pk):
        cycle = make.cycle(admin, 2024)
        foreign = make.declaration(admin, make.enterprise(50), cycle)
        batch = DepartmentBatch.objects.create(
            year=2024, source="tax", as_of="2025-06-12", filename="t", sha256="0" * 64, state="checked"
        )
        case = make.Certification.objects.create(enterprise=foreign.enterprise, state="submitted")
    reviewer, office = (
        client_as(people.actor("park_reviewer", world)),
        client_as(people.actor("park_admin", world)),
    )
    assert reviewer.get(f"{REVIEW}/declarations/{foreign.pk}/").status_code == 404
    assert reviewer.post(f"{REVIEW}/declarations/{foreign.pk}/", {"act": "accept_all"}).status_code == 404
    assert reviewer.get(f"{REVIEW}/certifications/{case.pk}/").status_code == 404
    assert office.get(f"{OFFICE}/batches/{batch.pk}/").status_code == 404
    assert office.get(f"{OFFICE}/cycles/2024/").status_code == 404
    for path in (f"enterprises/{foreign.enterprise_id}/", f"declarations/{foreign.pk}/"):
        assert reviewer.get(f"/api/v1/parks/cq/{path}").status_code == 404


LISTS = [
    ("park_reviewer", f"{REVIEW}/certifications/"), ("park_reviewer", f"{REVIEW}/declarations/"), ("park_admin", f"{OFFICE}/enterprises/"),
    ("park_admin", f"{OFFICE}/cycles/"), ("park_admin", f"{OFFICE}/cycles/2025/"), ("park_admin", f"{OFFICE}/batches/"),
    ("park_reviewer", "/api/v1/parks/cq/enterprises/"), ("park_reviewer", "/api/v1/parks/cq/declarations/"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "path"), LISTS)
def test_lists_ask_a_constant_number_of_questions(world: Any, client_as: Any, role: str, path: str) -> None:
    client = client_as(people.actor(role, world))
    counts = []
    for first in (100, 200):
        with park_scope(world.pk):
            admin, cycle = people.actor("park_admin", world), Cycle.objects.get()
            for number in range(first, first + 8):
                firm = make.enterprise(number)
                make.Certification.objects.create(enterprise=firm, state="submitted")
                make.declaration(admin, firm, cycle, revenue=number)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_lists_filter_and_export(world: Any, client_as: Any) -> None:
    client = client_as(people.actor("park_reviewer", world))
    assert "示例企业2" not in text(client.get(f"{REVIEW}/declarations/", {"q": "示例企业1"}))
    assert client.get(f"{REVIEW}/declarations/", {"export": "xlsx"})["Content-Type"].endswith("sheet")
    assert "示例企业1" in client.get(f"{OFFICE}/enterprises/", {"export": "csv"}).content.decode("utf-8-sig")
    assert client.get("/api/v1/parks/cq/declarations/", {"state": "nonsense"}).status_code == 422
    assert client.get("/api/v1/parks/cq/declarations/", {"state": "open", "size": 1}).json()["count"] == 2


def test_the_page_of_a_declaration_asks_few_questions(
    world: Any, client_as: Any, django_assert_max_num_queries: Any
) -> None:
    client = client_as(own(world, 1))
    with django_assert_max_num_queries(28):
        assert client.get(f"{OWN}/declaration/2025/economy_tax/").status_code == 200
