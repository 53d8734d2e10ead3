"""Two thousand broken files: none is half imported, none crashes; each wrong kind is refused in its own sentence."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile

from enterprises.models import DepartmentBatch, DepartmentValue, RegisterRecord
from enterprises.services import departments, parsers, spreadsheets
from innovscore.core import confined
from innovscore.core import uscc as codes
from innovscore.core.problems import Problem, Refused
from parks.models import EvidenceFile
from parks.services import documents, evidence
from tests.factories import enterprises as make
from tests.factories import files
from tests.factories import parks as people
from tests.factories.mutations import mutants

pytestmark = pytest.mark.django_db
SEED, TABLES, DOCUMENTS = 20260615, 1200, 800
HEADS = ("统一社会信用代码", "营业收入（万元）", "职工总数(年平均)")
ROWS = (HEADS, (codes.synthetic(1), 5, 160), (codes.synthetic(2), 6.5, 20))


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path


@pytest.fixture
def admin(in_park: Any) -> Any:
    return people.actor("park_admin", in_park)


@pytest.fixture
def cycle(admin: Any) -> Any:
    make.enterprise(1)
    make.enterprise(2)
    return make.cycle(admin)


def originals() -> list[tuple[str, bytes]]:
    text = make.table(HEADS, *ROWS[1:]).decode()
    return [
        ("a.xlsx", files.workbook(*ROWS)),
        ("b.xlsx", files.workbook(*ROWS, formulas=[(2, 1)])),
        *((f"{name}.csv", text.encode(name)) for name in ("utf-8", "gb18030", "utf-16")),
    ]


def test_mutated_tables_are_imported_whole_or_not_at_all(admin: Any, cycle: Any) -> None:
    """Read, checked and written as a page would: a refusal leaves nothing, a success leaves exactly what it says."""
    tried = refused = 0
    for name, data in mutants(originals(), count=TABLES, seed=SEED):
        tried += 1
        before = DepartmentValue.objects.count()
        start = time.perf_counter()
        try:
            batch = make.batch(admin, cycle, data, filename=name)
            departments.request_apply(by=admin, batch=batch, mode="file")
            done = make.apply(admin, batch)
        except Problem as problem:
            refused += 1
            assert str(problem.message)
            assert DepartmentValue.objects.count() == before, (name, tried)
        else:
            assert (
                DepartmentValue.objects.count() == before + done["values"] == before + batch.report["values"]
            )
        assert time.perf_counter() - start < 10
    assert (tried, refused > TABLES // 3) == (TABLES, True)


def test_mutated_documents_are_kept_sound_or_refused(admin: Any, in_park: Any) -> None:
    organisation = make.enterprise(3).organisation_id
    whole = [("a.pdf", files.pdf("报告")), ("b.png", files.png("证书")), ("c.jpg", files.jpeg("照片"))]
    tried = 0
    for name, data in mutants(whole, count=DOCUMENTS, seed=SEED):
        tried += 1
        before = EvidenceFile.objects.count()
        try:
            row = evidence.store(
                by=admin, organisation_id=organisation, upload=SimpleUploadedFile(name, data)
            )
        except Refused as problem:
            assert str(problem.message)
            assert EvidenceFile.objects.count() == before
        else:
            assert row.content_type == documents.kind_of(data)
    assert tried == DOCUMENTS


def _archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _patched(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A workbook with some of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(files.workbook(*ROWS))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    return _archive(parts)


def _with_macros(parts: dict[str, bytes]) -> None:
    parts["xl/vbaProject.bin"] = b"macros"


def _with_entities(parts: dict[str, bytes]) -> None:
    parts["xl/sharedStrings.xml"] = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><sst/>'


def _reaching_far(cell: str) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        sheet = parts["xl/worksheets/sheet1.xml"]
        row = f'<row r="{cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{cell}"><v>1</v></c></row></sheetData>'
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", row.encode())

    return change


def _bomb(parts: dict[str, bytes]) -> None:
    parts["xl/media/image1.png"] = b"0" * (parsers.LARGEST_UNPACKED + 1)


def _encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le")


WRONG: list[tuple[str, bytes | Callable[[], bytes], str]] = [
    ("old.xls", b"\xd0\xcf\x11\xe0rest", "file_old"),
    ("secret.xlsx", _encrypted, "file_password"),
    ("secret.xls", _encrypted, "file_password"),
    ("a.xlsx", lambda: _patched(_with_macros), "file_macros"),
    ("a.xlsx", lambda: _patched(_with_entities), "file_entities"),
    ("a.xlsx", lambda: _patched(_reaching_far("A1048576")), "too_many_rows"),
    ("a.xlsx", lambda: _patched(_reaching_far("XFD9")), "too_many_columns"),
    ("a.xlsx", lambda: _patched(_reaching_far("CV60000")), "too_many_cells"),
    ("bomb.xlsx", lambda: _patched(_bomb), "file_bomb"),
    ("a.xlsx", lambda: _archive({"word/document.xml": b"<w/>"}), "file_document"),
    ("a.xlsx", lambda: _archive({"readme.txt": b"hello"}), "file_archive"),
    ("a.xlsx", lambda: _archive({"xl/workbook.bin": b"x"}), "file_binary"),
    ("setup.xlsx", b"MZ\x90\x00program", "file_program"),
    ("scan.csv", files.png(), "file_image"),
    ("report.xlsx", files.pdf(), "file_pdf"),
    ("page.xls", b"<html><table><tr><td>1</td></tr></table></html>", "file_markup"),
    ("empty.csv", b"", "file_empty"),
    ("big.csv", b"x" * (spreadsheets.LARGEST_FILE + 1), "file_too_large"),
    ("half.xlsx", files.workbook(*ROWS)[:-200], "file_unreadable"),
]


@pytest.mark.parametrize(("name", "data", "code"), WRONG, ids=[f"{n}-{c}" for n, _d, c in WRONG])
def test_each_wrong_file_has_its_own_sentence(
    admin: Any, cycle: Any, name: str, data: bytes | Callable[[], bytes], code: str
) -> None:
    start = time.perf_counter()
    with pytest.raises(Refused) as caught:
        make.batch(admin, cycle, data() if callable(data) else data, filename=name)
    assert caught.value.code == code
    assert time.perf_counter() - start < 10
    assert not DepartmentBatch.objects.exists()


def _shared_string(parts: dict[str, bytes]) -> None:
    """A text of 20 MB that a thousand cells share."""
    parts["xl/sharedStrings.xml"] = b"<sst><si><t>" + b"x" * 20_000_000 + b"</t></si></sst>"
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % n for n in range(1, 1000))
    parts["xl/worksheets/sheet1.xml"] = (
        b"<worksheet><sheetData><row>" + cells + b"</row></sheetData></worksheet>"
    )


def test_a_text_that_many_cells_share_cannot_fill_the_memory(admin: Any, cycle: Any) -> None:
    with pytest.raises(Refused) as caught:
        make.batch(admin, cycle, _patched(_shared_string), filename="a.xlsx")
    assert caught.value.code == "file_heavy"
    assert make.batch(admin, cycle, files.workbook(*ROWS), filename="a.xlsx").report["values"] == 4


def _styled(parts: dict[str, bytes]) -> None:
    """A million empty rows with a format, as WPS leaves them."""
    sheet = parts["xl/worksheets/sheet1.xml"]
    rows = b"".join(b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(5, 1_000_000))
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", rows + b"</sheetData>")


def test_a_million_empty_rows_with_a_format_count_as_none(admin: Any, cycle: Any) -> None:
    start = time.perf_counter()
    assert make.batch(admin, cycle, _patched(_styled), filename="a.xlsx").report["read"] == 2
    assert time.perf_counter() - start < 10
    assert confined.LAST[-1].peak < 256 << 20


def _book(*sheets: tuple[str, str, tuple[tuple[Any, ...], ...]]) -> bytes:
    """Sheets of (name, state, rows)."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]  # a new workbook has one
    for name, state, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


