"""What an export writes: one entry per text, and its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hyeoksin.agency import load_agencies
from hyeoksin.domain import Document
from hyeoksin.plan import Plan
from hyeoksin.region import load_regions
from hyeoksin.sinks import STATUS, other_cells
from hyeoksin.tabular import CELL_LIMIT

__all__ = [
    "AUTOMATIC",
    "AUTOMATIC_OFF",
    "COLUMNS",
    "OFF",
    "OPEN",
    "OUTCOMES",
    "PUT_OFF",
    "REVISED",
    "SPLIT",
    "STRAY",
    "Column",
    "Entry",
    "Verdict",
    "cut",
    "home",
    "label",
]

OFF = "계획 밖"
OPEN = "미결"
STRAY = "계획에 없는 코드"
AUTOMATIC = "자동 확정"
AUTOMATIC_OFF = "자동 계획 밖"
PUT_OFF = "보류"
SPLIT = "갈림"
OUTCOMES = {
    "수용": "추천대로 사람이 정함",
    "변경": "다른 항목으로 사람이 정함",
    OFF: "어느 항목도 아니라고 사람이 정함",
    PUT_OFF: "사람이 보았으나 정하지 않음 (비고에 까닭)",
    AUTOMATIC: "검증에서 정밀도 기준을 지킨 추천, 사람은 보지 않음",
    AUTOMATIC_OFF: "검증에서 정밀도 기준을 지킨 '계획 밖' 추천, 사람은 보지 않음",
    SPLIT: "두 사람의 답이 달라 조정을 기다림",
    OPEN: "아직 정하지 않음",
}
REVISED = "번호가 같고 글이 다른 문서가 있습니다. 고친 글이면 하나만 남기세요."
_ACTIONS = {"accept": "수용", "pick": "변경", "none": OFF, "undecided": PUT_OFF}
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
)  # no XML file can hold them
_NOTE_ROOM = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's word that is in force; ``at`` is ISO (UTC), ``agency`` an id or a name."""

    action: Literal["accept", "pick", "none", "undecided"]
    code: str | None
    agency: str | None
    by: str
    at: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One text, its JSON record, and the verdict in force (None: nobody decided).

    ``people`` says where people are with it without a verdict: once one of them has said something else than the model
    might, the recommendation alone settles nothing. ``kind`` is what the text is (국민 제안), ``revised`` whether the
    same document stands there before or after a correction too.
    """

    document: Document
    record: Mapping[str, Any]
    verdict: Verdict | None = None
    group: str | None = None
    people: Literal["open", "half", "disputed"] = "open"
    kind: str = ""
    revised: bool = False

    @property
    def outcome(self) -> str:
        """One of :data:`OUTCOMES`."""
        if self.verdict is not None:
            return _ACTIONS[self.verdict.action]
        if self.people != "open":
            return SPLIT if self.people == "disputed" else OPEN
        return {"settled": AUTOMATIC, "off_plan": AUTOMATIC_OFF}.get(self.record["status"], OPEN)

    @property
    def code(self) -> str | None:
        """The node where the text now stands; None off the plan and where nothing is decided."""
        if self.verdict is not None:
            return self.verdict.code if self.verdict.action in ("accept", "pick") else None
        path = self.record["path"]
        return str(path[-1]["code"]) if path and self.outcome == AUTOMATIC else None

    @property
    def notes(self) -> list[str]:
        """What is to be known of the text, or of its answer."""
        return [*self.record.get("notes", ()), *([REVISED] if self.revised else [])]

    @property
    def lead(self) -> str:
        """The name of the lead agency: the officer's, else the recommended one; empty where there is none."""
        if self.verdict is not None and self.verdict.agency:
            return load_agencies().name_of(self.verdict.agency)
        return next((str(flag["name"]) for flag in self.record["agencies"] if flag["role"] == "lead"), "")


def label(plan: Plan, code: str | None) -> str:
    """Return ``3-2 현장중심 서비스 확대``; the bare code where the plan lacks it."""
    if code is None:
        return ""
    return f"{code} {plan[code].title}" if code in plan else code


def home(entry: Entry, plan: Plan) -> str:
    """Return the group that an entry is listed under: a root's code, :data:`OFF`, :data:`OPEN` or :data:`STRAY`."""
    if entry.code is not None:
        return plan.path(entry.code)[0].code if entry.code in plan else STRAY
    return OFF if entry.outcome in (OFF, AUTOMATIC_OFF) else OPEN


def cut(text: str, limit: int, source: str = "") -> str:
    """Return ``text`` without characters that no file can hold, cut to ``limit`` with a note where it is longer."""
    clean = _FORBIDDEN.sub(" ", text)
    if len(clean) <= limit:
        return clean
    where = f", 원문: {source[: _NOTE_ROOM // 2]}" if source else ""
    note = f" … (줄임: 모두 {len(clean):,}자{where})"
    return clean[: limit - len(note)] + note


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, its width in characters, how it is written, and the value."""

    name: str
    width: int
    kind: Literal["text", "long", "share", "code", "outcome"]
    value: Callable[[Entry, Plan], str | float]


def _text(entry: Entry, _plan: Plan) -> str:
    return cut(entry.document.text, CELL_LIMIT, entry.document.source)


def _region(entry: Entry, _plan: Plan) -> str:
    """Return the one place that a text is counted under, as the desk's queue and filter name it."""
    document = entry.document
    return load_regions().filed(document.region, document.body, entry.record.get("regions", ()))


