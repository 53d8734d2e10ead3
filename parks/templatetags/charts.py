"""Charts as static SVG: attributes and classes only, so that they pass the content policy, print and need no script.

Each tag returns only the picture; `{% chart %}` frames it with title, source and a table of the same data.
Coordinates are computed here, colours come from classes in components.css.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()
WIDTH, ROW = 640, 50  # a row of a chart by rows: its text above, its marks below
PAD = 12
LABEL = 16
"""Letters of a line beside a radar."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a strip plot; all values on one scale of 0 to `top`."""

    label: str
    me: float | None
    low: float = 0
    median: float = 0
    high: float = 0
    top: float = 100
    url: str = ""


def _f(value: float) -> str:
    return f"{value:.1f}"


def _svg(width: int, height: int, label: str, body: str) -> SafeString:
    return format_html(
        '<svg viewBox="0 0 {} {}" role="{}" aria-label="{}" xmlns="http://www.w3.org/2000/svg">{}</svg>',
        width, height, "group" if "<a " in body else "img", label, body,
    )  # fmt: skip


def _join(parts: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308  # every part is made by format_html


def _text(
    x: float, y: float, text: object, anchor: str = "start", size: int = 13, *, minor: bool = False
) -> SafeString:
    """A text; a minor one is left out where the picture is narrow."""
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}" font-size="{}">{}</text>',
        "c-minor" if minor else "c-text", _f(x), _f(y), anchor, size, text,
    )  # fmt: skip


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
        lines = textwrap.wrap(f"{label} {float(values[i]):.0f}%", LABEL)
        spans = [
            format_html('<tspan x="{}" dy="{}em">{}</tspan>', _f(x), 1.1 * bool(row), line)
            for row, line in enumerate(lines)
        ]
        texts.append(_text(x, y, _join(spans), anchor))
    picture = format_html(
        '<g transform="translate(120 -20)">{}</g>', _join([*rings, *spokes, *shapes, *texts])
    )
    return _svg(WIDTH, 370, _("雷达图"), picture)


def _row_texts(number: int, label: object, figures: object, url: str = "") -> list[SafeString]:
    y = number * ROW + 20
    text = _text(0, y, label)
    if url:
        text = format_html('<a href="{}">{}</a>', url, text)
    return [text, _text(WIDTH, y, figures, "end")]


def _nth(urls: Sequence[str], number: int) -> str:
    return urls[number] if number < len(urls) else ""


def _scale(low: float, high: float) -> Callable[[float], float]:
    """Values between low and high as x of a row chart."""
    span = (high - low) or 1.0
    return lambda value: PAD + (WIDTH - 2 * PAD) * (min(max(float(value), low), high) - low) / span


def _rule(y: float) -> SafeString:
    return format_html('<line class="c-axis" x1="{}" y1="{}" x2="{}" y2="{}"/>', PAD, y, WIDTH - PAD, y)


def _rect(css: str, x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css,
        _f(x),
        _f(y),
        _f(max(width, 1)),
        height,
    )


def _tick(css: str, x: float, y: float, half: float) -> SafeString:
    return format_html(
        '<line class="{}" stroke-width="2" x1="{}" y1="{}" x2="{}" y2="{}"/>',
        css,
        _f(x),
        _f(y - half),
        _f(x),
        _f(y + half),
    )


def _diamond(x: float, y: float) -> SafeString:
    return format_html('<path class="c-me" d="M{} {}l7 7l-7 7l-7 -7z"/>', _f(x), _f(y - 7))


def _short(value: float) -> str:
    return f"{float(value):.2f}"


@register.simple_tag
def strips(rows: Sequence[Strip | Any]) -> SafeString:
    """One row an item: the middle half of the peers as a box, their median as a line, and ◆ for me."""
    parts: list[SafeString] = []
    for number, row in enumerate(rows):
        y, at = number * ROW + 34, _scale(0, float(row.top) or 1)
        figures = _("中位 %(median)s") % {"median": _short(row.median)}
        if row.me is not None:
            figures = f"◆ {_short(row.me)} · {figures}"
        parts += [
            *_row_texts(number, row.label, figures, getattr(row, "url", "")),
            _rule(y),
            _rect("c-box", at(row.low), y - 7, at(row.high) - at(row.low), 14),
            _tick("c-median", at(row.median), y, 9),
        ]
        if row.me is not None:
            parts.append(_diamond(at(row.me), y))
    return _svg(WIDTH, ROW * len(rows) + 4, _("与同类企业比较"), _join(parts))