OTHER = (("统一社会信用代码", "营业收入（万元）"), (codes.synthetic(2), 99))
LINE_BREAK = (("统一社会\n信用代码", "营业收入\n(万元)", "职工总数(年平均)"), *ROWS[1:])
TITLE = (("2025 年度企业数据", None, None), (None, None, None), *ROWS)


@pytest.mark.parametrize(
    "data",
    [
        _book(("旧", "hidden", OTHER), ("数据", "visible", ROWS)),
        _book(("检查结果", "visible", (("读取行", 2),)), ("数据", "visible", ROWS)),
        _book(("数据", "visible", TITLE)),
        _book(("数据", "visible", LINE_BREAK)),
        _book(("数据", "visible", (("纳税人识别号", *HEADS[1:]), *ROWS[1:]))),
        _book(("数据", "visible", (HEADS, (codes.synthetic(1), "５", "１６０"), (codes.synthetic(2), "6.5", "20")))),
    ],
    ids=["hidden sheet", "given back", "title", "line breaks", "taxpayer", "full width"],
)  # fmt: skip
def test_odd_but_honest_workbooks_are_read(admin: Any, cycle: Any, data: bytes) -> None:
    batch = make.batch(admin, cycle, data, filename="a.xlsx")
    make.apply(admin, batch)
    found = {(v.uscc, v.code): v.amount for v in DepartmentValue.objects.all()}
    assert found[codes.synthetic(1), "revenue"] == 50_000
    assert found[codes.synthetic(2), "staff_total"] == 20
    assert len(found) == 4


