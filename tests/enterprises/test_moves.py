"""After certification: what was certified changes, rests, moves; and what the register says beside it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from enterprises.models import Certification, Enterprise, SubParkStay
from enterprises.queries import enterprises as queries
from enterprises.queries import library, matching
from enterprises.services import departments, moves, registration
from enterprises.services import library as documents
from innovscore.core import uscc as codes
from innovscore.core.problems import Conflict, Refused
from parks.clock import db_today
from parks.models import AuditEvent, EvidenceFile, Membership, SubPark
from parks.scope import park_scope
from parks.services import evidence, virus_scan
from tests.factories import enterprises as make
from tests.factories import files
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def firm(in_park: Any) -> Enterprise:
    return make.enterprise(1, legal_representative="李法人", registered_address="创新大道1号")


@pytest.fixture
def reviewer(in_park: Any) -> Any:
    return people.actor("park_reviewer", in_park)


def upload(name: str = "a.pdf", text: str = "") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, files.pdf(text))


def change(by: Any, firm: Enterprise, **wanted: str) -> Certification:
    return registration.request_change(by=by, enterprise=firm, wanted=wanted, upload=upload())


# changes


def test_a_change_counts_only_when_it_is_certified(firm: Enterprise, signatory: Any, reviewer: Any) -> None:
    case = change(signatory, firm, name="新名称有限公司", registered_address="创新大道1号")
    assert case.changes == {"name": ["示例企业1", "新名称有限公司"]}
    firm.refresh_from_db()
    assert (firm.name, firm.certification_state) == ("示例企业1", "certified")
    with pytest.raises(Conflict, match="审核"):
        change(signatory, firm, name="再改")
    registration.decide(by=reviewer, case=case, event="certify")
    firm.refresh_from_db()
    assert (firm.name, firm.certification_state) == ("新名称有限公司", "certified")
    event = AuditEvent.objects.get(action="certification.certify")
    assert "新名称有限公司" in str(event.after)
    assert "示例企业1" in str(event.before)


def test_a_refused_change_leaves_what_was_certified(firm: Enterprise, signatory: Any, reviewer: Any) -> None:
    registration.decide(
        by=reviewer, case=change(signatory, firm, name="新名称"), event="reject", reason="执照不清晰"
    )
    firm.refresh_from_db()
    assert (firm.name, firm.certification_state) == ("示例企业1", "certified")
    returned = change(signatory, firm, name="新名称")
    registration.decide(by=reviewer, case=returned, event="return", reason="请上传新执照")
    assert change(signatory, firm, name="新名称有限公司").pk == returned.pk


def test_a_former_legal_representative_signs_no_more(firm: Enterprise, signatory: Any, reviewer: Any) -> None:
    registration.decide(
        by=reviewer, case=change(signatory, firm, legal_representative="新法人"), event="certify"
    )
    assert Membership.objects.get(pk=signatory.membership_id).ends_on == db_today()


def test_a_change_needs_a_difference_and_the_new_licence(firm: Enterprise, signatory: Any) -> None:
    with pytest.raises(Refused, match="没有变更内容"):
        change(signatory, firm, name=firm.name)
    with pytest.raises(Refused, match="营业执照"):
        registration.request_change(by=signatory, enterprise=firm, wanted={"name": "新"}, upload=None)


def test_certification_rests_and_is_resumed_with_reasons(firm: Enterprise, admin: Any) -> None:
    with pytest.raises(Refused):
        registration.suspend(by=admin, enterprise=firm, reason="")
    registration.suspend(by=admin, enterprise=firm, reason="登记显示注销")
    with pytest.raises(Conflict):
        registration.suspend(by=admin, enterprise=firm, reason="再次")
    registration.resume(by=admin, enterprise=firm, reason="登记已恢复")
    assert queries.get(firm.pk).certification_state == "certified"


# where a firm is


def test_a_firm_moves_between_sub_parks_on_a_day(firm: Enterprise, admin: Any) -> None:
    core, north = (
        SubPark.objects.create(code=code, name=name) for code, name in (("core", "核心区"), ("n", "北区"))
    )
    moves.to_sub_park(by=admin, enterprise=firm, sub_park=core, on=dt.date(2024, 1, 1), reason="入驻核心区")
    moves.to_sub_park(by=admin, enterprise=firm, sub_park=north, on=dt.date(2025, 7, 1), reason="扩建厂房")
    periods = [
        (s.sub_park.name if s.sub_park else "", str(s.starts_on), str(s.ends_on or ""))
        for s in queries.stays(firm)
    ]
    assert periods == [
        ("北区", "2025-07-01", ""),
        ("核心区", "2024-01-01", "2025-07-01"),
        ("", "2020-01-01", "2024-01-01"),
    ]
    assert queries.get(firm.pk).sub_park == north
    for day in (dt.date(2025, 1, 1), db_today() + dt.timedelta(days=1)):
        with pytest.raises(Refused, match="日期"):
            moves.to_sub_park(by=admin, enterprise=firm, sub_park=core, on=day, reason="x")
    with pytest.raises(Conflict):
        moves.to_sub_park(by=admin, enterprise=firm, sub_park=north, on=None, reason="x")


def test_two_stays_at_a_time_are_refused_by_the_database(firm: Enterprise, admin: Any) -> None:
    moves.begin_stay(by=admin, enterprise=firm)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubParkStay.objects.create(enterprise=firm, starts_on=dt.date(2025, 1, 1))


def test_a_firm_that_left_may_be_admitted_elsewhere_never_in_two_zones(park: Any, other_park: Any) -> None:
    with park_scope(park.pk):
        admin, firm = people.actor("park_admin", park), make.enterprise(1)
    with park_scope(other_park.pk):
        founder = people.actor("enterprise_signatory", other_park, name="李法人")
        with pytest.raises(Conflict):
            registration.register(by=founder, particulars=make.particulars(), role="enterprise_signatory")
    with park_scope(park.pk):
        moves.leave(by=admin, enterprise=firm, on=None, reason="迁往第二高新区")
        assert not queries.members().exists()
        with pytest.raises(Conflict):
            moves.leave(by=admin, enterprise=firm, on=None, reason="再次")
    with park_scope(other_park.pk):
        made = registration.register(by=founder, particulars=make.particulars(), role="enterprise_signatory")
        assert queries.stays(made)[0].starts_on == made.member_from


def test_where_a_zone_has_sub_parks_one_is_chosen(in_park: Any) -> None:
    core = SubPark.objects.create(code="core", name="核心区")
    founder = people.actor("enterprise_signatory", in_park, name="李法人")
    with pytest.raises(Refused, match="所在的园区"):
        registration.register(by=founder, particulars=make.particulars(), role="enterprise_signatory")
    made = registration.register(
        by=founder, particulars=make.particulars(sub_park=core), role="enterprise_signatory"
    )
    assert queries.stays(made)[0].sub_park == core


# the register beside it


def test_what_is_stated_stands_beside_the_register(firm: Enterprise, admin: Any, signatory: Any) -> None:
    heads = ("统一社会信用代码", "企业名称", "法定代表人", "住所", "登记状态")
    row = (codes.synthetic(1), "示例企业1 ", "王五", "重庆市创新大道１号", "注销")
    make.apply(admin, make.batch(admin, make.cycle(admin), make.table(heads, row), source="amr"))
    found = matching.match(change(signatory, firm, legal_representative="赵六"))
    assert {line.label: line.agrees for line in found.lines} == {
        "企业名称": True, "法定代表人": False, "注册地址": True, "登记状态": False,
    }  # fmt: skip
    assert found.differences == 2
    assert next(line.stated for line in found.lines if line.label == "法定代表人") == "赵六"


# the address


@pytest.fixture
def sub_parks(in_park: Any) -> dict[str, SubPark]:
    places = {"core": ["高新大道"], "ext1": ["金凤镇", "高新大道北段"], "ext2": []}
    return {
        code: SubPark.objects.create(code=code, name=code, places=named) for code, named in places.items()
    }


@pytest.mark.parametrize(
    ("chosen", "address", "verdict"),
    [
        ("core", "重庆市高新大道 １ 号", "inside"),
        ("ext1", "重庆市高新大道1号", "elsewhere"),
        ("ext1", "高新大道北段1号", "inside"),  # of places that contain one another the longest
        ("core", "高新大道北段1号", "elsewhere"),
        ("core", "渝中区解放碑1号", "outside"),
        ("core", "", "outside"),
    ],
)
def test_an_address_is_checked_against_the_places_of_the_sub_parks(
    sub_parks: Any, chosen: str, address: str, verdict: str
) -> None:
    made = make.enterprise(3, sub_park=sub_parks[chosen], registered_address=address)
    assert matching.site(made).verdict == verdict


def test_without_places_a_person_looks_at_every_address(firm: Enterprise) -> None:
    SubPark.objects.create(code="core", name="核心区")
    assert matching.site(firm).verdict == "unknown"


def test_a_firm_that_works_elsewhere_than_it_is_registered_is_shown(sub_parks: Any) -> None:
    made = make.enterprise(3, sub_park=sub_parks["core"], registered_address="高新大道1号")
    assert not matching.site(made).needs_eyes
    made.operating_address = "金凤镇2号"
    assert matching.site(made).operates_elsewhere
    made.operating_address = "高新大道9号"
    assert not matching.site(made).needs_eyes


def test_the_certifier_sees_a_change_of_address_and_says_which_sub_park_it_is(
    sub_parks: Any, signatory: Any, firm: Enterprise, reviewer: Any, client_as: Any
) -> None:
    case = change(signatory, firm, registered_address="金凤镇8号")
    page, desk = f"/p/cq/review/certifications/{case.pk}/", client_as(reviewer)
    shown = desk.get(page).content.decode()
    assert "金凤镇8号" in shown
    assert "在另一个园区" in shown
    assert desk.post(page, {"event": "certify", "sub_park": sub_parks["ext1"].pk}).status_code == 302
    firm.refresh_from_db()
    assert (firm.registered_address, firm.sub_park) == ("金凤镇8号", sub_parks["ext1"])
    assert [stay.sub_park for stay in queries.stays(firm)] == [sub_parks["ext1"], None]


def test_the_administrator_says_which_places_lie_in_a_sub_park(
    sub_parks: Any, admin: Any, reviewer: Any, client_as: Any
) -> None:
    page, office = "/p/cq/office/sub-parks/", client_as(admin)
    part = sub_parks["ext2"]
    assert office.post(page, {"sub_park": part.pk, "places": " 含谷镇 \n\n含谷镇\n曾家镇"}).status_code == 302
    part.refresh_from_db()
    assert part.places == ["含谷镇", "曾家镇"]
    assert "含谷镇" in office.get(page).content.decode()
    wrong = {"sub_park": part.pk, "places": "长" * 41}
    assert "2 到 40 个字" in office.post(page, wrong).content.decode()
    assert office.post(page, {"sub_park": "x\x00", "places": "a\x00bc"}).status_code == 422
    assert client_as(reviewer).post(page, {"sub_park": part.pk, "places": ""}).status_code == 403
    assert AuditEvent.objects.filter(action="sub_park.places_set").count() == 1


# documents


def test_a_document_is_kept_once_described_and_found_where_it_is_used(
    firm: Enterprise, admin: Any, agent: Any
) -> None:
    row, is_new = documents.add(
        by=agent, organisation_id=firm.organisation_id, upload=upload(), title="审计报告", proves=["revenue"]
    )
    again, is_new_again = documents.add(
        by=agent, organisation_id=firm.organisation_id, upload=upload("b.pdf")
    )
    assert (is_new, is_new_again, again.pk) == (True, False, row.pk)
    of = make.declaration(admin, firm, make.cycle(admin), **make.SOUND)
    value = make.value(of, "rd_expense")
    value.evidence, value.evidence_page = row, 3
    value.save()
    (usage,) = library.usages([row.pk])[row.pk]
    assert (usage.code, usage.year, usage.page) == ("rd_expense", 2025, 3)
    assert library.files_of(firm.organisation_id).filter(notes__proves__contains=["revenue"]).count() == 1


def test_identical_documents_of_two_firms_are_flagged_to_reviewers_only(
    firm: Enterprise, agent: Any, reviewer: Any, client_as: Any
) -> None:
    other = make.enterprise(2)
    second = people.actor("enterprise_agent", firm.park, organisation=other.organisation)
    rows = [
        evidence.store(by=by, organisation_id=one.organisation_id, upload=upload())
        for by, one in ((agent, firm), (second, other))
    ]
    assert [row.organisation_id for row in library.same_content(rows[0])] == [other.organisation_id]
    assert len(library.doubles(entry["sha256"] for entry in library.doubled_digests())) == 1
    page = f"/p/cq/evidence/{rows[0].pk}/view/"
    assert other.name not in client_as(agent).get(page).content.decode()
    shown = client_as(reviewer)
    assert other.organisation.name in shown.get(page).content.decode()
    assert other.organisation.name in shown.get("/p/cq/review/evidence/doubles/").content.decode()
    assert client_as(agent).get(f"/p/cq/evidence/{rows[1].pk}/view/").status_code == 404
    assert client_as(agent).get(f"/p/cq/evidence/{rows[1].pk}/").status_code == 404


def test_bytes_leave_only_as_a_shut_document(firm: Enterprise, agent: Any, client_as: Any) -> None:
    row = evidence.store(by=agent, organisation_id=firm.organisation_id, upload=upload("审计 报告.pdf"))
    answer = client_as(agent).get(f"/p/cq/evidence/{row.pk}/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["Content-Disposition"].startswith("attachment")


def test_stored_bytes_that_nothing_names_are_removed_after_a_day(
    firm: Enterprise, agent: Any, admin: Any, evidence_root: Path
) -> None:
    import os

    row = evidence.store(by=agent, organisation_id=firm.organisation_id, upload=upload())
    batch = make.batch(admin, make.cycle(admin), make.table(("uscc", "revenue"), (firm.uscc, 1)))
    kept = [evidence.path_of(row.sha256), departments.file_path(batch.sha256)]
    lost = evidence.path_of("ab" + "0" * 62)
    young = evidence.path_of("cd" + "0" * 62)
    for path in (lost, young):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    for path in (*kept, lost):
        os.utime(path, (0, 0))
    assert evidence.remove_orphans(evidence_root, kept={row.sha256}) == 1
    assert evidence.remove_orphans(evidence_root / "batches", kept={batch.sha256}) == 0
    assert [path.exists() for path in (*kept, lost, young)] == [True, True, False, True]


class Scanner:
    """A clamd that answers one question."""

    def __init__(self, answer: bytes) -> None:
        import socket
        import threading

        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.answer, self.heard = answer, b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        line, _peer = self.server.accept()
        with line:
            while not self.heard.endswith(b"\0\0\0\0"):
                self.heard += line.recv(65536)
            line.sendall(self.answer + b"\0")


@pytest.mark.parametrize(
    ("answer", "scan"), [(b"stream: OK", "clean"), (b"stream: size limit", "not_scanned")]
)
def test_a_scanner_that_is_set_up_is_asked(
    firm: Enterprise, agent: Any, settings: Any, answer: bytes, scan: str
) -> None:
    scanner = Scanner(answer)
    settings.CLAMD_ADDRESS = scanner.address
    row = evidence.store(by=agent, organisation_id=firm.organisation_id, upload=upload())
    assert row.scan == scan
    assert files.pdf() in scanner.heard


def test_an_infected_upload_is_refused(
    firm: Enterprise, agent: Any, settings: Any, evidence_root: Path
) -> None:
    settings.CLAMD_ADDRESS = Scanner(b"stream: Eicar-Test-Signature FOUND").address
    with pytest.raises(Refused, match="带毒"):
        evidence.store(by=agent, organisation_id=firm.organisation_id, upload=upload())
    assert not EvidenceFile.objects.exists()
    assert not list(evidence_root.rglob("*"))


def test_without_a_scanner_files_are_marked_and_scanned_later(
    firm: Enterprise, agent: Any, settings: Any, client_as: Any
) -> None:
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    row = evidence.store(by=agent, organisation_id=firm.organisation_id, upload=upload())
    assert (row.scan, virus_scan.scan(b"x")) == ("not_scanned", "not_scanned")
    settings.CLAMD_ADDRESS = Scanner(b"stream: Worm FOUND").address
    assert evidence.scan_waiting() == 1
    assert client_as(agent).get(f"/p/cq/evidence/{row.pk}/").status_code == 410


def test_the_pages_of_library_change_and_firm(  # noqa: PLR0917  # everybody who has a part
    firm: Enterprise, agent: Any, signatory: Any, admin: Any, reviewer: Any, client_as: Any
) -> None:
    make.cycle(admin)
    own = client_as(agent)
    assert "还没有材料" in own.get("/p/cq/e/evidence/").content.decode()
    made = own.post("/p/cq/e/evidence/", {"file": upload(), "title": "审计报告", "proves": ["revenue"]})
    assert made.status_code == 302
    assert own.get(made["Location"] + "?page=2").status_code == 200
    assert (
        own.post(made["Location"], {"title": "年度审计报告", "proves": ["revenue", "rd_expense"]}).status_code
        == 302
    )
    assert "年度审计报告" in own.get("/p/cq/e/evidence/?q=年度&item=rd_expense").content.decode()
    assert own.post("/p/cq/e/evidence/", {"file": SimpleUploadedFile("x.exe", b"MZ")}).status_code == 422
    legal = client_as(signatory)
    asked = {"act": "change", "name": "新名称有限公司", "licence": upload("b.pdf", "new")}
    assert legal.post("/p/cq/e/certification/", asked).status_code == 302
    assert "新名称有限公司" in legal.get("/p/cq/e/certification/").content.decode()
    case = make.case_of(firm)
    assert "变更认证" in client_as(reviewer).get(f"/p/cq/review/certifications/{case.pk}/").content.decode()
    office, page = client_as(admin), f"/p/cq/office/enterprises/{firm.pk}/"
    assert office.get(page).status_code == 200
    assert office.post(page, {"act": "suspend", "reason": ""}).status_code == 422
    assert office.post(page, {"act": "leave", "reason": "迁出"}).status_code == 409
    assert office.post(page, {"act": "suspend", "reason": "核查"}).status_code == 302
    assert office.post(page, {"act": "resume", "reason": "恢复"}).status_code == 302
    assert client_as(reviewer).post(page, {"act": "resume", "reason": "x"}).status_code == 403