@register.simple_tag
def boxes(
    labels: Sequence[str],
    summaries: Sequence[Sequence[float]],
    low: float = 0,
    high: float = 100,
    urls: Sequence[str] = (),
) -> SafeString:
    """Box plots on one scale: minimum to maximum as a line, the middle half as a box, the median as a tick.

    `urls` lead from a label to its members, where there are any.
    """
    parts: list[SafeString] = []
    at = _scale(float(low), float(high))
    for number, (label, five) in enumerate(zip(labels, summaries, strict=True)):
        least, first, median, third, most = (float(value) for value in five)
        y = number * ROW + 34
        parts += [
            *_row_texts(
                number, label, f"{_short(first)} – {_short(median)} – {_short(third)}", _nth(urls, number)
            ),
            _rule(y),
            format_html(
                '<line class="c-whisker" x1="{}" y1="{}" x2="{}" y2="{}"/>', _f(at(least)), y, _f(at(most)), y
            ),
            _rect("c-box", at(first), y - 8, at(third) - at(first), 16),
            _tick("c-median", at(median), y, 10),
            _tick("c-whisker", at(least), y, 4),
            _tick("c-whisker", at(most), y, 4),
        ]
    return _svg(WIDTH, ROW * len(summaries) + 4, _("箱线图"), _join(parts))


@register.simple_tag
def intervals(rows: Sequence[Any], top: int, cut: int = 0) -> SafeString:
    """Places with their certainty: a dot and the range it keeps in most variations; `cut` marks the last place that counts.

    A row has `label`, `place`, `low`, `high`; place 1 stands on the left.
    """
    parts: list[SafeString] = []
    at = _scale(1, float(max(top, 2)))
    for number, row in enumerate(rows):
        y = number * ROW + 34
        parts += [
            *_row_texts(number, row.label, f"{row.place}（{row.low}–{row.high}）"),
            _rule(y),
            _rect("c-box", at(row.low), y - 5, at(row.high) - at(row.low), 10),
            format_html('<circle class="c-me" cx="{}" cy="{}" r="6"/>', _f(at(row.place)), y),
        ]
        if cut:  # beside the names, not through them
            parts.append(_tick("c-cut", at(cut + 0.5), y, 9))
    return _svg(WIDTH, ROW * len(rows) + 4, _("名次与稳健区间"), _join(parts))


@register.simple_tag
def scatter(
    points: Sequence[tuple[float, float]], x_label: str, y_label: str, high: float = 1, me: int | None = None
) -> SafeString:
    """Pairs of values from 0 to `high`; the point number `me` is ◆."""
    width, height, left, base = WIDTH, 440, 44, 390

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (width - left - 16) * float(x) / high, base - (base - 30) * float(y) / high

    parts: list[SafeString] = []
    for share in (0, 0.5, 1):
        x, y = at(high * share, high * share)
        parts += [
            format_html(
                '<line class="c-axis" x1="{}" y1="{}" x2="{}" y2="{}"/>', left, _f(y), width - 16, _f(y)
            ),
            format_html('<line class="c-axis" x1="{}" y1="30" x2="{}" y2="{}"/>', _f(x), _f(x), base),
            _text(left - 6, y + 4, f"{high * share:g}", "end", 12),
            _text(x, base + 18, f"{high * share:g}", "middle", 12),
        ]
    for number, (px, py) in enumerate(points):
        x, y = at(px, py)
        if number != me:
            parts.append(format_html('<circle class="c-dot" cx="{}" cy="{}" r="4"/>', _f(x), _f(y)))
    if me is not None:
        parts.append(_diamond(*at(*points[me])))
    parts += [_text(0, 18, y_label), _text(width - 16, height - 10, x_label, "end")]
    return _svg(width, height, _("散点图"), _join(parts))


