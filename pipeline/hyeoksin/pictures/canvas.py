"""The canvas: a figure that knows its name and description, and how it becomes SVG or PNG, byte for byte the same."""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from html import escape
from typing import Any, Literal, ParamSpec, TypeVar

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from hyeoksin.pictures.colours import GRID, INK, MUTED
from hyeoksin.pictures.fonts import families, legible

__all__ = ["WIDTH", "Picture", "drawn", "percent", "png", "svg"]

WIDTH = 7.2  # inches: the text width of an A4 page with margins of 13 mm
_NOTEBOOK_BYTES = 95_000
_LOCK = threading.RLock()  # matplotlib's settings are global: one picture at a time
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Picture(Figure):
    """A matplotlib figure with a name and a description in words; notebooks show it."""

    def __init__(self, name: str, height: float, width: float = WIDTH) -> None:
        super().__init__(figsize=(width, height), layout="constrained")
        self.name = legible(name)
        self.description = ""

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        return _small_png(self), {"alt": f"{self.name}: {self.description}"}


def _settings() -> Any:
    return {
        "font.family": list(families()),
        "font.size": 8.5,
        "axes.titlesize": 9.5,
        "axes.titlelocation": "left",
        "axes.unicode_minus": False,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.linewidth": 0.6,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "lines.linewidth": 1.6,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "svg.fonttype": "path",
        "svg.hashsalt": "hyeoksin",
    }


@contextmanager
def _styled() -> Iterator[None]:
    with _LOCK, rc_context(_settings()):
        yield


def drawn(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Run a drawing function under the house style, and alone."""

    @wraps(function)
    def styled(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with _styled():
            return function(*args, **kwargs)

    return styled


def percent(value: float) -> str:
    """Return a share as officers read it: ``12.3%``, ``0.42%``, ``0%``; a trace is ``<0.01%``."""
    if value in (0, 1):
        return f"{100 * value:.0f}%"
    if 0 < value < 0.00005:
        return "<0.01%"
    return f"{100 * value:.2f}%" if abs(value) < 0.00995 else f"{100 * value:.1f}%"


def tick(value: float, shares: bool) -> str:
    """Return a number beside an axis: ``3%``, ``0.25``, ``1,200``."""
    return f"{100 * value:.4g}%" if shares else f"{value:,.6g}"


def axes_of(picture: Picture, name: str, grid: Literal["x", "y", ""] = "x") -> Axes:
    """Return the picture's only axes, titled and with a light grid along ``grid`` (``x``, ``y`` or nothing)."""
    axes = picture.subplots()
    if name:
        axes.set_title(legible(name), pad=8)
    if grid:
        axes.grid(visible=True, axis=grid)
        axes.tick_params(length=0)
    return axes


def png(figure: Figure, dpi: int = 150) -> bytes:
    """Return the figure as PNG."""
    buffer = io.BytesIO()
    with _styled():
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _small_png(figure: Figure) -> bytes:
    """Return the figure as PNG for a notebook: 256 colours, and as sharp as 100 KB allow."""
    for dpi in (110, 90, 70):
        image = Image.open(io.BytesIO(png(figure, dpi))).convert("RGB")
        buffer = io.BytesIO()
        fewer = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        fewer.save(buffer, "png", optimize=True)
        if buffer.tell() <= _NOTEBOOK_BYTES:
            break
    return buffer.getvalue()


def svg(figure: Figure, name: str | None = None, description: str | None = None) -> str:
    """Return the figure as one ``<svg>`` element that can stand in a page.

    Letters are paths, so the reader's computer needs no font. There is no ``style`` in it (a strict content security
    policy lets it through), no date and no random id: the same figure gives the same bytes. Its ids begin with a hash
    of it, so that several can stand in one page. ``title`` and ``desc`` are for screen readers.

    Args:
        figure: what to write; a ``Picture`` brings its name and description along.
        name: read out as its title.
        description: read out after it.
    """
    name = legible(name if name is not None else getattr(figure, "name", "그림"))
    description = legible(description if description is not None else getattr(figure, "description", ""))
    buffer = io.BytesIO()
    with _styled():
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", metadata=nothing)
    raw = buffer.getvalue().decode()
    body = raw[raw.index("<svg") :]
    view = re.search(r'viewBox="([^"]+)"', body)
    if view is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    inside = body[body.index(">") + 1 :]
    inside = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", inside, count=1, flags=re.DOTALL)
    inside = re.sub(r'style="([^"]*)"', _attributes, inside)
    inside = re.sub(r' d="[^"]*"', _rounded, inside)
    mark = "p" + hashlib.sha256((name + description + inside).encode()).hexdigest()[:8]
    width, height = view[1].split()[2:]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view[1]}"'
        f' width="{width}pt" height="{height}pt" stroke-linejoin="round" stroke-linecap="butt" role="img"'
        f' aria-labelledby="{mark}-t {mark}-d">\n <title id="{mark}-t">{escape(name)}</title>'
        f'<desc id="{mark}-d">{escape(description)}</desc>' + _marked(inside, mark)
    )


def _attributes(match: re.Match[str]) -> str:
    pairs = (piece.split(":", 1) for piece in match[1].split(";") if piece.strip())
    return " ".join(f'{key.strip()}="{value.strip()}"' for key, value in pairs)


def _rounded(match: re.Match[str]) -> str:
    """Round the coordinates of a path to hundredths of a point (of a glyph: to thousandths of a letter)."""
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), match[0])


def _marked(text: str, mark: str) -> str:
    """Drop the ids that nothing refers to and put the mark before the others."""
    used = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{mark}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{mark}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", text)
