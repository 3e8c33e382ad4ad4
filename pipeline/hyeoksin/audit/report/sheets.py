"""The report as a workbook: the same numbers, formatted, with Excel's own charts; no cell is ever a formula."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hyeoksin.audit.report.book import Book, Column
from hyeoksin.audit.report.wording import KINDS, SURENESS, by_kind, leaf_codes, share_of, summary
from hyeoksin.audit.result import Audit, Cut, Interval, NodeRow
from hyeoksin.codes import NONE
from hyeoksin.plan.nodes import LEVELS
from hyeoksin.tabular import written_book

__all__ = ["write_sheets"]

_LEVELS = {"off_plan": "계획 밖", **{str(level): name for level, name in LEVELS.items()}}

_COUNTS = {
    "센 글": "number",
    "센 비중": "share",
    "추정 비중": "share",
    "95% 아래": "share",
    "95% 위": "share",
    "추정 글": "number",
    "확정": "number",
}


def write_sheets(audit: Audit, path: Path) -> None:
    """Write the workbook, with personal data masked.

    Raises:
        InputError: the file cannot be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with written_book(path, options) as opened:
        book = Book(opened)
        _summary(book, audit)
        _whole(book, audit)
        for cut in audit.cuts:
            if cut.name != "all" and cut.values:
                _cut(book, audit, cut)
        if audit.periods:
            _time(book, audit)
        _findings(book, audit)
        _topics(book, audit)
        _texts(book, audit)
        _method(book, audit)


def _summary(book: Book, audit: Audit) -> None:
    page = book.sheet("요약")
    page.set_column(0, 0, 110)
    book.text(page, 0, 0, "계획 반영 현황 감사 보고서", "title")
    lines = [audit.plan_title, *audit.notes, *summary(audit)]
    for row, line in enumerate(lines, start=1):
        book.text(page, row, 0, line)


def _counted() -> list[Column]:
    return [Column(title, 11, kind) for title, kind in _COUNTS.items()]


def _numbers(row: NodeRow) -> list[object]:
    found = row.estimate
    if found is None:
        return [row.counted, row.share, None, None, None, None, row.settled]
    return [row.counted, row.share, found.value, found.low, found.high, found.value * row.texts, row.settled]


def _whole(book: Book, audit: Audit) -> None:
    page = book.sheet("계획 전체")
    columns = [Column("단계", 9), Column("번호", 9), Column("항목", 52), *_counted()]
    rows = audit.cells()
    end = book.table(
        page, columns, ([_LEVELS[row.level], _code(row.code), row.title, *_numbers(row)] for row in rows)
    )
    leaves = [row for row in rows if row.code in leaf_codes(audit)]
    _bars(book, page, leaves, end + 1)


def _bars(book: Book, page: Any, rows: Sequence[NodeRow], at: int) -> None:
    """Write the chart's own little table below, and the bar chart with its intervals beside."""
    data = book.sheet("그림 자료")
    heads = ["항목", "비중", "구간 위쪽 길이", "구간 아래쪽 길이"]
    table = []
    for row in rows:
        value, low, high = share_of(row)
        table.append(
            [
                f"{row.code} {row.title}",
                value,
                (high or value) - value,
                value - (value if low is None else low),
            ]
        )
    book.table(data, [Column(heads[0], 52), *(Column(head, 16, "share") for head in heads[1:])], table)
    chart = book.book.add_chart({"type": "bar"})
    n = len(rows)
    name = "그림 자료"
    chart.add_series(
        {
            "name": "비중",
            "categories": [name, 1, 0, n, 0],
            "values": [name, 1, 1, n, 1],
            "fill": {"color": "#0072B2"},
            "gap": 40,
            "x_error_bars": {
                "type": "custom",
                "plus_values": f"='{name}'!$C$2:$C${n + 1}",
                "minus_values": f"='{name}'!$D$2:$D${n + 1}",
                "plus_data": [line[2] for line in table],
                "minus_data": [line[3] for line in table],
            },
        }
    )
    chart.set_title({"name": "항목별 비중과 95% 구간", "name_font": {"size": 11, "bold": False}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 8}})
    chart.set_x_axis(
        {"num_format": "0%", "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#DFE3E8"}}}
    )
    chart.set_size({"width": 900, "height": 120 + 24 * n})
    page.insert_chart(at, 0, chart)


