"""Charts as inline SVG: what is printed, and shown where no script runs. The script draws the same with uPlot."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2

from lintkit.records import NamedTuple
from lintkit.report.frame import ELLIPSIS
from lintkit.report.html.markup import Markup, el
from lintkit.report.plain import visible

_LABEL, _WIDTH, _END = 190, 720, 60
_ROW, _BAR, _TOP = 30, 12, 8
_LONGEST = 26
_LEAST_DOUBLING = 32.0


class Bar(NamedTuple):
    """One row of a chart: what it is about, its value, and the value after the suggested fixes (None: there is none)."""

    name: str
    value: float | None
    after: float | None = None


def bars(title: str, rows: Sequence[Bar], *, limit: float = 0, limit_name: str = "", doubling: bool = False) -> Markup:
    """Horizontal bars with their values; ``limit`` is a line across them, ``doubling`` an axis on which each step is twice."""
    values = [v for row in rows for v in (row.value, row.after) if v is not None]
    top = max(*values, limit, _LEAST_DOUBLING if doubling else 1.0)
    height = _TOP + _ROW * len(rows) + 26
    parts: list[Markup] = []
    for tick in _ticks(top, doubling=doubling):
        x = _x(tick, top, doubling=doubling)
        parts.append(el("line", x1=x, x2=x, y1=_TOP, y2=height - 24, class_="grid"))
        parts.append(el("text", f"{tick:g}", x=x, y=height - 8, class_="tick", text_anchor="middle"))
    for number, row in enumerate(rows):
        parts += _bar(row, _TOP + number * _ROW, top, doubling=doubling)
    if limit:
        x = _x(limit, top, doubling=doubling)
        parts.append(el("line", el("title", limit_name), x1=x, x2=x, y1=_TOP - 4, y2=height - 24, class_="limit"))
    return el("svg", *parts, viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=title, class_="chart")


def _bar(row: Bar, y: float, top: float, *, doubling: bool) -> list[Markup]:
    name = visible(row.name)
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + ELLIPSIS
    found = [el("text", short, x=_LABEL - 12, y=y + _ROW / 2 + 4, class_="name", text_anchor="end")]
    shown = [(value, kind) for value, kind in ((row.value, "now"), (row.after, "after")) if value is not None]
    thick = _BAR if len(shown) == 1 else _BAR - 2
    start = y + (_ROW - thick * len(shown)) / 2
    for at, (value, kind) in enumerate(shown):
        width = max(_x(value, top, doubling=doubling) - _LABEL, 1.5)
        found.append(el("rect", x=_LABEL, y=start + at * thick, width=width, height=thick - 1, class_=kind))
        found.append(el("text", f"{value:g}", x=_LABEL + width + 6, y=start + at * thick + thick - 2, class_=f"value {kind}"))
    return found


def _x(value: float, top: float, *, doubling: bool) -> float:
    room = _WIDTH - _LABEL - _END
    share = log2(max(value, 0.5) * 2) / log2(top * 2) if doubling else value / top
    return round(_LABEL + room * share, 1)


def _ticks(top: float, *, doubling: bool) -> list[float]:
    if doubling:
        last = ceil(log2(top))
        step = max(ceil((last + 1) / 8), 1)
        return [float(2**n) for n in range(0, last + 1, step) if 2**n <= top]
    step = next(s for s in (m * 10**e for e in range(9) for m in (1, 2, 5)) if top / s <= 6)
    return [float(step * n) for n in range(int(top // step) + 1)]
