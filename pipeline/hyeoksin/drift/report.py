"""The comparison as words, plain data, tables and one HTML file without outside requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

import numpy as np

from hyeoksin.codes import NONE
from hyeoksin.drift.compare import TESTS, Drift, Moved
from hyeoksin.drift.intervals import wilson
from hyeoksin.errors import MissingExtraError
from hyeoksin.plan import Plan
from hyeoksin.tabular import write_rows, written_whole

__all__ = ["FORMS", "in_words", "write_drift"]

FORMS = (".html", ".json", ".xlsx", ".csv")
_HEADER = ("무엇", "이름", "앞", "뒤", "차이", "낮게", "높게", "p", "경보", "설명")
_STYLE = """
body{font-family:Pretendard,'Noto Sans KR','Malgun Gothic',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5;color:#1b1b1b}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{border-bottom:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top}
td{font-variant-numeric:tabular-nums}th:first-child,td:first-child{min-width:7rem}svg{max-width:100%;height:auto}
"""


def in_words(drift: Drift, plan: Plan) -> str:
    """Return the comparison in Korean sentences."""
    alarms = [v for v in drift.verdicts if v.alarm]
    head = (
        f"달라진 것이 있습니다: {', '.join(TESTS[v.about] for v in alarms)}."
        if alarms
        else "두 기간이 달라졌다고 볼 까닭을 찾지 못했습니다."
    )
    lines = [
        f"계획 {plan.id}: 앞 {drift.n_old:,}건, 뒤 {drift.n_new:,}건 (같은 글을 하나로 세어 {drift.tested_old:,}건과 {drift.tested_new:,}건을 견줌).",
        head,
    ]
    lines += [
        f"  {'!' if v.alarm else '-'} {TESTS[v.about]}: {v.said} (보정한 p {v.adjusted:.3f})"
        for v in drift.verdicts
    ]
    moved = [m for m in drift.nodes if m.p_value <= 0.05]
    if moved:
        lines.append(
            "몫이 달라진 항목: " + "; ".join(f"{_named(plan, m.name)} {_change(m)}" for m in moved[:8])
        )
    if drift.words:
        lines.append("달라진 낱말: " + ", ".join(f"{_bare(m.name)} {_change(m)}" for m in drift.words[:15]))
    if drift.next and alarms:
        lines.append("다음에 사람이 볼 글: " + ", ".join(s.id for s in drift.next[:10]))
    return "\n".join(lines)


def _change(moved: Moved) -> str:
    return f"{moved.before:.1%}→{moved.after:.1%}"


def _points(difference: float) -> str:
    """Return a difference of shares in percentage points."""
    return f"{100 * difference:+.1f}%p"


def _bare(word: str) -> str:
    return word.rpartition("/")[0] or word


def _named(plan: Plan, code: str) -> str:
    return "계획 밖" if code == NONE else f"{code} {plan[code].title}" if code in plan else code


def write_drift(drift: Drift, plan: Plan, path: Path) -> None:
    """Write the report by suffix: .html, .json, or a table (.xlsx, .csv)."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        text = json.dumps({"alarm": drift.alarm, **asdict(drift)}, ensure_ascii=False, indent=1) + "\n"
    elif suffix == ".html":
        text = _html(drift, plan)
    else:
        write_rows(path, _HEADER, _rows(drift, plan), sheet="변화")
        return
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _rows(drift: Drift, plan: Plan) -> Iterator[tuple[str | float, ...]]:
    for v in drift.verdicts:
        yield "검정", TESTS[v.about], "", "", "", "", "", v.adjusted, "예" if v.alarm else "", v.said
    for what, rows in (("항목", drift.nodes), ("낱말", drift.words)):
        for m in rows:
            name = _named(plan, m.name) if what == "항목" else _bare(m.name)
            yield what, name, m.before, m.after, m.difference, m.low, m.high, m.p_value, "예" if m.p_value <= 0.05 else "", ""  # fmt: skip
    for s in drift.next:
        yield "볼 글", s.id, "", "", "", "", "", "", "", f"{s.title} ({_named(plan, s.code)} {s.sure:.2f})"


def _html(drift: Drift, plan: Plan) -> str:
    tests = _table(
        ("무엇이", "결과", "보정한 p", "경보"),
        [(TESTS[v.about], v.said, f"{v.adjusted:.3f}", "달라짐" if v.alarm else "") for v in drift.verdicts],
    )
    nodes = _moved_table("항목", [(_named(plan, m.name), m) for m in drift.nodes])
    words = _moved_table("낱말", [(_bare(m.name), m) for m in drift.words[:60]])
    texts = _table(
        ("번호", "제목", "지금 추천", "확률", "새로움(0-1)", "의심(0-1)"),
        [
            (s.id, s.title, _named(plan, s.code), f"{s.sure:.2f}", f"{s.novelty:.2f}", f"{s.doubt:.2f}")
            for s in drift.next
        ],
    )
    words_first = "<br>".join(escape(line) for line in in_words(drift, plan).split("\n")[:2])
    return f"""<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>두 기간의 변화</title><style>{_STYLE}</style></head><body>
<h1>두 기간의 변화</h1><p>{words_first}</p>
<h2>검정</h2>{tests}
<h2>항목별 몫</h2>{_picture(drift, plan)}{nodes}
<h2>몫이 달라진 낱말</h2>{words if drift.words else "<p>없습니다.</p>"}
<h2>다음에 사람이 보면 좋을 글</h2><p>앞 기간의 글과 멀고, 확률이 낮고, 서로 다른 글입니다.</p>{texts}
<h2>방법</h2><p>거의 같은 글은 한 번만 세고, 기간마다 많아야 4,000건을 무작위로 골라 견주었습니다. 검정은 모두 순열검정(999번)이며,
경보는 벤야미니-호크베르크 방법으로 5%에서 남는 것입니다: 달라진 것이 없을 때 경보가 하나라도 울릴 일이 약 5%를 넘지 않습니다.
항목과 낱말의 p는 그 안의 모든 항목(낱말)에 대해 함께 성립하고(웨스트폴-영), 구간은 차이의 95% 구간입니다.</p>
</body></html>
"""


def _picture(drift: Drift, plan: Plan) -> str:
    """Return the shares of the new period with the old ones as hollow marks; nothing where matplotlib is not installed."""
    try:
        from hyeoksin import pictures
    except MissingExtraError:
        return ""
    nodes = sorted(drift.nodes, key=lambda m: -m.after)
    low, high = wilson(np.array([m.after for m in nodes]), drift.tested_new)
    bars = [
        pictures.Bar(
            _named(plan, m.name),
            m.after,
            float(below),
            float(above),
            m.before,
            pictures.strategy_colour(plan, m.name),
        )
        for m, below, above in zip(nodes, low, high, strict=True)
    ]
    return pictures.svg(
        pictures.bars_with_intervals(
            bars, "항목별 몫 (막대: 뒤, 빈 표: 앞)", value_name="글의 몫", counted_name="앞 기간"
        )
    )


def _moved_table(name: str, rows: Sequence[tuple[str, Moved]]) -> str:
    return _table(
        (name, "앞", "뒤", "차이 (95% 구간)", "p"),
        [
            (
                title,
                f"{m.before:.1%}",
                f"{m.after:.1%}",
                f"{_points(m.difference)} ({_points(m.low)}, {_points(m.high)})",
                f"{m.p_value:.3f}",
            )
            for title, m in rows
        ],
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
