"""Documents are shown as pictures of their pages, drawn by a process of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from innovscore.core.confined import Limits
from innovscore.core.problems import Refused
from parks.models import EvidenceFile
from parks.services import evidence, pages
from tests.factories import enterprises as make
from tests.factories import files
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path


def photograph() -> bytes:
    """A photo 40 × 20 that its camera says to turn by a quarter, with a place in its EXIF."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "29.5N 106.5E"
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def keep(agent: Any, data: bytes, name: str = "a.pdf") -> EvidenceFile:
    upload = SimpleUploadedFile(name, data)
    return evidence.store(by=agent, organisation_id=agent.organisation_id, upload=upload)


def test_the_cited_page_is_drawn_and_words_are_found(agent: Any) -> None:
    drawn = pages.draw(keep(agent, files.pdf("R&D", pages=3)), 2, words="page 3")
    assert (drawn.number, drawn.pages, drawn.found) == (2, 3, [3])
    with Image.open(io.BytesIO(drawn.jpeg)) as picture:
        assert (picture.format, picture.width) == ("JPEG", pages.WIDTH)


def test_a_page_that_is_not_there_is_said(agent: Any, client_as: Any) -> None:
    row = keep(agent, files.pdf(pages=3))
    page = client_as(agent).get(f"/p/cq/evidence/{row.pk}/view/?page=9", **HTMX).content.decode()
    assert "注明的是第 9 页，文件只有 3 页" in page
    assert "data:image/jpeg;base64," in page
    assert "<html" not in page


def test_a_photo_is_turned_and_loses_what_the_camera_noted(agent: Any) -> None:
    drawn = pages.draw(keep(agent, photograph(), "照片.jpg"))
    with Image.open(io.BytesIO(drawn.jpeg)) as picture:
        assert (picture.width, picture.height) == (20, 40)
        assert not picture.getexif()


def test_what_cannot_be_drawn_is_said_and_can_be_downloaded(agent: Any, client_as: Any) -> None:
    row = keep(agent, files.jpeg())  # sound by its segments, without a picture inside
    with pytest.raises(Refused, match="file_not_drawn"):
        pages.draw(row)
    answer = client_as(agent).get(f"/p/cq/evidence/{row.pk}/view/")
    assert answer.status_code == 200
    assert "无法预览，请下载" in answer.content.decode()


def test_slow_documents_do_not_hold_the_server(agent: Any, monkeypatch: Any) -> None:
    row = keep(agent, files.pdf())
    monkeypatch.setattr(pages, "PATIENCE", 0.01)
    with pages._two, pages._two, pytest.raises(Refused, match="drawing_busy"):
        pages.draw(row)
    assert pages.draw(row).pages == 1


def test_a_document_that_takes_too_much_is_given_up(agent: Any, monkeypatch: Any) -> None:
    row = keep(agent, files.pdf())
    monkeypatch.setattr(pages, "LIMITS", Limits(memory=1_000_000, seconds=1))
    with pytest.raises(Refused, match="file_not_drawn"):
        pages.draw(row)


def test_a_file_that_is_two_things_is_shown_as_a_picture_and_leaves_as_a_download(
    agent: Any, client_as: Any
) -> None:
    page = b"<html><script>alert(document.domain)</script></html>"
    row = keep(agent, files.pdf().replace(b"%PDF-1.4\n", b"%PDF-1.4\n%" + page + b"\n"))
    shown = client_as(agent).get(f"/p/cq/evidence/{row.pk}/view/").content
    assert b"alert(document.domain)" not in shown
    raw = client_as(agent).get(f"/p/cq/evidence/{row.pk}/")
    assert raw["Content-Type"] == "application/pdf"
    assert raw["Content-Disposition"].startswith("attachment")
    assert raw["X-Content-Type-Options"] == "nosniff"


def test_another_firms_document_does_not_exist(agent: Any, in_park: Any, client_as: Any) -> None:
    row = keep(agent, files.pdf())
    other = people.actor("enterprise_agent", in_park, organisation=make.enterprise(8).organisation)
    theirs = client_as(other)
    for path in (f"{row.pk}/", f"{row.pk}/view/", f"{row.pk}/view/?page=1", f"preview/?evidence={row.pk}"):
        assert theirs.get(f"/p/cq/evidence/{path}", **HTMX).status_code == 404, path
    own = client_as(agent).get(f"/p/cq/evidence/preview/?evidence={row.pk}&page=1", **HTMX)
    assert "第 1 / 1 页" in own.content.decode()
    assert client_as(agent).get("/p/cq/evidence/preview/?evidence=").content == b""
