"""The replayed year as tables with Korean headers, and in one sentence."""

from __future__ import annotations

from hyeoksin.simulate.figures import Share
from hyeoksin.simulate.year import Year

__all__ = ["Cell", "Table", "summary", "tables"]

Cell = str | float | int | None
Table = tuple[str, tuple[str, ...], list[tuple[Cell, ...]]]  # title, header, rows


def summary(year: Year) -> str:
    """Return one Korean sentence: how many texts, and how often the model's answer was the decision."""
    right = year.right
    return (
        f"계획 {year.plan}, 모델 {year.model}: 결정된 글 {year.n:,}건 (계획 안 {year.n_in_plan:,}건). "
        f"모델의 답이 결정과 맞은 비율 {right.value:.1%} ({right.low:.1%}-{right.high:.1%})."
    )


def tables(year: Year) -> list[Table]:
    """Return the figures as tables with Korean headers; shares are 0..1."""
    return [_budgets(year), _thresholds(year), _groups(year), _nodes(year), _savings(year)]


def _shares(share: Share) -> tuple[Cell, ...]:
    return (share.value, share.low, share.high) if share.n else (None, None, None)


def _budgets(year: Year) -> Table:
    header = (
        "정밀도", "회차당 시간", "사람 없이 확정", "비율", "맞은 비율", "하한", "상한", "읽은 글", "남은 글", "끝까지 남은 오류", "온 차례대로 읽었을 때 오류",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            row.precision, row.hours, row.settled.n_right, row.settled.value, *_shares(row.right), row.n_read, row.n_left,
            row.errors_left, row.errors_by_arrival,
        )
        for row in year.budgets
    ]  # fmt: skip
    return "시간과 정밀도", header, rows


def _thresholds(year: Year) -> Table:
    header = ("문턱", "확정", "비율", "맞은 비율", "하한", "상한", "잘못 확정된 항목 (그 항목 글 가운데)")
    rows: list[tuple[Cell, ...]] = [
        (
            row.threshold,
            row.settled.n_right,
            row.settled.value,
            *_shares(row.right),
            ", ".join(f"{code} {lost.value:.1%} ({lost.n_right}/{lost.n})" for code, lost in row.suffering),
        )
        for row in year.thresholds
    ]
    return "한 문턱으로 자르면", header, rows


def _groups(year: Year) -> Table:
    header = ("정밀도", "회차당 시간", "묶음", "이름", "확정", "맞은 비율", "하한", "상한", "약속")
    names = {"region": "지역", "kind": "유형"}
    rows: list[tuple[Cell, ...]] = [
        (
            row.precision, row.hours, names[group.by], group.name or "(모름)", group.settled.n, *_shares(group.settled),
            "지킴" if group.kept else "어김",
        )
        for row in year.budgets
        for group in row.groups
    ]  # fmt: skip
    return "지역과 유형", header, rows


def _nodes(year: Year) -> Table:
    header = (
        "항목",
        "이름",
        "글",
        "찾은 비율",
        "하한",
        "상한",
        "그렇게 답한 글",
        "맞은 비율",
        "하한 ",
        "상한 ",
    )
    rows: list[tuple[Cell, ...]] = [
        (row.code, row.title, row.n, *_shares(row.found), row.right.n, *_shares(row.right))
        for row in year.nodes
    ]
    return "항목별", header, rows


def _savings(year: Year) -> Table:
    header = ("찾을 것", "있는 글", "전체", "읽을 글", "읽기 절감(WSS@95)", "하한", "상한")
    names = {"in_plan": "계획 안의 글", "errors": "모델이 틀린 글"}
    rows: list[tuple[Cell, ...]] = [
        (names.get(s.target, s.target), s.n_found, s.n, s.n_read, s.saved, s.low, s.high)
        for s in year.savings
    ]
    return "재현율 95%까지 읽기", header, rows
