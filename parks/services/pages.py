"""Documents as pictures of their pages, so that no browser of ours opens an upload.

Each page is drawn in a confined child (`draw_page`): a file made to harm the library that reads it meets no secrets, no
threads of the web server, and a limit of memory and time.
"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from django.utils.translation import gettext as _

from innovscore.core import confined
from innovscore.core.problems import Refused

from ..models import EvidenceFile
from .evidence import open_file

log = structlog.get_logger(__name__)
WIDTH, LARGE = 900, 1800
"""Pixels across: beside an item, and enlarged."""
LIMITS = confined.Limits(memory=1_500_000_000, seconds=10)
_DRAW = "parks.services.draw_page:draw"
_two = threading.BoundedSemaphore(2)
"""Pages a web process draws at once."""
PATIENCE = 5
"""Seconds after which a request that waits for its turn gives up, so that slow documents do not hold the whole server."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document: its number, of how many, the JPEG, on which pages the searched words stand."""

    number: int
    pages: int
    jpeg: bytes
    found: list[int] = field(default_factory=list)

    @property
    def data_url(self) -> str:
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode()


def draw(row: EvidenceFile, number: int = 1, *, large: bool = False, words: str = "") -> Page:
    """A page of a stored document, numbered from 1; the last one when it has fewer.

    Raises Refused when it cannot be drawn or too many wait for it, Gone as `open_file`.
    """
    with open_file(row) as stored:
        path = Path(stored.name)
    searched = "".join(letter for letter in words if letter.isprintable())[:80]
    if not _two.acquire(timeout=PATIENCE):
        raise Refused(code="drawing_busy", status=503, message=_("预览正忙，请稍后再打开，或下载查看。"))
    try:
        head, jpeg = confined.run(
            _DRAW, path, LIMITS, kind=row.content_type, page=number, width=LARGE if large else WIDTH, words=searched
        )  # fmt: skip
    except (confined.Unfit, confined.Excess, RuntimeError) as error:
        log.warning("document.not_drawn", file=row.pk, error=repr(error))
        raise _undrawable() from error
    finally:
        _two.release()
    return Page(**head, jpeg=jpeg)


def _undrawable() -> Refused:
    return Refused(code="file_not_drawn", message=_("这份文件无法预览，请下载后查看。"))