def _cut(book: Book, audit: Audit, cut: Cut) -> None:
    rows = [row for row in audit.rows if row.cut == cut.name]
    page = book.sheet(f"{cut.title}별")
    codes = leaf_codes(audit) | {NONE}
    titles = {row.code: row.title for row in rows}
    order = [row.code for row in audit.cells() if row.code in codes]
    share = {(row.code, row.value): share_of(row)[0] for row in rows}
    columns = [
        Column("번호", 9),
        Column("항목", 52),
        *(Column(value, 10, "share") for value in cut.values),
    ]
    matrix = [[_code(c), titles[c], *(share[c, value] for value in cut.values)] for c in order]
    book.table(page, columns, matrix)
    page.freeze_panes(1, 2)
    inside = [
        1,
        2,
        len(order) - 1,
        1 + len(cut.values),
    ]  # without the row of off-plan, which would outshine the others
    page.conditional_format(
        *inside, {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#2F7FB5"}
    )
    long = book.sheet(f"{cut.title}별 구간")
    columns = [
        Column(cut.title, 24),
        Column("글", 9, "number"),
        Column("번호", 9),
        Column("항목", 52),
        *_counted(),
    ]
    book.table(long, columns, ([r.value, r.texts, _code(r.code), r.title, *_numbers(r)] for r in rows))


def _time(book: Book, audit: Audit) -> None:
    page = book.sheet("시간")
    titles = {node.code: node.title for node in audit.nodes} | {NONE: "계획 밖"}
    periods = sorted({row.period for row in audit.periods})
    share = {(r.code, r.period): r.estimate.value if r.estimate else r.share for r in audit.periods}
    order = [code for code in titles if any((code, period) in share for period in periods)]
    columns = [Column("번호", 9), Column("항목", 52), *(Column(period, 10, "share") for period in periods)]
    end = book.table(
        page, columns, ([_code(c), titles[c], *(share.get((c, p)) for p in periods)] for c in order)
    )
    page.freeze_panes(1, 2)
    chart = book.book.add_chart({"type": "line"})
    roots = {node.code for node in audit.nodes if node.parent is None}
    for row, code in enumerate(order, start=1):
        if code in roots:
            chart.add_series(
                {
                    "name": ["시간", row, 1],
                    "categories": ["시간", 0, 2, 0, 1 + len(periods)],
                    "values": ["시간", row, 2, row, 1 + len(periods)],
                    "marker": {"type": "automatic"},
                }
            )
    chart.set_title({"name": "전략의 흐름", "name_font": {"size": 11, "bold": False}})
    chart.set_y_axis(
        {"num_format": "0%", "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#DFE3E8"}}}
    )
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 380})
    if roots & set(order):
        page.insert_chart(end + 1, 0, chart)
    long = book.sheet("시간 구간")
    columns = [Column("때", 10), Column("번호", 9), Column("항목", 52), Column("글", 9, "number"), Column("센 글", 9, "number"),
               Column("센 비중", 10, "share"), *(Column(name, 10, "share") for name in ("추정 비중", "95% 아래", "95% 위"))]  # fmt: skip
    rows = (
        [r.period, _code(r.code), titles.get(r.code, ""), r.texts, r.counted, r.share, *_ends(r.estimate)]
        for r in audit.periods
    )
    book.table(long, columns, rows)


def _ends(found: Interval | None) -> list[object]:
    return [None, None, None] if found is None else [found.value, found.low, found.high]


def _findings(book: Book, audit: Audit) -> None:
    columns = [Column("종류", 20), Column("확실함", 10), Column("내용", 60), Column("까닭", 50), Column("항목", 14), Column("나눔", 18),
               Column("잰 것", 18), Column("값", 9, "plain"), Column("95% 아래", 9, "plain"), Column("95% 위", 9, "plain"),
               Column("보정한 p값", 10, "plain"), Column("글 수", 8, "number"), Column("글 번호", 40)]  # fmt: skip
    rows = (
        [KINDS[f.kind][0], SURENESS[f.sureness], f.statement, f.why_sure, ", ".join(map(_code, f.codes)), f.value, f.effect_name,
         *_ends(f.effect), f.p_value, f.n_texts, _named(audit, f.texts)]
        for _, found in by_kind(audit)
        for f in found
    )  # fmt: skip
    book.table(book.sheet("살펴볼 것"), columns, rows)