@pytest.mark.parametrize("heads", [(HEADS[0], HEADS[1], HEADS[1]), (HEADS[0], HEADS[1], "营业收入（元）")])
def test_of_a_column_that_occurs_twice_somebody_has_to_choose(admin: Any, cycle: Any, heads: Any) -> None:
    batch = make.batch(admin, cycle, make.table(heads, (codes.synthetic(1), 5, 50_000)))
    assert "出现两次" in batch.report["note"]
    with pytest.raises(Refused):
        departments.request_apply(by=admin, batch=batch, mode="cell")


@pytest.mark.parametrize("text", ["(5)", "（5）", "5%", "1,5", "五", "1e5", "５～６", "=1+1"])
def test_what_could_be_read_two_ways_is_refused_by_cell(admin: Any, cycle: Any, text: str) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS[:2], (codes.synthetic(1), text)))
    assert [fault["cell"] for fault in batch.report["faults"]] == ["B2"]


def test_a_mapping_file_that_unfolds_is_refused(admin: Any, cycle: Any) -> None:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )  # fmt: skip
    data = yaml.safe_load(laughs + "key: k\ncolumns: {h: {input: *i}}\n")
    with pytest.raises(Refused) as caught:
        departments.ColumnMapping.from_data(data)
    assert caught.value.code == "mapping_wrong"


def test_a_bomb_that_lies_about_its_size_is_found_by_unpacking(admin: Any, cycle: Any) -> None:
    data = bytearray(_patched(lambda parts: parts.update({"xl/media/x.bin": b"0" * 5_000_000})))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        place = data.rindex(b"xl/media/x.bin") - 46
        assert archive.getinfo("xl/media/x.bin").file_size == 5_000_000
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    with pytest.raises(Refused) as caught:
        make.batch(admin, cycle, bytes(data), filename="a.xlsx")
    assert caught.value.code == "file_bomb"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (files.pdf(extra="/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "file_active"),
        (files.pdf(extra="/Names << /EmbeddedFiles 9 0 R >>"), "file_active"),
        (files.pdf(extra="/OpenAction << /S /J#61vaScript /JS (app.alert(1)) >>"), "file_active"),
        (files.pdf().replace(b"startxref", b"9 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\n" + zlib.compress(b"<< /S /Launch >>") + b"\nendstream endobj\nstartxref"), "file_active"),
        (files.pdf() .replace(b"/Root", b"/Encrypt 9 0 R /Root"), "file_password"),
        (files.pdf()[:-30], "file_broken"),
        (files.png()[:-6], "file_broken"),
        (files.jpeg()[:-2], "file_broken"),
        (files.png(width=20_000, height=20_000)[:33] + files.png()[33:], "file_pixels"),
        (files.jpeg(width=20_000, height=20_000), "file_pixels"),
        (files.workbook(*ROWS), "file_office"),
        (b"#!/bin/sh\nrm", "file_program"),
        (b"<svg onload='x()'/>", "file_program"),
        (b"GIF89a", "file_picture_kind"),
        (b"\x00\x00\x00\x18ftypheic", "file_picture_kind"),
        (b"hello", "file_kind"),
        (b"", "file_empty"),
    ],
)  # fmt: skip
def test_documents_that_are_none_are_refused_in_words(admin: Any, firm: Any, data: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        evidence.store(
            by=admin, organisation_id=firm.organisation_id, upload=SimpleUploadedFile("a.pdf", data)
        )
    assert caught.value.code == code


@pytest.fixture
def pages(client_as: Any, admin: Any, cycle: Any) -> Iterator[Any]:
    client = client_as(admin)
    client.raise_request_exception = False
    yield client


def test_broken_files_at_the_page_never_break_the_server(pages: Any) -> None:
    """A sample through the door, with form and answer."""
    for name, data in mutants(originals(), count=40, seed=SEED + 1):
        answer = pages.post(
            "/p/cq/office/batches/",
            {"source": "tax", "as_of": "2026-06-12", "file": SimpleUploadedFile(name, data)},
        )
        assert answer.status_code in (302, 422), (name, answer.status_code)
    assert not DepartmentValue.objects.exists()
    assert not RegisterRecord.objects.exists()
