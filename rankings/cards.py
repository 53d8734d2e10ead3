"""Share cards: the picture that a phone shows for a link to a board or to a place on it (PNG, 1200 x 630, Open Graph).

Made from what is published and from nothing else. The type is the machine's Chinese font, found through fontconfig.
"""

from __future__ import annotations

import functools
import io
import shutil
import subprocess
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
MARGIN = 72
PAPER, INK, MUTED, BRAND, RULE = (
    "#FFFFFF",
    "#1B2430",
    "#465264",
    "#174A8C",
    "#D5DBE4",
)  # as static/css/tokens.css
USUAL = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SIMPLIFIED = 2  # the face of simplified Chinese in that collection


class NoFont(RuntimeError):
    """No Chinese font on this machine."""


@functools.lru_cache(maxsize=64)
def board_card(*, zone: str, title: str, state: str, firms: tuple[tuple[int, str], ...], foot: str) -> bytes:
    """A board with its first firms as (place, name)."""
    picture, draw = _sheet(zone, foot)
    y = _line(draw, 122, title, 60, BRAND) + 4
    y = _line(draw, y, state, 32, MUTED) + 20
    for place, name in firms:
        draw.text((MARGIN, y), str(place), font=_font(42), fill=BRAND)
        draw.text((MARGIN + 76, y), _fitting(name, 42, SIZE[0] - 2 * MARGIN - 76), font=_font(42), fill=INK)
        y += 62
    return _png(picture)


@functools.lru_cache(maxsize=256)
def place_card(*, zone: str, firm: str, place: str, title: str, state: str, foot: str) -> bytes:
    """A firm's place on a board."""
    picture, draw = _sheet(zone, foot)
    y = _line(draw, 136, firm, 60, INK) + 12
    y = _line(draw, y, title, 46, BRAND) + 6
    y = _line(draw, y, place, 96, BRAND) + 6
    _line(draw, y, state, 32, MUTED)
    return _png(picture)


def _sheet(zone: str, foot: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SIZE[0], 18), fill=BRAND)
    _line(draw, 52, zone, 36, MUTED)
    draw.line((MARGIN, SIZE[1] - 88, SIZE[0] - MARGIN, SIZE[1] - 88), fill=RULE, width=2)
    _line(draw, SIZE[1] - 74, foot, 28, MUTED)
    return picture, draw


def _line(draw: ImageDraw.ImageDraw, y: int, text: str, size: int, colour: str) -> int:
    """Write a line that fits the width; returns where the next may begin."""
    draw.text((MARGIN, y), _fitting(text, size, SIZE[0] - 2 * MARGIN), font=_font(size), fill=colour)
    return y + round(size * 1.35)


def _fitting(text: str, size: int, width: int) -> str:
    font = _font(size)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


@functools.lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    path, index = _face()
    return ImageFont.truetype(str(path), size, index=index)


@functools.cache
def _face() -> tuple[Path, int]:
    if USUAL.exists():
        return USUAL, SIMPLIFIED
    program = shutil.which("fc-match")
    if program:
        asked = [program, "-f", "%{file}\t%{index}", "sans:lang=zh-cn"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10).stdout
        file, _tab, index = told.partition("\t")
        if file and Path(file).exists() and "cjk" in file.lower():
            return Path(file), int(index or 0)
    raise NoFont("no Chinese font: install fonts-noto-cjk")


def _png(picture: Image.Image) -> bytes:
    """Few colours, so that the file is small."""
    out = io.BytesIO()
    picture.quantize(48).save(out, "PNG", optimize=True)
    return out.getvalue()