def _topics(book: Book, audit: Audit) -> None:
    columns = [Column("번호", 7, "number"), Column("이름", 28), Column("설명", 60), Column("글 수", 9, "number"), Column("살펴본 글", 9, "number"),
               Column("모두", 9, "number"), Column("비중", 9, "share"),
               Column("안정성", 9, "plain"), Column("가장 가까운 항목", 16), Column("그 확률", 9, "share"), Column("낱말", 50), Column("글 번호", 40)]  # fmt: skip
    rows = (
        [t.number, t.name, t.statement, t.n_texts, t.n_seen, t.n_all, t.share, t.stability, t.nearest, t.nearest_probability,
         ", ".join(word.word for word in t.words), _named(audit, t.texts)]
        for t in audit.topics
    )  # fmt: skip
    page = book.sheet("자리 없는 주제")
    end = book.table(page, columns, rows)
    if audit.topics_unsought:
        book.text(page, end, 2, f"살펴보지 않았습니다. {audit.topics_unsought}")


def _named(audit: Audit, rows: Sequence[int]) -> str:
    """Return the ids of texts, with their source where another text has the same id."""
    times = Counter(text.id for text in audit.texts)
    names = {t.row: t.id if times[t.id] == 1 else f"{t.id} ({t.source})" for t in audit.texts}
    return ", ".join(names[row] for row in rows if row in names)


def _texts(book: Book, audit: Audit) -> None:
    columns = [Column("글 번호", 18), Column("제목", 50), Column("앞부분", 70), Column("항목", 9), Column("확률", 9, "share"), Column("계획 밖", 9, "share"),
               *(Column(name, 16) for name in ("지역", "연도", "기관", "종류")), Column("출처", 40)]  # fmt: skip
    rows = (
        [
            t.id,
            t.title,
            t.excerpt,
            _code(t.code),
            t.probability,
            t.off_plan,
            t.region,
            t.year,
            t.agency,
            t.kind,
            t.source,
        ]
        for t in audit.texts
    )
    book.table(book.sheet("글"), columns, rows)


def _method(book: Book, audit: Audit) -> None:
    if audit.estimates:
        columns = [
            Column("항목", 10),
            Column("방법", 40),
            *(Column(name, 11, "share") for name in ("비중", "95% 아래", "95% 위")),
        ]
        book.table(
            book.sheet("추정 견주기"),
            columns,
            (
                [
                    _code(e.code),
                    e.method,
                    *(_ends(e.share) if e.share.low < e.share.high else [e.share.value, None, None]),
                ]
                for e in audit.estimates
            ),
        )
    if audit.sample is not None:
        columns = [Column("항목", 9), Column("제목", 52), Column("본 글", 9, "number"),
                   *(Column(f"{name}{end}", 11, "share") for name in ("정밀도", "재현율") for end in ("", " 95% 아래", " 95% 위"))]  # fmt: skip
        rows = (
            [_code(c.code), c.title, c.coded, *_ends(c.precision), *_ends(c.recall)]
            for c in audit.sample.classes
        )
        book.table(book.sheet("표본"), columns, rows)
    book.table(
        book.sheet("방법"),
        [Column("제목", 30), Column("내용", 120)],
        ([note.title, note.text] for note in audit.methods),
    )
    made = audit.manifest
    lines: list[Sequence[object]] = [
        ["계획", made.plan], ["계획 SHA-256", made.plan_sha256], ["모델", made.model], ["나눈 것", ", ".join(made.by)], ["씨앗", str(made.seed)],
        ["오류를 잰 자료", made.errors_from], ["그 SHA-256", made.errors_sha256],
        *([f"판 {name}", version] for name, version in made.versions.items()),
        *([f"입력 {file['name']}", f"{file['bytes']} 바이트, SHA-256 {file['sha256']}"] for file in made.inputs),
    ]  # fmt: skip
    book.table(book.sheet("명세"), [Column("무엇", 40), Column("값", 100)], lines)


def _code(code: str) -> str:
    return "계획 밖" if code == NONE else code