def _step(level: int) -> Callable[[Entry, Plan], str]:
    def value(entry: Entry, plan: Plan) -> str:
        path = plan.path(entry.code) if entry.code is not None and entry.code in plan else ()
        return f"{path[level].code} {path[level].title}" if level < len(path) else ""

    return value


def _final(entry: Entry, _plan: Plan) -> str:
    return entry.code or (OFF if entry.outcome in (OFF, AUTOMATIC_OFF) else "")


def _recommended(entry: Entry, _plan: Plan) -> str:
    """Return where the recommendation ends: at a leaf, at a node above it where the leaf is unsure, or off the plan."""
    path = entry.record["path"]
    return str(path[-1]["code"]) if path else OFF


def _candidate(rank: int, field: Literal["name", "share"]) -> Callable[[Entry, Plan], str | float]:
    def value(entry: Entry, _plan: Plan) -> str | float:
        found = entry.record["candidates"]
        if rank >= len(found):
            return ""
        one = found[rank]
        return float(one["probability"]) if field == "share" else f"{one['code']} {one['title']}"

    return value


def _when(entry: Entry, _plan: Plan) -> str:
    """Return when it was decided, in local time to the minute, as the pages show it."""
    if entry.verdict is None:
        return ""
    return datetime.fromisoformat(entry.verdict.at).astimezone().strftime("%Y-%m-%d %H:%M")


def _said(field: Literal["by", "note"]) -> Callable[[Entry, Plan], str]:
    return lambda entry, _plan: str(getattr(entry.verdict, field)) if entry.verdict else ""


def _helpers(entry: Entry, _plan: Plan) -> str:
    role = {"support": "협조", "executing": "시행"}
    flags = [flag for flag in entry.record["agencies"] if flag["role"] in role]
    return ", ".join(f"{flag['name']}({role[flag['role']]})" for flag in flags)


def _reasons(entry: Entry, _plan: Plan) -> str:
    lead = next((flag for flag in entry.record["agencies"] if flag["role"] == "lead"), None)
    return "; ".join(lead["reasons"]) if lead else ""


def _clause(entry: Entry, _plan: Plan) -> str:
    clause = entry.record.get("clause")
    return f"{clause['code']} {clause['title']}" if clause else ""


def _others(entry: Entry, _plan: Plan) -> str:
    ends = ((plan, answer["path"]) for plan, answer in entry.record.get("others", {}).items())
    return "; ".join(f"{plan}: {path[-1]['code']} {path[-1]['title']}" for plan, path in ends if path)


COLUMNS = (
    Column("번호", 12, "text", lambda e, _: e.document.id),
    Column("제목", 38, "text", lambda e, _: e.document.title),
    Column("내용", 60, "long", _text),
    Column("지역", 16, "text", _region),
    Column("최종 분류", 10, "code", _final),
    Column("전략", 24, "text", _step(0)),
    Column("과제", 24, "text", _step(1)),
    Column("세부과제", 24, "text", _step(2)),
    Column("결정", 11, "outcome", lambda e, _: e.outcome),
    Column("주관기관", 16, "text", lambda e, _: e.lead),
    Column("비고", 24, "text", _said("note")),
    Column("결정자", 11, "text", _said("by")),
    Column("결정 시각", 20, "text", _when),
    Column("추천 판정", 11, "text", lambda e, _: STATUS[e.record["status"]]),
    Column("추천 코드", 10, "text", _recommended),
    Column("1순위 추천", 26, "text", _candidate(0, "name")),
    Column("1순위 확률", 9, "share", _candidate(0, "share")),
    Column("2순위 추천", 26, "text", _candidate(1, "name")),
    Column("2순위 확률", 9, "share", _candidate(1, "share")),
    Column("계획 밖 확률", 9, "share", lambda e, _: float(e.record["off_plan"])),
    Column("협조·시행 기관", 24, "text", _helpers),
    Column("기관 근거", 30, "text", _reasons),
    Column("근거", 30, "text", lambda e, _: ", ".join(span["text"] for span in e.record["evidence"])),
    Column("계획 조항", 30, "text", _clause),
    Column("다른 계획", 30, "text", _others),
    Column("중복 묶음", 12, "text", lambda e, _: e.group or ""),
    Column("출처", 24, "text", lambda e, _: e.document.source),
    Column("모델", 18, "text", lambda e, _: str(e.record["model"])),
    Column("날짜", 11, "text", lambda e, _: e.document.date or ""),
    Column("글의 종류", 14, "text", lambda e, _: e.kind),
    Column("알림", 30, "text", lambda e, _: "\n".join(e.notes)),
    Column("그 밖의 열", 40, "text", lambda e, _: other_cells(e.document)),
)
