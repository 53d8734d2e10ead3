"""Charts as static SVG: attributes and classes only, so that they pass the content policy, print and need no script.

Each tag returns only the picture; `{% chart %}` frames it with title, source and a table of the same data.
Coordinates are computed here, colours come from classes in components.css.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a strip plot; all values on one scale of 0 to `top`."""

    label: str
    me: float | None
    low: float = 0
    median: float = 0
    high: float = 0
    top: float = 100


def _f(value: float) -> str:
    return f"{value:.1f}"


def _svg(width: int, height: int, label: str, body: str) -> SafeString:
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">{}</svg>',
        width,
        height,
        label,
        body,
    )


def _join(parts: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308  # every part is made by format_html


def _text(x: float, y: float, text: object, anchor: str = "start", size: int = 13) -> SafeString:
    return format_html(
        '<text x="{}" y="{}" text-anchor="{}" font-size="{}">{}</text>', _f(x), _f(y), anchor, size, text
    )


def _points(values: Sequence[float], center: float, radius: float) -> str:
    step = 2 * math.pi / len(values)
    return " ".join(
        f"{_f(center + radius * v / 100 * math.sin(i * step))},{_f(center - radius * v / 100 * math.cos(i * step))}"
        for i, v in enumerate(values)
    )


@register.simple_tag
def radar(
    labels: Sequence[str], values: Sequence[float], medians: Sequence[float] | None = None
) -> SafeString:
    """Percent of the reachable points on each axis, with the peers' median as a dashed line."""
    center, radius = 200.0, 130.0
    n = len(labels)
    rings = [
        format_html('<polygon class="c-axis" points="{}"/>', _points([ring] * n, center, radius))
        for ring in (25, 50, 75, 100)
    ]
    spokes = [
        format_html(
            '<line class="c-axis" x1="200" y1="200" x2="{}" y2="{}"/>',
            _f(center + radius * math.sin(2 * math.pi * i / n)), _f(center - radius * math.cos(2 * math.pi * i / n)),
        )
        for i in range(n)
    ]  # fmt: skip
    shapes = []
    if medians:
        shapes.append(
            format_html(
                '<polygon class="c-peer-line" stroke-width="2" points="{}"/>',
                _points([float(v) for v in medians], center, radius),
            )
        )
    shapes.append(
        format_html(
            '<polygon class="c-me-area" stroke-width="2.5" points="{}"/>',
            _points([float(v) for v in values], center, radius),
        )
    )
    texts = []
    for i, label in enumerate(labels):
        x = center + (radius + 16) * math.sin(2 * math.pi * i / n)
        y = center - (radius + 18) * math.cos(2 * math.pi * i / n) + 5
        anchor = "middle" if abs(x - center) < 5 else ("start" if x > center else "end")
        texts.append(_text(x, y, f"{label} {float(values[i]):.0f}%", anchor))
    picture = format_html(
        '<g transform="translate(90 -20)">{}</g>', _join([*rings, *spokes, *shapes, *texts])
    )
    return _svg(580, 370, _("雷达图"), picture)


@register.simple_tag
def strips(rows: Sequence[Strip | Any]) -> SafeString:
    """One line an item: the middle half of the peers as a box, their median, and ◆ for me."""
    height, left, right = 34, 190, 640
    span = right - left - 20
    parts = []
    for number, row in enumerate(rows):
        y = number * height + 20
        scale = span / (float(row.top) or 1)
        parts.append(_text(left - 10, y + 5, row.label, "end"))
        parts.append(
            format_html('<line class="c-axis" x1="{}" y1="{}" x2="{}" y2="{}"/>', left, y, right - 20, y)
        )
        parts.append(
            format_html(
                '<rect class="c-box" x="{}" y="{}" width="{}" height="14"/>',
                _f(left + float(row.low) * scale),
                y - 7,
                _f(max(1.0, (float(row.high) - float(row.low)) * scale)),
            )  # fmt: skip
        )
        x = left + float(row.median) * scale
        parts.append(
            format_html(
                '<line class="c-peer-line" x1="{}" y1="{}" x2="{}" y2="{}"/>', _f(x), y - 9, _f(x), y + 9
            )
        )
        if row.me is not None:
            x = left + float(row.me) * scale
            parts.append(format_html('<path class="c-me" d="M{} {}l7 7l-7 7l-7 -7z"/>', _f(x), y - 7))
    return _svg(right, height * len(rows) + 10, _("与同类企业比较"), _join(parts))


@register.simple_tag
def bars(
    labels: Sequence[str], values: Sequence[float], unit: str = "", marked: int | None = None
) -> SafeString:
    """Horizontal bars from zero; the bar number `marked` (from 0) is the emphasised one, the others are muted."""
    top = max((abs(float(v)) for v in values), default=1) or 1
    height, left, width = 32, 190, 640
    parts = []
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = i * height + 6
        length = (width - left - 110) * max(0.0, float(value)) / top
        parts.append(_text(left - 10, y + 15, label, "end"))
        tone = "c-bar" if marked is None or marked == i else "c-bar-muted"
        parts.append(
            format_html(
                '<rect class="{}" x="{}" y="{}" width="{}" height="20" rx="2"/>',
                tone,
                left,
                y,
                _f(max(length, 1)),
            )
        )
        parts.append(_text(left + length + 8, y + 15, f"{float(value):,.2f}{unit}"))
    return _svg(width, height * len(labels) + 8, _("条形图"), _join(parts))


@register.simple_tag
def histogram(edges: Sequence[float], counts: Sequence[int], me: float | None = None) -> SafeString:
    """Counts between edges; my own value as a line with ◆."""
    width, height, base = 640, 220, 180
    top = max(counts, default=1) or 1
    step = (width - 40) / max(1, len(counts))
    low, high = float(edges[0]), float(edges[-1])
    parts = [format_html('<line class="c-axis" x1="20" y1="{}" x2="{}" y2="{}"/>', base, width - 20, base)]
    for i, number in enumerate(counts):
        tall = (base - 24) * number / top
        parts.append(
            format_html(
                '<rect class="c-bar-muted" x="{}" y="{}" width="{}" height="{}"/>',
                _f(20 + i * step + 1),
                _f(base - tall),
                _f(step - 2),
                _f(tall),
            )
        )
        if number:
            parts.append(_text(20 + (i + 0.5) * step, base - tall - 4, number, "middle", 11))
    parts += [
        _text(20 + i * step, base + 16, f"{float(edge):g}", "middle", 11) for i, edge in enumerate(edges)
    ]
    if me is not None and high > low:
        x = 20 + (width - 40) * (min(max(float(me), low), high) - low) / (high - low)
        parts.append(
            format_html(
                '<line class="c-me-line" stroke-width="2" x1="{}" y1="10" x2="{}" y2="{}"/>',
                _f(x),
                _f(x),
                base,
            )
        )
        parts.append(format_html('<path class="c-me" d="M{} 4l6 6l-6 6l-6 -6z"/>', _f(x)))
    return _svg(width, height, _("分布图"), _join(parts))


@register.simple_tag
def curve(
    xs: Sequence[float], ys: Sequence[float], x: float | None = None, y: float | None = None, unit: str = ""
) -> SafeString:
    """A scoring function s(x), 0 to 1, with the firm's point ◆."""
    width, height = 640, 260
    low, high = float(min(xs)), float(max(xs))
    if x is not None:
        low, high = min(low, float(x)), max(high, float(x))
    span = (high - low) or 1.0

    def at(px: float, py: float) -> tuple[str, str]:
        return _f(50 + (width - 80) * (px - low) / span), _f(220 - 190 * py)

    line = " ".join(",".join(at(float(px), float(py))) for px, py in zip(xs, ys, strict=True))
    parts = [
        format_html(
            '<line class="c-axis" x1="50" y1="{}" x2="{}" y2="{}"/>',
            at(low, level)[1],
            width - 30,
            at(low, level)[1],
        )
        for level in (0, 0.5, 1)
    ]
    parts += [_text(42, 224 - 190 * level, f"{level:g}", "end", 11) for level in (0, 0.5, 1)]
    parts += [
        _text(50, 244, f"{low:,.6g}{unit}", "start", 11),
        _text(width - 30, 244, f"{high:,.6g}{unit}", "end", 11),
    ]
    parts.append(format_html('<polyline class="c-me-line" stroke-width="2" points="{}"/>', line))
    if x is not None and y is not None:
        cx, cy = at(float(x), float(y))
        parts.append(format_html('<path class="c-me" d="M{} {}m0 -8l8 8l-8 8l-8 -8z"/>', cx, cy))
    return _svg(width, height, _("赋分曲线"), _join(parts))


@register.simple_tag
def trend(
    labels: Sequence[object], values: Sequence[float | None], peers: Sequence[float | None] | None = None
) -> SafeString:
    """Up to a handful of years as a line with end labels; the peers' median dashed."""
    width, height = 640, 220
    numbers = [float(v) for v in [*values, *(peers or [])] if v is not None]
    top = max(numbers, default=1) * 1.15 or 1
    step = (width - 120) / max(1, len(labels) - 1)

    def line(series: Sequence[float | None], css: str) -> list[SafeString]:
        dots = [
            (60 + i * step, 180 - 150 * float(v) / top, float(v))
            for i, v in enumerate(series)
            if v is not None
        ]
        path = " ".join(f"{_f(px)},{_f(py)}" for px, py, _value in dots)
        return [format_html('<polyline class="{}" stroke-width="2" points="{}"/>', css, path)] + [
            _text(px, py - 9, f"{value:.2f}", "middle", 12) for px, py, value in dots if css == "c-me-line"
        ]

    parts = [format_html('<line class="c-axis" x1="40" y1="180" x2="{}" y2="180"/>', width - 40)]
    parts += [_text(60 + i * step, 200, label, "middle", 12) for i, label in enumerate(labels)]
    if peers:
        parts += line(peers, "c-peer-line")
    parts += line(values, "c-me-line")
    return _svg(width, height, _("历年趋势"), _join(parts))


@register.simple_tag
def share_bar(value: float, top: float = 100) -> SafeString:
    """A small bar in a table cell."""
    part = 0 if not top else max(0.0, min(1.0, float(value) / float(top)))
    return format_html(
        '<svg viewBox="0 0 100 10" width="100" height="10" aria-hidden="true"><rect class="c-box" width="100" height="10"/><rect class="c-bar" width="{}" height="10"/></svg>',
        _f(100 * part),
    )


@register.simple_block_tag
def chart(
    content: str,
    title: str,
    source: str = "",
    heads: Sequence[str] = (),
    rows: Sequence[Sequence[object]] = (),
) -> SafeString:
    """Frame of a chart: what it says, where it comes from, and the same data as a table."""
    table = SafeString("")
    if rows:
        head = format_html_join("", '<th scope="col">{}</th>', ((text,) for text in heads))
        body = format_html_join(
            "",
            "<tr>{}</tr>",
            ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows),
        )
        table = format_html(
            '<details><summary>{}</summary><table class="table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></details>',
            _("数据表"),
            head,
            body,
        )
    note = format_html('<p class="source">{}</p>', source) if source else SafeString("")
    return format_html(
        '<figure class="chart"><figcaption>{}</figcaption>{}{}{}</figure>', title, content, note, table
    )
