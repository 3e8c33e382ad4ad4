"""The replayed year as one HTML page: no script, nothing from the network, figures as inline SVG."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from hyeoksin.errors import MissingExtraError
from hyeoksin.simulate.figures import Share
from hyeoksin.simulate.tables import Cell, summary, tables
from hyeoksin.simulate.year import Year
from hyeoksin.tabular import written_whole

if TYPE_CHECKING:
    from hyeoksin.pictures import Picture

__all__ = ["page", "pictures_of", "write_page"]


def pictures_of(year: Year) -> list[Picture]:
    """Draw what the hours buy, what a threshold would settle, and which nodes are found badly.

    Raises:
        MissingExtraError: matplotlib or a Korean font is missing.
    """
    try:
        from hyeoksin.pictures import Bar, Curve, Point, bars_with_intervals, curves
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "matplotlib", "report") from error

    def point(x: float, share: Share) -> Point:
        return Point(x, share.value or 0.0, share.low, share.high)

    precisions = sorted({row.precision for row in year.budgets})
    most = max(precisions, key=lambda p: (p <= 0.95, p))
    shown = [row for row in year.budgets if row.precision == most]
    errors = [
        Curve("시간 다이얼 순서로 읽음", tuple(Point(r.hours, r.errors_left / year.n) for r in shown)),
        Curve("온 차례대로 읽음", tuple(Point(r.hours, r.errors_by_arrival / year.n) for r in shown)),
    ]
    cuts = [row for row in year.thresholds if row.settled.n_right]
    settling = [
        Curve("그 위를 모두 확정한 비율", tuple(point(row.threshold, row.settled) for row in cuts)),
        Curve("그 가운데 맞은 비율", tuple(point(row.threshold, row.right) for row in cuts)),
    ]
    worst = [row for row in year.nodes if row.n >= 10][:12]
    return [
        curves(
            errors,
            f"회차마다 쓰는 시간과 끝까지 남는 오류 (정밀도 {most:.0%})",
            x_name="회차마다 쓰는 시간",
            value_name="전체 글 가운데 틀린 채 남은 비율",
            shares=True,
        ),
        curves(
            settling,
            "한 문턱으로 자르면",
            x_name="확률 문턱",
            value_name="비율",
            shares=True,
            x_shares=True,
            from_zero=False,
        ),
        bars_with_intervals(
            [
                Bar(f"{r.code} {r.title}", r.found.value or 0.0, r.found.low, r.found.high, note=f"{r.n}건")
                for r in worst
            ],
            "항목별로 모델이 찾은 비율 (낮은 것부터, 10건 이상)",
            value_name="찾은 비율",
        ),
    ]


def page(year: Year) -> str:
    """Return the page.

    Raises:
        MissingExtraError: jinja2, matplotlib or a Korean font is missing.
    """
    try:
        from jinja2 import Environment
    except ModuleNotFoundError as error:
        raise MissingExtraError("jinja2", "report") from error
    from hyeoksin.pictures import svg

    source = files("hyeoksin.simulate").joinpath("page.html.j2").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    return template.render(
        year=year,
        summary=summary(year),
        pictures=[svg(picture) for picture in pictures_of(year)],
        tables=tables(year),
        cell=_cell,
    )


def _cell(value: Cell, name: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:g}" if name == "회차당 시간" else f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else value


def write_page(year: Year, path: Path) -> None:
    """Write the page."""
    text = page(year)
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
