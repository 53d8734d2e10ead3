"""From an upheld objection to a corrected edition: two persons, a new snapshot and run, a notice of what changed only."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from enterprises.models import Declaration, DeclaredValue, VerificationDecision
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import jobs, workdays
from parks.clock import db_today
from rankings.models import BoardEntry, CorrectionOrder, Objection, PublishedBoard
from rankings.queries import history, public
from rankings.queries import trace as traces
from rankings.queries.editions import provenance_breaks
from rankings.services import corrections, editions, objections
from scoring.models import ScoreRun, Snapshot, SnapshotRow
from scoring.queries import facts
from tests.factories import files
from tests.factories import parks as people
from tests.factories import rankings as make

pytestmark = pytest.mark.django_db
PNG = files.png()


def declared(office: make.Office, verifier: Any) -> None:
    """Declarations that agree with the frozen rows, as the way through verification leaves them."""
    cases = {case.uscc: case for case in make.cases_again()}
    for row in SnapshotRow.objects.select_related("snapshot"):
        declaration = Declaration.objects.create(
            cycle_id=row.snapshot.cycle_id, enterprise_id=row.enterprise_id, state="frozen", submitted_by_ref=1,
            verified_by_ref=verifier.person_id, verified_by_name=verifier.person_name, submitted_at="2026-05-01T00:00Z",
        )  # fmt: skip
        DeclaredValue.objects.bulk_create(
            [
                DeclaredValue(
                    declaration=declaration, code=code, state="verified", verified_amount=value.amount,
                    verified_entries=value.entries, source="tax", verified_by_ref=office.officer.person_id,
                )
                for code, value in cases[row.uscc].values.items()
            ]
        )  # fmt: skip


@pytest.fixture
def office(in_park: Any) -> make.Office:
    office = make.Office(in_park)
    make.computed(office.officer)
    declared(office, people.actor("park_reviewer", in_park, name="魏复核"))
    return office


def firm_at(edition: Any, position: int) -> BoardEntry:
    return BoardEntry.objects.select_related("enterprise__organisation").get(
        edition=edition, position=position
    )


def objected(office: make.Office, edition: Any, position: int = 1, **more: Any) -> Objection:
    return objections.file_publicly(
        published=PublishedBoard.objects.get(edition=edition), name="张三", contact="13800000000",
        statement="研发费用多计了一笔委托开发。", address="10.0.0.1", about_uscc=firm_at(edition, position).uscc, **more,
    )  # fmt: skip


def upheld(office: make.Office, edition: Any, position: int = 1) -> Objection:
    row = objected(office, edition, position)
    office.checked(row)
    objections.answer(by=office.admin, objection=row, outcome="upheld", text="属实，将更正。")
    row.refresh_from_db()
    return row


def rd_of(row: Objection) -> Decimal:
    value = DeclaredValue.objects.get(declaration__enterprise_id=row.about_id, code="rd_expense")
    assert value.amount is not None
    return value.amount


def test_clocks_of_an_objection_count_working_days(office: make.Office) -> None:
    row = objected(office, office.on_notice())
    today = db_today()
    assert row.accept_due == workdays.add_working_days(today, 1)
    assert row.answer_due == workdays.add_working_days(today, 10)


def test_who_verified_the_firm_does_not_answer(office: make.Office) -> None:
    row = objected(office, office.on_notice())
    office.checked(row)
    verifier = people.actor("publisher", office.park, person=None)
    DeclaredValue.objects.filter(declaration__enterprise_id=row.about_id).update(
        verified_by_ref=verifier.person_id
    )
    with pytest.raises(Forbidden) as error:
        objections.answer(by=verifier, objection=row, outcome="rejected", text="无据")
    assert error.value.code == "own_verification"
    with pytest.raises(DatabaseError, match="who verified"), transaction.atomic():
        Objection.objects.filter(pk=row.pk).update(
            state="rejected", answered_by_ref=verifier.person_id, answer="无据"
        )


def test_files_come_with_an_objection_and_a_wrong_kind_leaves_nothing(
    office: make.Office, settings: Any, tmp_path: Path
) -> None:
    settings.EVIDENCE_ROOT = tmp_path
    edition = office.on_notice()
    row = objected(office, edition, files=[SimpleUploadedFile("照片.png", PNG)])
    assert [file.content_type for file in row.files.all()] == ["image/png"]
    from parks.services import evidence

    path = evidence.path_of(row.files.get().sha256, objections.AREA)
    os.utime(path, (0, 0))
    root = Path(settings.EVIDENCE_ROOT)
    evidence.remove_orphans(root, kept=set())
    assert path.exists()  # the clean-up of firms' evidence leaves it alone
    with pytest.raises(Refused):
        objected(office, edition, files=[SimpleUploadedFile("a.exe", b"MZ")])
    with pytest.raises(Refused) as error:
        objected(office, edition, files=[SimpleUploadedFile("照片.png", PNG)] * 4)
    assert error.value.code == "too_many_files"


def test_the_form_takes_several_files(office: make.Office) -> None:
    shown = PublishedBoard.objects.get(edition=office.on_notice())
    path = reverse("rankings:public_object", args=[office.park.code, shown.pk])
    fields = {"name": "张三", "contact": "13800000000", "statement": "研发费用多计了一笔委托开发。"}
    uploads = [SimpleUploadedFile(f"照片{n}.png", files.png(str(n))) for n in (1, 2)]
    assert Client().post(path, fields | {"files": uploads}).status_code == 201
    assert Objection.objects.get().files.count() == 2
    wrong = Client().post(path, fields | {"files": [SimpleUploadedFile("a.exe", b"MZ")]})
    assert wrong.status_code == 422 and Objection.objects.count() == 1


def test_the_objector_tracks_by_receipt_and_contact_only(office: make.Office) -> None:
    row = objected(office, office.on_notice())
    path = reverse("rankings:public_track", args=[office.park.code])
    client = Client()
    wrong = client.post(path, {"receipt": row.receipt, "contact": "13900000000"})
    assert wrong.status_code == 404 and "没有查到" in wrong.content.decode()
    right = client.post(path, {"receipt": row.receipt.lower(), "contact": " 13800000000"}).content.decode()
    assert "已收到" in right and "张三" not in right


def test_an_order_needs_an_upheld_objection_and_two_persons(office: make.Office) -> None:
    edition = office.on_notice()
    open_row = objected(office, edition, 2)
    with pytest.raises(Conflict):
        corrections.propose(
            by=office.admin, objection=open_row, code="rd_expense", amount=Decimal(1), reason="多计一笔"
        )
    row = upheld(office, edition)
    with pytest.raises(Refused):
        corrections.propose(
            by=office.admin, objection=row, code="rd_expense", amount=rd_of(row), reason="没有变化"
        )
    order = corrections.propose(
        by=office.admin, objection=row, code="rd_expense", amount=rd_of(row) / 2, reason="多计一笔委托开发"
    )
    with pytest.raises(Forbidden):
        corrections.approve(by=office.admin, order_id=order.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        CorrectionOrder.objects.filter(pk=order.pk).update(
            state="approved", approved_by_ref=office.admin.person_id, snapshot=edition.run.snapshot
        )
    corrections.approve(by=office.second, order_id=order.pk)
    with pytest.raises(Conflict):
        corrections.approve(by=office.second, order_id=order.pk)


def test_the_correction_makes_a_new_snapshot_run_and_edition_and_edits_nothing(office: make.Office) -> None:
    edition = office.on_notice()
    row = upheld(office, edition)
    winner = firm_at(edition, 1)
    frozen = SnapshotRow.objects.get(snapshot=edition.run.snapshot, uscc=winner.uscc).facts
    order = corrections.propose(
        by=office.admin, objection=row, code="rd_expense", amount=rd_of(row) / 3, reason="多计一笔委托开发"
    )
    order = corrections.approve(by=office.second, order_id=order.pk)
    assert Snapshot.objects.get(pk=order.snapshot_id).corrects_id == edition.run.snapshot_id
    assert SnapshotRow.objects.get(snapshot=edition.run.snapshot, uscc=winner.uscc).facts == frozen
    decision = VerificationDecision.objects.get(decision="correct")
    assert "更正令第 1 号" in decision.reason and decision.before["amount"] != decision.after["amount"]
    run = ScoreRun.objects.get(pk=order.run_id)
    jobs.run(run.job_id)
    with pytest.raises(Conflict, match="anomalies_open"):
        editions.propose(by=office.officer, year=make.YEAR, board=make.BOARD)
    make.look_at_anomalies(office.officer, run)
    second = office.on_notice()
    shown = PublishedBoard.objects.get(edition=second)
    changes = history.changes_of(shown)
    assert changes is not None
    moved = {change.uscc: (change.before, change.after) for change in changes.rows}
    assert moved[winner.uscc][0] == 1 and moved[winner.uscc][1] != 1
    unchanged = {entry.uscc for entry in second.entries.all()} - changes.usccs
    firms = dict(public.open_to_objection(public.notice(office.park, shown.pk)))
    assert winner.uscc in firms and not unchanged & firms.keys()
    client = Client()
    old = client.get(
        reverse("rankings:public_edition", args=[office.park.code, make.YEAR, make.BOARD, 1])
    ).content.decode()
    assert "旧的一版" in old and winner.name in old
    page = client.get(
        reverse("rankings:public_history", args=[office.park.code, make.YEAR, make.BOARD])
    ).content.decode()
    assert "第 1 版 → 第 2 版" in page and winner.name in page
    notice = client.get(reverse("rankings:public_notice", args=[office.park.code, shown.pk])).content.decode()
    assert "只就有变动的名次公示" in notice


def test_the_pages_walk_from_objection_to_order(office: make.Office, client_as: Any) -> None:
    edition = office.on_notice()
    row = upheld(office, edition)
    admin, second = client_as(office.admin), client_as(office.second)
    base = f"/p/{office.park.code}/office"
    assert "开具更正令" in admin.get(f"{base}/objections/{row.pk}/").content.decode()
    path = f"{base}/objections/{row.pk}/order/"
    assert "研发费用" in admin.get(path).content.decode()
    path += "rd_expense/"
    assert "万元" in admin.get(path).content.decode()
    assert admin.post(path, {"amount": "-1", "reason": "x"}).status_code == 422
    assert admin.get(f"{base}/objections/{row.pk}/order/nothing/").status_code == 404
    assert admin.post(path, {"amount": "12.00", "reason": "多计一笔委托开发"}).status_code == 302
    with make.inside(office.park):
        order = CorrectionOrder.objects.get()
    assert order.amount == 120_000
    assert "更正令第 1 号" in admin.get(f"{base}/corrections/").content.decode()
    assert admin.post(f"{base}/corrections/{order.pk}/approve/").status_code == 403
    assert second.post(f"{base}/corrections/{order.pk}/approve/").status_code == 302
    assert "已执行" in second.get(f"{base}/corrections/").content.decode()


def named_rows(row: Objection, code: str) -> list[dict[str, Any]]:
    """The verified rows of a list, each with a name, as the way through a declaration leaves them."""
    value = DeclaredValue.objects.get(declaration__enterprise_id=row.about_id, code=code)
    value.verified_entries = [
        one | {"name": f"平台{n}"} for n, one in enumerate(value.entries or [], start=1)
    ]
    value.save()
    return value.verified_entries


def rows_of(row: Objection, code: str) -> list[dict[str, Any]]:
    return DeclaredValue.objects.get(declaration__enterprise_id=row.about_id, code=code).entries or []


NATIONAL = {"level": "national", "name": "重点实验室", "number": "国科〔2024〕1号", "date": "2024-05-01"}


def test_a_list_is_corrected_row_by_row_and_scored_anew(office: make.Office) -> None:
    edition = office.on_notice()
    row = upheld(office, edition)
    before = named_rows(row, "platforms")
    change = {"by": office.admin, "objection": row, "code": "platforms", "reason": "漏计国家级平台"}
    with pytest.raises(Refused, match="no_change"):
        corrections.propose(**change, entries=[dict(one) for one in reversed(before)])
    with pytest.raises(Refused, match="unknown_level"):
        corrections.propose(**change, entries=[*before, NATIONAL | {"level": "galactic"}])
    with pytest.raises(Refused, match="no_date"):
        corrections.propose(**change, entries=[*before, NATIONAL | {"date": "2024-02-30"}])
    order = corrections.propose(**change, entries=[*before, NATIONAL])
    assert rows_of(row, "platforms") == before
    order = corrections.approve(by=office.second, order_id=order.pk)
    assert rows_of(row, "platforms") == [*before, NATIONAL]
    decision = VerificationDecision.objects.get(decision="correct")
    assert decision.after["entries"] == [*before, NATIONAL]
    firm = firm_at(edition, 1).uscc
    old = SnapshotRow.objects.get(snapshot=edition.run.snapshot, uscc=firm)
    new = SnapshotRow.objects.get(snapshot=order.snapshot, uscc=firm)
    moved = [(a, b) for a, b in zip(old.facts, new.facts, strict=True) if a != b]
    assert len(moved) == 1 and moved[0][1] - moved[0][0] == 1


def test_an_order_holds_either_a_figure_or_rows(office: make.Office) -> None:
    row = upheld(office, office.on_notice())
    order = corrections.propose(
        by=office.admin, objection=row, code="platforms", entries=[NATIONAL], reason="漏计国家级平台"
    )
    for both in ({"amount": 1, "entries": []}, {"amount": None, "entries": None}):
        with pytest.raises(DatabaseError, match="figure_or_rows"), transaction.atomic():
            CorrectionOrder.objects.create(
                objection=row, number=9, enterprise_id=order.enterprise_id, code="revenue", reason="…",
                proposed_by_ref=1, proposed_at=order.proposed_at, **both,
            )  # fmt: skip


def test_an_order_that_another_overtook_is_not_carried_out(office: make.Office) -> None:
    edition = office.on_notice()
    first, second = upheld(office, edition), objected(office, edition)
    office.checked(second)
    objections.answer(by=office.admin, objection=second, outcome="upheld", text="属实，将更正。")
    second.refresh_from_db()
    change = {"by": office.admin, "code": "rd_expense", "reason": "多计一笔委托开发"}
    one = corrections.propose(**change, objection=first, amount=Decimal(1))
    other = corrections.propose(**change, objection=second, amount=Decimal(2))
    corrections.approve(by=office.second, order_id=other.pk)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        corrections.approve(by=office.second, order_id=one.pk)


def test_both_persons_see_which_rows_are_dropped_and_added(office: make.Office, client_as: Any) -> None:
    row = upheld(office, office.on_notice())
    named = named_rows(row, "platforms")
    admin, second = client_as(office.admin), client_as(office.second)
    base = f"/p/{office.park.code}/office"
    path = f"{base}/objections/{row.pk}/order/platforms/"
    assert "补充一条" in admin.get(path).content.decode()
    rows = [*named[1:], NATIONAL]
    fields = ("name", "level", "rank", "number", "date")
    posted: dict[str, Any] = {f"entry_{one}": [entry.get(one, "") for entry in rows] for one in fields}
    wrong = admin.post(path, posted | {"reason": ""})
    assert wrong.status_code == 422 and NATIONAL["name"] in wrong.content.decode()
    assert admin.post(path, posted | {"reason": "漏计国家级平台"}).status_code == 302
    page = second.get(f"{base}/corrections/").content.decode()
    assert "<ins>重点实验室 · 国家级" in page and "条不变" in page


def test_a_list_row_that_is_another_after_the_freeze_is_named(office: make.Office) -> None:
    """Level, rank, name and date of every row are frozen; a list that appears is told too. Whom an order corrected is not accused."""
    row = upheld(office, office.on_notice())
    order = corrections.propose(
        by=office.admin, objection=row, code="rd_expense", amount=rd_of(row) / 3, reason="多计一笔委托开发"
    )
    order = corrections.approve(by=office.second, order_id=order.pk)
    assert facts.untrue_rows(order.snapshot) == facts.untrue_rows(order.snapshot.corrects) == []
    values = DeclaredValue.objects.exclude(verified_entries=None).select_related("declaration__enterprise")
    value = values.first()
    assert value is not None and value.verified_entries
    firm, kept = value.declaration.enterprise.uscc, value.verified_entries
    for change in ({"level": "national"}, {"name": "另一项"}, {"date": "2019-01-01"}, {"rank": "9"}):
        changed = [{**kept[0], **change}, *kept[1:]]
        DeclaredValue.objects.filter(pk=value.pk).update(verified_entries=changed)
        assert facts.untrue_rows(order.snapshot) == [firm], change
        assert any(firm in what for what in provenance_breaks(order.snapshot, [firm]))
    DeclaredValue.objects.filter(pk=value.pk).update(verified_entries=kept)
    assert facts.untrue_rows(order.snapshot) == []
    DeclaredValue.objects.filter(declaration=value.declaration, code="rd_expense").update(
        verified_entries=[{"level": "x"}]
    )
    assert facts.untrue_rows(order.snapshot) == [firm]


# The trace


def test_nine_nodes_lead_from_a_place_to_its_evidence_and_all_hold(office: make.Office) -> None:
    found = traces.trace(office.on_notice(), 3)
    assert [node.code for node in found.nodes] == [
        "place", "percentile", "value", "source", "evidence", "review", "freeze", "run", "publish",
    ]  # fmt: skip
    assert found.broken == [], [(n.code, [c.what for c in n.checks if not c.holds]) for n in found.nodes]
    told = traces.as_json(found)
    assert told["holds"] and len(told["nodes"]) == 9


def test_one_changed_byte_of_the_evidence_is_named(office: make.Office, settings: Any, tmp_path: Any) -> None:
    from parks.services import evidence

    settings.EVIDENCE_ROOT = tmp_path
    edition = office.on_notice()
    firm = firm_at(edition, 3)
    kept = evidence.store(
        by=office.admin,
        organisation_id=firm.enterprise.organisation_id,
        upload=SimpleUploadedFile("审计报告.png", PNG),
    )
    DeclaredValue.objects.filter(declaration__enterprise=firm.enterprise, code="rd_expense").update(
        evidence=kept, evidence_page=3
    )
    assert traces.trace(edition, 3, "rd_expense").broken == []
    path = evidence.path_of(kept.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"1")
    found = traces.trace(edition, 3, "rd_expense")
    assert found.broken == ["佐证材料"]
    node = next(node for node in found.nodes if node.code == "evidence")
    assert any("审计报告.png" in check.what and not check.holds for check in node.checks)


def test_the_trace_is_a_page_a_json_and_a_print(office: make.Office, client_as: Any) -> None:
    edition = office.on_notice()
    auditor = client_as(people.actor("park_auditor", office.park))
    base = f"/p/{office.park.code}/office/editions/{edition.pk}/places/1"
    assert "九个节点全部核对通过" in auditor.get(f"{base}/trace/").content.decode()
    assert auditor.get(f"{base}/trace.json").json()["position"] == 1
    assert "名次追溯证明" in auditor.get(f"{base}/trace/print/").content.decode()
    assert (
        auditor.get(f"/p/{office.park.code}/office/editions/{edition.pk}/places/77/trace/").status_code == 404
    )