@register.simple_tag
def bars(
    labels: Sequence[str],
    values: Sequence[float],
    unit: str = "",
    marked: int | None = None,
    urls: Sequence[str] = (),
    *,
    places: int = 2,
) -> SafeString:
    """Horizontal bars from zero, whole numbers as counts; of `marked` (from 0) the bar is emphasised, the others are muted."""
    top = max((abs(float(v)) for v in values), default=1) or 1
    parts: list[SafeString] = []
    for number, (label, value) in enumerate(zip(labels, values, strict=True)):
        tone = "c-bar" if marked is None or marked == number else "c-bar-muted"
        length = (WIDTH - 2 * PAD) * max(0.0, float(value)) / top
        figure = f"{value:,}" if isinstance(value, int) else f"{float(value):,.{places}f}"
        parts += [
            *_row_texts(number, label, f"{figure}{unit}", _nth(urls, number)),
            _rect(tone, PAD, number * ROW + 26, length, 14),
        ]
    return _svg(WIDTH, ROW * len(labels) + 4, _("条形图"), _join(parts))


@register.simple_tag
def changes(labels: Sequence[str], values: Sequence[float]) -> SafeString:
    """Bars to both sides of zero: gains to the right, losses to the left, each with its signed figure."""
    reach = max((abs(float(v)) for v in values), default=1) or 1
    at, parts = _scale(-reach, reach), []
    for number, (label, value) in enumerate(zip(labels, values, strict=True)):
        amount, y = float(value), number * ROW + 26
        start, end = sorted((at(0), at(amount)))
        sign = "+" if amount > 0 else "−" if amount < 0 else ""
        parts += [
            *_row_texts(number, label, f"{sign}{abs(amount):.2f}"),
            _rule(y + 7),
            _rect("c-gain" if amount >= 0 else "c-loss", start, y, end - start, 14),
            _tick("c-whisker", at(0), y + 7, 10),
        ]
    return _svg(WIDTH, ROW * len(labels) + 4, _("变动"), _join(parts))


MANY_EDGES = 12  # above it every second one is written


