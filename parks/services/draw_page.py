"""One page of a PDF, or a picture, as JPEG; run in a confined child only (`innovscore.core.confined`), knows no Django."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from innovscore.core.confined import Unfit

LONGEST_SIDE = 6000
MOST_SEARCHED = 300


def draw(file: BinaryIO, *, kind: str, page: int, width: int, words: str) -> Iterator[Any]:
    """{"number", "pages", "found"}, then the JPEG; the last page stands for those behind it. Raises Unfit."""
    try:
        is_pdf = kind == "application/pdf"
        head, picture = _page_of_pdf(file, page, width, words) if is_pdf else _picture(file, width)
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=82)
    except (OSError, RuntimeError, ValueError) as error:
        raise Unfit("broken") from error
    yield head
    yield out.getvalue()


def _page_of_pdf(file: BinaryIO, page: int, width: int, words: str) -> tuple[dict[str, Any], Any]:
    import pypdfium2

    document = pypdfium2.PdfDocument(file)
    pages = len(document)
    number = min(page, pages)
    sheet = document[number - 1]
    across, down = sheet.get_size()
    picture = sheet.render(scale=min(width / across, LONGEST_SIDE / down)).to_pil()
    searched = range(min(pages, MOST_SEARCHED) if words else 0)
    found = [n + 1 for n in searched if document[n].get_textpage().search(words).get_next()]
    return {"number": number, "pages": pages, "found": found}, picture


def _picture(file: BinaryIO, width: int) -> tuple[dict[str, Any], Any]:
    """A photograph or scan: turned as its camera says, without what the camera noted, on white."""
    from PIL import Image, ImageOps

    with Image.open(file, formats=("PNG", "JPEG")) as stored:
        stored.draft("RGB", (width, LONGEST_SIDE))
        picture = ImageOps.exif_transpose(stored).convert("RGBA")
    picture.thumbnail((width, LONGEST_SIDE))
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    return {"number": 1, "pages": 1, "found": []}, paper
