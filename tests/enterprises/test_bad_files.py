"""Two thousand broken files: none is half imported, none crashes; each wrong kind is refused in its own sentence."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enterprises.models import DepartmentBatch, DepartmentValue, RegisterRecord
from enterprises.services import departments, spreadsheets
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
    parts["xl/media/image1.png"] = b"0" * (spreadsheets.LARGEST_UNPACKED + 1)


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
    assert time.perf_counter() - start < 5
    assert not DepartmentBatch.objects.exists()


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
