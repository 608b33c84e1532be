"""Charts as SVG, each with the same figures as a table; `{% chart %}` shows them without a script."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

Number = int | float | Decimal
Point = tuple[Number, Number]
Mark = tuple[Number, Number, str]  # x, y, words

WIDTH = 480  # units of the viewBox; a page stretches it
COLOURS = ("#083891", "#256ef4", "#86aff9", "#267337", "#8a5c00", "#bd2c0f", "#58616a")
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 4", "10 4", "4 2")
INK, QUIET, LINE = "#1e2124", "#464c53", "#cdd1d5"
BROAD = frozenset("MWmw@%&—…")  # letters as wide as Hangul
BAR, GAP, LABEL_WIDTH, LINE_HEIGHT = 18, 8, 126, 14
PLOT_HEIGHT = 312  # of a line chart
UNKNOWN = "미정"


@dataclass(frozen=True)
class Chart:
    """A drawing (`svg`, escaped) and a table with the same figures.

    `shows` is False when no bar or line would be seen: then only the table is shown.
    """

    title: str
    svg: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shows: bool = True


def bars(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Number | None]],
    *,
    unit: str = "",
    stacked: bool = False,
    colours: Sequence[str] = COLOURS,
    label_header: str = "구분",
    unknown: str = UNKNOWN,
) -> Chart:
    """Draw horizontal bars: one group a label, one bar a series (or one stacked bar).

    Every series has a value for each label, none below zero; None is written as `unknown`.
    `colours` are those of the series, in their order. Raises ValueError for a series of another
    length.
    """
    columns = list(series.values())
    if any(len(column) != len(labels) for column in columns):
        raise ValueError("a series has a value for each label")
    thickness = BAR if stacked else BAR * max(1, len(columns))
    broken = [_broken(label) for label in labels]
    group = max([thickness, *(len(parts) * LINE_HEIGHT for parts in broken)])
    legend = 22 if len(columns) > 1 else 0
    left, right = 138, 66
    height = legend + len(labels) * (group + GAP) + 8
    scale = (WIDTH - left - right) / _longest_bar(columns, stacked)
    parts = _legend(list(series), colours) if legend else []
    for place, label in enumerate(labels):
        y = legend + place * (group + GAP) + GAP / 2
        parts += _label_lines(left - 8, y + group / 2, broken[place], label)
        values = [column[place] for column in columns]
        upper = y + (group - thickness) / 2
        parts += _group(values, left, upper, scale, stacked, unit, unknown, colours)
    parts.append(_line(left, legend, left, height - 6, INK))
    rows = tuple(
        (label, *(number(column[place], unit, unknown) for column in columns))
        for place, label in enumerate(labels)
    )
    shows = any(value for column in columns for value in column)
    return Chart(title, _svg(title, height, parts), (label_header, *series), rows, shows)


def _longest_bar(columns: Sequence[Sequence[Number | None]], stacked: bool) -> float:
    """Return the value at the right end of the drawing, a round number."""
    lists = [[float(value or 0) for value in column] for column in columns]
    if stacked:
        return _nice(max([*map(sum, zip(*lists, strict=True)), 0.0]))
    return _nice(max([*(value for column in lists for value in column), 0.0]))


def _label_lines(x: float, middle: float, lines: Sequence[str], label: str) -> list[str]:
    first = middle + 4 - (len(lines) - 1) * LINE_HEIGHT / 2
    return [
        _text(x, first + place * LINE_HEIGHT, words, anchor="end", title=label)
        for place, words in enumerate(lines)
    ]


def lines(
    title: str,
    series: Mapping[str, Sequence[Point]],
    *,
    x: str,
    y: str,
    marks: Sequence[Mark] = (),
    x_names: Mapping[Number, str] | None = None,
    y_top: Number | None = None,
    steps: int = 5,
    table_rows: int = 40,
) -> Chart:
    """Draw lines through points sorted by x; `marks` are single points with words.

    `x_names` are words for values of x, such as dates. The table holds at most `table_rows` points
    of each series, evenly taken, ends included.
    """
    names = x_names or {}
    plot = _plot(series, marks, y_top)
    parts = [
        *_legend(list(series)),
        *_y_axis(plot, steps),
        *_x_axis(plot, names, steps),
        _text(plot.left + plot.width / 2, PLOT_HEIGHT - 8, x),
        _text(plot.left - 48, plot.upper - 12, y, anchor="start"),
    ]
    for place, line in enumerate(series.values()):
        parts.append(_path([plot.at(a, b) for a, b in line], place))
    for mark in marks:
        parts += _mark(plot, mark)
    rows = [
        (name, names.get(a) or _figure(a), _figure(b))
        for name, line in series.items()
        for a, b in _some(line, table_rows)
    ]
    rows += [(words, _figure(a), _figure(b)) for a, b, words in marks]
    svg = _svg(title, PLOT_HEIGHT, parts)
    return Chart(title, svg, ("계열", x, y), tuple(rows), any([*series.values(), marks]))


@dataclass(frozen=True)
class _Plot:
    """The area of a line chart: its edges in units of the viewBox, and the values at them."""

    low: float
    high: float
    bottom: float
    top: float
    left: int = 56
    right: int = WIDTH - 16
    upper: int = 52
    lower: int = PLOT_HEIGHT - 46

    @property
    def width(self) -> int:
        return self.right - self.left

    def at(self, x: Number, y: Number) -> tuple[float, float]:
        return (
            self.left + (float(x) - self.low) / (self.high - self.low) * self.width,
            self.lower
            - (float(y) - self.bottom) / (self.top - self.bottom) * (self.lower - self.upper),
        )


def _plot(
    series: Mapping[str, Sequence[Point]], marks: Sequence[Mark], y_top: Number | None
) -> _Plot:
    points = [(float(a), float(b)) for line in series.values() for a, b in line]
    points += [(float(a), float(b)) for a, b, _ in marks]
    low, high = _span([a for a, _ in points])
    heights = [b for _, b in points]
    top = float(y_top) if y_top is not None else _nice(max(heights or [1.0]))
    return _Plot(low, high, min([0.0, *heights]), top)


def _y_axis(plot: _Plot, steps: int) -> list[str]:
    parts = []
    for step in range(steps + 1):
        value = plot.bottom + (plot.top - plot.bottom) * step / steps
        _, v = plot.at(plot.low, value)
        parts.append(_line(plot.left, v, plot.right, v, LINE))
        parts.append(_text(plot.left - 6, v + 4, _figure(value), anchor="end"))
    return parts


def _x_axis(plot: _Plot, names: Mapping[Number, str], steps: int) -> list[str]:
    span = plot.high - plot.low
    ticks: Sequence[Number] = sorted(names) or [
        plot.low + span * step / steps for step in range(steps + 1)
    ]
    every = max(1, math.ceil(len(ticks) / (steps + 1)))
    parts = []
    for tick in ticks[::every]:
        u, _ = plot.at(tick, plot.bottom)
        parts.append(_line(u, plot.lower, u, plot.lower + 4, INK))
        parts.append(_text(u, plot.lower + 18, names.get(tick) or _figure(tick)))
    return [*parts, _line(plot.left, plot.lower, plot.right, plot.lower, INK)]


def _mark(plot: _Plot, mark: Mark) -> list[str]:
    x, y, words = mark
    u, v = plot.at(x, y)
    side = "end" if u > plot.left + plot.width * 0.6 else "start"
    return [
        f'<circle cx="{u:.1f}" cy="{v:.1f}" r="5" fill="{COLOURS[5]}"/>',
        _text(u + (-9 if side == "end" else 9), v + 14, words, anchor=side),
    ]


def _figure(value: Number) -> str:
    return number(_tidy(float(value)))


def number(value: Number | None, unit: str = "", unknown: str = UNKNOWN) -> str:
    if value is None:
        return unknown
    if isinstance(value, float):
        value = _tidy(value)
    return f"{value:,}{unit}"


def _group(
    values: Sequence[Number | None],
    left: float,
    y: float,
    scale: float,
    stacked: bool,
    unit: str,
    unknown: str,
    colours: Sequence[str],
) -> list[str]:
    parts, start = [], float(left)
    for place, value in enumerate(values):
        width = float(value or 0) * scale
        top = y if stacked else y + place * BAR
        parts.append(
            f'<rect x="{start:.1f}" y="{top + 2:.1f}" width="{width:.1f}" height="{BAR - 4}"'
            f' fill="{colours[place % len(colours)]}"/>'
        )
        if stacked:
            start += width
        else:
            words = number(value, unit, unknown)
            parts.append(_text(start + width + 5, top + 13, words, anchor="start"))
    if stacked:
        whole = sum(value for value in values if value is not None)
        parts.append(_text(start + 5, y + 13, number(whole, unit), anchor="start"))
    return parts


def _legend(names: Sequence[str], colours: Sequence[str] = COLOURS) -> list[str]:
    parts, start = [], 4.0
    for place, name in enumerate(names):
        parts.append(
            f'<rect x="{start:.1f}" y="4" width="11" height="11"'
            f' fill="{colours[place % len(colours)]}"/>'
        )
        parts.append(_text(start + 16, 14, name, anchor="start"))
        start += 28 + _wide(name)
    return parts


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart__svg" xmlns="http://www.w3.org/2000/svg"'
        f' viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f'<g font-size="12" font-family="inherit">{"".join(parts)}</g></svg>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "middle", title: str = "") -> str:
    hint = f"<title>{escape(title)}</title>" if title and title != words else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{QUIET}">'
        f"{hint}{escape(words)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
        ' stroke-width="1"/>'
    )


def _path(points: Sequence[tuple[float, float]], place: int) -> str:
    if not points:
        return ""
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)
    return (
        f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{dash}"/>'
        + (f'<g fill="{colour}">{dots}</g>' if len(points) <= 30 else "")
    )


def _broken(label: str) -> list[str]:
    """Break a label that is too wide into two lines, between words if possible.

    What is still too long is cut; the table has the whole label.
    """
    if _wide(label) <= LABEL_WIDTH:
        return [label]
    words = label.split()
    for count in range(len(words) - 1, 0, -1):
        first, second = " ".join(words[:count]), " ".join(words[count:])
        if _wide(first) <= LABEL_WIDTH:
            return [first, _short(second)]
    return [_short(label)]


def _short(label: str) -> str:
    if _wide(label) <= LABEL_WIDTH:
        return label
    cut = label
    while cut and _wide(cut) > LABEL_WIDTH - 12:
        cut = cut[:-1]
    return f"{cut.rstrip()}…"


def _wide(words: str) -> int:
    return sum(
        12 if letter > "\u2e80" or letter in BROAD else 9 if letter.isupper() else 7
        for letter in words
    )


def _nice(value: float) -> float:
    """Round up to 1, 2, 2.5, 5 or 10 times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if value <= step * power * 1.0000001)


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _tidy(value: float) -> int | float:
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded


def _some(line: Sequence[Point], most: int) -> Sequence[Point]:
    if len(line) <= most:
        return line
    return [line[round(i * (len(line) - 1) / (most - 1))] for i in range(most)]
