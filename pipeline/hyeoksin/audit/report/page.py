"""The report as one HTML file: no outside requests, pictures and font inside, readable on paper and without scripts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hyeoksin.audit.report import wording
from hyeoksin.audit.result import CUTS, STEADY, Audit, Cut, NodeRow
from hyeoksin.codes import NONE
from hyeoksin.errors import MissingExtraError
from hyeoksin.privacy import masked
from hyeoksin.tabular import written_whole

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page", "write_page"]

_PARTS = files("hyeoksin.audit.report")


def page(audit: Audit) -> str:
    """Return the report: a pure function of the audit, the same bytes for the same audit; personal data is masked.

    Raises:
        MissingExtraError: matplotlib, jinja2 or a Korean font is missing.
    """
    from hyeoksin.audit.report.figures import figures
    from hyeoksin.pictures import legible, node_colours, subset

    shown = defaultdict(list)
    for figure in figures(audit):
        shown[figure.section].append(figure)
    style, script = (_PARTS / "report.css").read_text("utf-8"), (_PARTS / "report.js").read_text("utf-8")
    body = _environment(lambda text: masked(legible(text))).get_template("report.html").render(
        audit=audit,
        figures=shown,
        colours=node_colours(audit.nodes),
        depth=_depths(audit),
        whole=audit.cells(),
        corrected=any(row.estimate is not None for row in audit.rows),
        leaves=wording.leaf_codes(audit),
        cuts=[(cut, _cells(audit, cut)) for cut in audit.cuts if cut.name != "all" and cut.values],
        place={text.row: number for number, text in enumerate(audit.texts, start=1)},
        findings=wording.by_kind(audit),
        summary=wording.summary(audit),
        script=script,
        NONE=NONE,
        STEADY=STEADY,
    )  # fmt: skip
    letters = set(unescape(re.sub(r"<svg.*?</svg>", "", body, flags=re.DOTALL))) | set(style)
    font = base64.b64encode(subset("".join(sorted(c for c in letters if c >= " ")))).decode()
    style = style.replace("FONT", f"data:font/woff;base64,{font}")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return body.replace("STYLE-GOES-HERE", style, 1).replace("POLICY-GOES-HERE", policy, 1)


def write_page(audit: Audit, path: Path) -> None:
    """Write the report as HTML.

    Raises:
        InputError: the file cannot be written.
        MissingExtraError: matplotlib, jinja2 or a Korean font is missing.
    """
    text = page(audit)
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _environment(shown: Callable[[str], str]) -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise MissingExtraError("jinja2", "report") from error
    environment = Environment(
        loader=PackageLoader("hyeoksin.audit.report", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    from hyeoksin.pictures import percent

    words: dict[str, Any] = {
        "count": wording.count,
        "percent": percent,
        "interval": wording.interval,
        "shown": shown,
    }
    environment.filters.update(words)
    environment.globals.update(
        CUTS=CUTS,
        KINDS=wording.KINDS,
        SURENESS=wording.SURENESS,
        looked_at=wording.looked_at,
        share_of=wording.share_of,
    )
    return environment


def _depths(audit: Audit) -> dict[str, int]:
    above = {node.code: node.parent for node in audit.nodes}
    found: dict[str, int] = {NONE: 0}
    for code, parent in above.items():
        found[code] = 0 if parent is None else found[parent] + 1
    return found


def _cells(audit: Audit, cut: Cut) -> list[NodeRow]:
    return [row for row in audit.rows if row.cut == cut.name]
