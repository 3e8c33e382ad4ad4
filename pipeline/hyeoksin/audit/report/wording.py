"""The report's words: numbers as an officer reads them, and the summary in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hyeoksin.audit.result import Audit, Finding, FindingKind, Interval, NodeRow, Topic
from hyeoksin.codes import NONE
from hyeoksin.pictures import percent

__all__ = [
    "KINDS",
    "SURENESS",
    "by_kind",
    "count",
    "interval",
    "leaf_codes",
    "looked_at",
    "share_of",
    "summary",
]

KINDS: dict[FindingKind, tuple[str, str]] = {
    "empty": ("비어 있는 항목", "글이 없거나 거의 없습니다."),
    "crowded": ("몰린 항목", "다른 항목보다 글이 크게 많습니다."),
    "concentrated": ("한쪽에 몰린 항목·주제", "어느 지역이나 자료에 글이 기대보다 크게 많습니다."),
    "lacking": ("한쪽에 드문 항목·주제", "어느 지역이나 자료에 글이 기대보다 크게 적습니다."),
    "trend": ("흐름의 변화", "시기에 따라 비중이 달라졌습니다."),
    "second_choice": ("늘 둘째인 항목", "다른 항목 다음의 후보로만 나옵니다."),
    "confused": ("서로 헷갈리는 항목", "같은 글을 두고 두 항목이 다툽니다. 경계를 다시 쓰는 것이 좋습니다."),
    "lonely_parent": (
        "하위 항목에 안기지 못한 글",
        "윗단계에는 들지만 어느 하위 항목인지 정해지지 않습니다.",
    ),
    "lead_mismatch": ("주관기관의 차이", "계획에 적힌 주관기관과 글에서 보이는 기관이 다릅니다."),
}
SURENESS = {"strong": "뚜렷함", "likely": "그럴 만함", "weak": "약함"}
_FEW = 3


def count(number: float) -> str:
    """Return a number of texts: ``16,152``."""
    return f"{number:,.0f}"


def interval(found: Interval | None) -> str:
    """Return the ends of an interval of shares: ``10.1%-14.9%``, or nothing."""
    return "" if found is None else f"{percent(found.low)}-{percent(found.high)}"


def share_of(row: NodeRow) -> tuple[float, float | None, float | None]:
    """Return the share to show with its ends: corrected where it can be had, else as counted, without ends."""
    if row.estimate is None:
        return row.share, None, None
    return row.estimate.value, row.estimate.low, row.estimate.high


def leaf_codes(audit: Audit) -> set[str]:
    """Return the codes that texts are classified into."""
    return {node.code for node in audit.nodes} - {
        node.parent for node in audit.nodes if node.parent is not None
    }


def _told(row: NodeRow) -> str:
    value, low, high = share_of(row)
    return (
        percent(value) if low is None or high is None else f"{percent(value)}({percent(low)}-{percent(high)})"
    )


def _name(row: NodeRow) -> str:
    return f"{row.code} {row.title}"


def summary(audit: Audit) -> list[str]:
    """Return the report's first sentences; every number in them stands in a table too."""
    rows = {row.code: row for row in audit.cells()}
    said = [
        f"글 {count(audit.n_texts)}건을 {audit.plan_title}에 비추어 보았습니다. 사람이 보지 않아도 될 만큼 확실한 것은 "
        f"계획 안 {count(audit.n_settled)}건, 계획 밖 {count(audit.n_off_plan)}건이고, {count(audit.n_review)}건은 사람의 "
        "확인이 필요합니다."
    ]
    if NONE in rows:
        said.append(_inside(rows[NONE], audit.n_texts))
    leaves = [row for row in audit.cells() if row.code in leaf_codes(audit)]
    ranked = sorted(leaves, key=lambda row: -share_of(row)[0])
    if ranked:
        most = ", ".join(f"{_name(row)} {_told(row)}" for row in ranked[:_FEW])
        least = ", ".join(f"{_name(row)} {_told(row)}" for row in reversed(ranked[-_FEW:]))
        said += [f"가장 많이 다룬 항목: {most}.", f"가장 적게 다룬 항목: {least}."]
    said += _findings(audit)
    said.append(_topics(audit))
    return said


def _inside(none: NodeRow, n_texts: int) -> str:
    value, low, high = share_of(none)
    if low is None or high is None:
        return (
            f"단순히 세면 {percent(1 - none.share)}인 {count(n_texts - none.counted)}건이 계획 안의 일입니다. 분류기의 오류를 바로잡지 "
            "않은 숫자이므로 크기만 어림하는 데 쓰세요."
        )
    return (
        f"이 가운데 계획 안의 일은 {percent(1 - value)}, 약 {count((1 - value) * n_texts)}건으로 추정합니다"
        f"(95% 구간 {percent(1 - high)}-{percent(1 - low)}). 분류기의 답을 그대로 세면 {percent(1 - none.share)}입니다."
    )


def by_kind(audit: Audit) -> list[tuple[FindingKind, list[Finding]]]:
    """Return the kinds of findings that there are, each with its findings, the surest first."""
    order = list(SURENESS)
    kinds = {kind: [f for f in audit.findings if f.kind == kind] for kind in KINDS}
    return [(k, sorted(found, key=lambda f: order.index(f.sureness))) for k, found in kinds.items() if found]


def _findings(audit: Audit) -> list[str]:
    if not audit.findings:
        return ["눈에 띄는 치우침이나 빈 곳은 찾지 못했습니다."]
    tally: Counter[str] = Counter(finding.sureness for finding in audit.findings)
    levels = ", ".join(f"{name} {tally[key]}건" for key, name in SURENESS.items() if tally[key])
    kinds = Counter(KINDS[finding.kind][0] for finding in audit.findings)
    said = [f"살펴볼 것 {len(audit.findings)}건을 찾았습니다({levels}): {_listed(kinds)}."]
    first = [found[0].statement for _, found in by_kind(audit) if found[0].sureness == "strong"][:_FEW]
    return [*said, f"뚜렷한 것부터: {' '.join(first)}"] if first else said


def _topics(audit: Audit) -> str:
    if audit.topics_unsought:
        return f"계획에 자리가 없는 주제는 살펴보지 않았습니다. {audit.topics_unsought}"
    if not audit.topics:
        return "계획에 자리가 없는 주제의 묶음은 찾지 못했습니다."
    largest = sorted(audit.topics, key=lambda topic: -topic.n_texts)[:_FEW]
    names = ", ".join(f"{topic.name}({count(topic.n_texts)}건)" for topic in largest)
    return f"{looked_at(audit.topics)} 계획에 자리가 없는 주제 {len(audit.topics)}개를 찾았습니다. 큰 것: {names}."


def looked_at(topics: Sequence[Topic]) -> str:
    """Say of which texts the counts of topics are: a sample, not the archive."""
    return f"살펴본 {count(topics[0].n_seen)}건(모두 {count(topics[0].n_all)}건) 가운데" if topics else ""


def _listed(kinds: Counter[str]) -> str:
    return ", ".join(f"{name} {n}건" for name, n in kinds.most_common())


def note_on_cut(values: Sequence[str], shown: Sequence[str], least: int) -> str:
    """Say which values of a cut a picture leaves out."""
    left = len(values) - len(shown)
    if not left:
        return ""
    return f" 글이 {least}건보다 적거나 수가 많아 그리지 않은 {left}곳은 표와 엑셀에 있습니다."