@register.simple_tag
def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    me: float | None = None,
    *,
    before: Sequence[int] = (),
    height: int = 220,
) -> SafeString:
    """Counts between edges; my own value as a line with ◆; the counts `before` as an outline."""
    width, base = WIDTH, height - 40
    top = max([*counts, *before], default=1) or 1
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
            parts.append(_text(20 + (i + 0.5) * step, base - tall - 4, number, "middle", 11, minor=True))
    if before:
        steps = [
            (20 + (i + side) * step, base - (base - 24) * number / top)
            for i, number in enumerate(before)
            for side in (0, 1)
        ]
        line = " ".join(f"{_f(x)},{_f(y)}" for x, y in steps)
        parts.append(format_html('<polyline class="c-loss-line" stroke-width="2.5" points="{}"/>', line))
    parts += [
        _text(20 + i * step, base + 16, f"{float(edges[i]):g}", "middle", 11, minor=i % 4 > 0)
        for i in range(0, len(edges), 2 if len(edges) > MANY_EDGES else 1)
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


LABEL_ROOM = 56  # between two labels below a curve


@register.simple_tag
def curve(
    xs: Sequence[float],
    ys: Sequence[float],
    x: float | None = None,
    y: float | None = None,
    unit: str = "",
    *,
    was: tuple[float, float] | None = None,
    other: Any = None,
    breaks: Sequence[tuple[str, str]] = (),
) -> SafeString:
    """A scoring function s(x), 0 to 1, with the firm's point ◆, and ◇ where it stood before.

    `other` is another curve (with xs and ys) to compare with, dashed. `breaks` are points (x, s) to be marked on the curve.
    """
    width, height = 640, 260
    shown = [
        *xs,
        *(other.xs if other else ()),
        *(float(one) for one in (x, was and was[0]) if one is not None),
    ]
    low, high = float(min(shown)), float(max(shown))
    span = (high - low) or 1.0

    def at(px: float, py: float) -> tuple[str, str]:
        return _f(50 + (width - 80) * (px - low) / span), _f(220 - 190 * py)

    def path(xs: Sequence[float], ys: Sequence[float]) -> str:
        return " ".join(",".join(at(float(px), float(py))) for px, py in zip(xs, ys, strict=True))

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
    if other:
        dashed = '<polyline class="c-peer-line" stroke-width="2" points="{}"/>'
        parts.append(format_html(dashed, path(other.xs, other.ys)))
    parts.append(format_html('<polyline class="c-me-line" stroke-width="2" points="{}"/>', path(xs, ys)))
    free = 50.0 + LABEL_ROOM
    for px, py in ((float(x), float(s)) for x, s in breaks):
        left, top = at(px, py)
        parts.append(format_html('<circle class="c-break" cx="{}" cy="{}" r="3"/>', left, top))
        if free <= float(left) <= width - 30 - LABEL_ROOM:
            parts.append(_text(float(left), 244, f"{px:,.6g}{unit}", "middle", 11))
            free = float(left) + LABEL_ROOM
    marks = [("c-was", was), ("c-me", (x, y) if x is not None and y is not None else None)]
    for css, spot in marks:
        if spot is not None:
            mark = '<path class="{}" d="M{} {}m0 -9l9 9l-9 9l-9 -9z"/>'
            parts.append(format_html(mark, css, *at(float(spot[0]), float(spot[1]))))
    return _svg(width, height, _("赋分曲线"), _join(parts))


@register.simple_tag
def trend(
    labels: Sequence[object],
    values: Sequence[float | None],
    peers: Sequence[float | None] | None = None,
    *,
    height: int = 220,
) -> SafeString:
    """Up to a handful of years as a line with end labels; the peers' median dashed."""
    width, base = WIDTH, height - 40
    numbers = [float(v) for v in [*values, *(peers or [])] if v is not None]
    top = max(numbers, default=1) * 1.15 or 1
    step = (width - 120) / max(1, len(labels) - 1)

    def line(series: Sequence[float | None], css: str) -> list[SafeString]:
        dots = [
            (60 + i * step, base - (base - 30) * float(v) / top, float(v))
            for i, v in enumerate(series)
            if v is not None
        ]
        path = " ".join(f"{_f(px)},{_f(py)}" for px, py, _value in dots)
        return [format_html('<polyline class="{}" stroke-width="2" points="{}"/>', css, path)] + [
            _text(px, py - 9, f"{value:.2f}", "middle", 12) for px, py, value in dots if css == "c-me-line"
        ]

    parts = [format_html('<line class="c-axis" x1="40" y1="{}" x2="{}" y2="{}"/>', base, width - 40, base)]
    parts += [_text(60 + i * step, base + 20, label, "middle", 12) for i, label in enumerate(labels)]
    if peers:
        parts += line(peers, "c-peer-line")
    parts += line(values, "c-me-line")
    return _svg(width, height, _("历年趋势"), _join(parts))


@register.simple_tag
def slopes(labels: Sequence[str], before: Sequence[int], after: Sequence[int]) -> SafeString:
    """Firms in the order of their places before (left) and after (right), joined by lines; 0 = no place, last."""
    left, right, gap, longest = 400, WIDTH - 60, 26, 14
    order = sorted(range(len(labels)), key=lambda n: (after[n] == 0, after[n]))
    spot = {n: 36 + gap * place for place, n in enumerate(order)}
    parts = [_text(left - 8, 16, _("现在"), "end"), _text(right + 8, 16, _("之后"))]
    for number, (label, old, new) in enumerate(zip(labels, before, after, strict=True)):
        css = "c-gain-line" if 0 < new < old else "c-peer-line" if new == old else "c-loss-line"
        y = 36 + gap * number
        line = '<line class="{}" stroke-width="2" x1="{}" y1="{}" x2="{}" y2="{}"/>'
        parts += [
            _text(left - 8, y + 4, f"{label[:longest]}{'…' * (len(label) > longest)} {old or '—'}", "end"),
            format_html(line, css, left, y, right, spot[number]),
            _text(right + 8, spot[number] + 4, new or "—"),
        ]
    return _svg(WIDTH, 44 + gap * len(labels), _("名次变动"), _join(parts))


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
