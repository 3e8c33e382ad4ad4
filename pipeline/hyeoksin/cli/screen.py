"""What a person reads in the terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hyeoksin.domain import Prediction
from hyeoksin.sinks import KEPT, STATUS

if TYPE_CHECKING:
    from hyeoksin.audit.result import Agreement, Audit, Interval

__all__ = ["print_explanation", "print_sample", "print_scores", "print_table", "show_notes", "when"]

_COLOURS = {"settled": "green", "review": "yellow", "off_plan": "bright_black"}
_ROLES = {"lead": "주관", "support": "협조", "executing": "시행"}
_NOTICE = "추천이며 결정이 아닙니다."


def _console() -> Console:
    """Return a console as wide as the terminal, or wide enough for the table where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def when(at: str) -> str:
    """Return a time of the store as this computer's clock shows it."""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def print_table(predictions: Iterable[Prediction]) -> None:
    """Print one line per prediction."""
    console = _console()
    table = Table(show_lines=False, header_style="bold")
    for name, ratio in (
        ("글", 5),
        ("판정", 2),
        ("분류", 6),
        ("확률", 1),
        ("주관기관", 3),
        ("근거", 4),
        ("다른 계획", 3),
    ):
        table.add_column(name, ratio=ratio, overflow="fold", no_wrap=name == "확률")
    for prediction in predictions:
        best = prediction.scores[0]
        leaf = prediction.path[-1] if prediction.path else None
        lead = prediction.agencies[0] if prediction.agencies else None
        status = f"[{_COLOURS[prediction.status]}]{STATUS[prediction.status]}[/]"
        where = f"{leaf.code} {leaf.title}" if leaf else f"(계획 밖일 듯; 가장 가까운 것 {best.code})"
        table.add_row(
            escape(prediction.document.body.split("\n")[0][:60]),
            status,
            escape(where),
            f"{leaf.probability if leaf else prediction.off_plan:.0%}",
            escape(lead.name) if lead else "",
            escape(", ".join(span.text for span in prediction.evidence[:3])),
            ", ".join(f"{o.plan} {o.path[-1].code if o.path else '밖'}" for o in prediction.others),
        )
    console.print(table)
    console.print(_NOTICE, style="dim")


def print_explanation(prediction: Prediction) -> None:
    """Print everything that the record holds about one text."""
    console = _console()
    body = prediction.document.body
    marked, at = "", 0
    for span in sorted(prediction.evidence, key=lambda s: s.start):
        marked += escape(body[at : span.start]) + f"[bold reverse]{escape(span.text)}[/]"
        at = span.end
    console.print(marked + escape(body[at:]))
    console.print()
    if len(body) > KEPT:
        console.print(f"읽은 것  앞 {KEPT:,}자 (모두 {len(body):,}자, 그 뒤는 읽지 않음)")
    for note in prediction.notes:
        console.print(escape(note), style="yellow")
    colour = _COLOURS[prediction.status]
    console.print(f"판정    [{colour}]{STATUS[prediction.status]}[/]  (계획 밖 {prediction.off_plan:.0%})")
    for depth, step in enumerate(prediction.path):
        console.print(
            f"{'경로' if depth == 0 else '    '}    {'  ' * depth}{step.code} {escape(step.title)}  {step.probability:.0%}"
        )
    if prediction.evidence:
        words = ", ".join(f"{span.text} ({span.weight:.0%})" for span in prediction.evidence)
        console.print(f"{'근거    ' if prediction.path else '계획 밖의 근거  '}{escape(words)}")
    best = ", ".join(f"{s.code} {s.probability:.0%}" for s in prediction.scores[:5])
    console.print(f"후보    {best}")
    if prediction.clause:
        console.print(f"조항    {prediction.clause.code} {escape(prediction.clause.title)}")
    if prediction.rival:
        console.print(
            f"경쟁    {prediction.rival.code} {escape(prediction.rival.title)}  {prediction.rival.probability:.0%}"
        )
        for why in prediction.rival.why:
            console.print(f"        - {escape(why)}")
    for flag in prediction.agencies:
        console.print(
            f"기관    {_ROLES[flag.role]} {escape(flag.name)}  {flag.probability:.0%}  ({escape('; '.join(flag.reasons))})"
        )
    if prediction.regions:
        console.print(f"지역    {escape(', '.join(prediction.regions))}")
    for other in prediction.others:
        where = " › ".join(f"{s.code} {s.title}" for s in other.path) or "계획 밖"
        console.print(f"{other.plan}    {escape(where)}")
    console.print(
        f"모델    {prediction.model}, 계획 {prediction.plan} ({prediction.plan_sha}). {_NOTICE}", style="dim"
    )


def print_scores(
    scores: Mapping[str, Mapping[str, Sequence[float | None]]], names: Mapping[str, str]
) -> None:
    """Print scores with their 95 % intervals."""
    console = Console(highlight=False)
    for part, values in scores.items():
        console.print(escape(f"[{part}]"))
        for name, (value, low, high) in values.items():
            ends = "" if low is None else f"  ({low:.3f}-{high:.3f})"
            console.print(f"  {names.get(name, name):<20} {value:.3f}{ends}")


def show_notes() -> None:
    """Let the readers' notes (encoding, wrong suffix, sheets left out) reach the terminal, each once."""
    shown: set[str] = set()

    def new(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        fresh = message not in shown
        shown.add(message)
        return fresh

    log = logging.getLogger("hyeoksin.readers")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("알림: %(message)s"))
    handler.addFilter(new)
    log.handlers = [handler]
    log.setLevel(logging.INFO)


def print_sample(audit: Audit) -> None:
    """Show what a coded sample says of the classifier, and the shares that rest on it."""
    sample = audit.sample
    if sample is None:
        return
    console = _console()
    console.print(f"표본 {sample.n_drawn:,}건 가운데 {sample.n_coded:,}건 코딩")
    if sample.agreement is not None:
        agreement = sample.agreement
        console.print(
            f"두 사람 {agreement.n_texts:,}건: 일치 {_interval(agreement.agreed)}{_kappa(agreement)}"
        )
    console.print(f"분류가 맞은 비율 {_interval(sample.accuracy)}")
    table = Table("분류", "글", "정밀도", "재현율", "추정 비율 (95% 구간)")
    shares = {row.code: row.estimate for row in audit.cells()}
    for one in sample.classes:
        cells = [_interval(found) for found in (one.precision, one.recall, shares.get(one.code))]
        table.add_row(escape(f"{one.code} {one.title}"), str(one.coded), *cells)
    console.print(table)
    for note in sample.notes:
        console.print(f"알림: {escape(note)}")


def _interval(found: Interval | None) -> str:
    return "-" if found is None else f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f})"


def _kappa(agreement: Agreement) -> str:
    if agreement.kappa is None:
        return ""
    ends = agreement.kappa_interval
    return f", 카파 {agreement.kappa:.3f}" + (f" ({ends[0]:.3f}-{ends[1]:.3f})" if ends else "")
