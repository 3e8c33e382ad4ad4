"""The audit as data: everything that a report shows, frozen, and the same again after JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from hyeoksin.errors import InputError
from hyeoksin.privacy import masked_words

__all__ = [
    "CUTS",
    "FORMAT",
    "STEADY",
    "Agreement",
    "Audit",
    "ClassQuality",
    "Cut",
    "CutName",
    "Estimate",
    "Finding",
    "FindingKind",
    "Interval",
    "Manifest",
    "MethodNote",
    "NodeRow",
    "Period",
    "PlanNode",
    "SampleResult",
    "Sureness",
    "TextRow",
    "Topic",
    "Word",
]

FORMAT = "hyeoksin-audit/2"
STEADY = 0.5  # stability below which a cluster dissolves in resamples (Hennig 2007)
CutName = Literal["all", "region", "district", "year", "agency", "kind", "period"]
CUTS: dict[CutName, str] = {
    "all": "전체",
    "region": "시도",
    "district": "시군구",
    "year": "연도",
    "agency": "주관기관(추천)",
    "kind": "자료 종류",
    "period": "기간",
}
FindingKind = Literal[
    "empty",
    "crowded",
    "concentrated",
    "lacking",
    "trend",
    "second_choice",
    "confused",
    "lonely_parent",
    "lead_mismatch",
]
Sureness = Literal["strong", "likely", "weak"]  # 뚜렷함, 그럴 만함, 약함


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """Return it multiplied, to six digits."""
        return Interval(*(round(factor * end, 6) for end in (self.value, self.low, self.high)))


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node of the plan above programme level; ``leads`` are the printed lead agencies' names."""

    code: str
    title: str
    level: str
    parent: str | None
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to divide the texts: ``values`` in the order in which to show them, with their numbers of texts.

    ``without`` counts the texts that have no value (no date, no region); they stand in no row of the cut. ``gathered`` counts the
    values with few texts that stand as one, the last; 0 where all stand for themselves.
    """

    name: CutName
    title: str
    values: tuple[str, ...]
    texts: tuple[int, ...]
    without: int = 0
    gathered: int = 0

    @property
    def n_values(self) -> int:
        """How many values there are, the gathered ones counted each."""
        return len(self.values) - bool(self.gathered) + self.gathered


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node in one cell of a cut (``cut`` "all" with value "" is everything).

    ``texts``: texts of the cell. ``counted``: those whose answer is the node or lies below it. ``settled``: of these, those
    that stand without a person at this level or below. ``share`` = counted / texts. ``estimate`` is the true share, corrected for the
    classifier's errors, with its 95 % interval; None where it cannot be had (see ``Audit.notes``).
    """

    cut: CutName
    value: str
    code: str
    title: str
    level: str
    texts: int
    counted: int
    settled: int
    share: float
    estimate: Interval | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Another way to estimate the share of a node over all texts, for the method page."""

    code: str
    method: str
    share: Interval


@dataclass(frozen=True, slots=True)
class Period:
    """One node in one month, quarter or year (``period``: 2024-03, 2024-Q1 or 2024), for time lines."""

    code: str
    period: str
    texts: int
    counted: int
    share: float
    estimate: Interval | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an evaluator should look at.

    ``statement`` is one Korean sentence. ``p_value`` is adjusted for all findings of its kind that were tried (None where no test was
    made); ``effect`` is what was measured, ``effect_name`` says what it is. Of a topic, ``codes`` holds "주제" and its number. ``texts`` are rows (:attr:`TextRow.row`), the most telling first.
    """

    kind: FindingKind
    codes: tuple[str, ...]
    statement: str
    sureness: Sureness
    why_sure: str
    cut: CutName = "all"
    value: str = ""
    effect_name: str = ""
    effect: Interval | None = None
    p_value: float | None = None
    n_texts: int = 0
    texts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A morpheme that tells a topic from the others, and its weight."""

    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Topic:
    """A theme that the plan has no home for.

    ``stability`` is the mean Jaccard similarity of the cluster to its best match over resamples (Hennig 2007). ``spread`` counts its texts by
    the values of each cut. ``nearest`` is the leaf that its texts come nearest to, with their mean probability. ``n_texts`` and ``share`` are of
    the ``n_seen`` texts that were looked at, drawn from ``n_all`` off-plan and weakly placed ones. ``texts`` are rows.
    """

    number: int
    name: str
    statement: str
    words: tuple[Word, ...]
    n_texts: int
    share: float
    stability: float
    nearest: str | None
    nearest_probability: float
    n_seen: int
    n_all: int
    spread: Mapping[str, Mapping[str, int]]
    texts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text that a finding or topic names: ``row`` is its place in the input (ids may repeat).

    Personal data is masked. ``excerpt`` is its beginning (empty where the input holds no texts), masked before it is cut:
    a number that is cut in two is no longer known as one.
    """

    row: int
    id: str
    source: str
    title: str
    excerpt: str
    code: str
    probability: float
    off_plan: float
    region: str | None
    year: str | None
    agency: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two coders on the same texts.

    ``kappa`` is None where it is undefined (one code only), its 95 % interval where a bootstrap has nothing to shake.
    """

    n_texts: int
    agreed: Interval
    kappa: float | None
    kappa_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """How good the classifier's answer for a leaf (or NONE) is, weighted by stratum; ``coded``: texts of the sample said or coded so."""

    code: str
    title: str
    coded: int
    precision: Interval | None
    recall: Interval | None


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What a coded audit sample says."""

    source: str
    sha256: str
    n_drawn: int
    n_coded: int
    margin: float
    agreement: Agreement | None
    accuracy: Interval
    classes: tuple[ClassQuality, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodNote:
    """A paragraph of the method page."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What makes the audit reproducible: no time stamps, so the same input gives the same bytes."""

    inputs: tuple[Mapping[str, Any], ...]  # name, bytes, sha256, rows
    plan: str
    plan_sha256: str
    model: str
    by: tuple[CutName, ...]
    seed: int
    versions: Mapping[str, str]
    errors_from: str  # what the correction was measured on
    errors_sha256: str


@dataclass(frozen=True, slots=True)
class Audit:
    """A coverage audit of classified texts against one plan; ``failed`` are the rows of raw texts that could not be read.

    ``topics_unsought`` says why no topics were sought, where that is so.
    """

    manifest: Manifest
    plan_title: str
    plan_year: int
    nodes: tuple[PlanNode, ...]
    n_texts: int
    n_settled: int
    n_review: int
    n_off_plan: int
    cuts: tuple[Cut, ...]
    rows: tuple[NodeRow, ...]
    periods: tuple[Period, ...]
    findings: tuple[Finding, ...]
    topics: tuple[Topic, ...]
    texts: tuple[TextRow, ...]
    method: str  # of NodeRow.estimate
    estimates: tuple[Estimate, ...]
    methods: tuple[MethodNote, ...]
    sample: SampleResult | None = None
    notes: tuple[str, ...] = ()
    failed: tuple[Mapping[str, Any], ...] = ()
    topics_unsought: str = ""
    format: str = field(default=FORMAT)

    def cells(self, cut: CutName = "all", value: str = "") -> tuple[NodeRow, ...]:
        """Return the rows of one cell, in the order of the plan, off-plan last."""
        return tuple(row for row in self.rows if row.cut == cut and row.value == value)

    def to_json(self) -> str:
        """Return the audit as JSON, with personal data masked; the same audit gives the same characters."""
        shown = replace(self, failed=tuple(map(masked_words, self.failed)))
        return _adapter().dump_json(shown, indent=1).decode() + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Audit:
        """Return the audit that ``to_json`` wrote.

        Raises:
            InputError: it is no audit, or one of another version.
        """
        try:
            audit = _adapter().validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "처음"
            raise InputError(
                f"감사 결과(JSON)로 읽을 수 없습니다 ({place}: {first['msg']}). hyeoksin audit 으로 다시 만드세요."
            ) from error
        if audit.format != FORMAT:
            raise InputError(
                f"모르는 감사 결과 형식 '{audit.format}'. 이 판이 읽는 형식: {FORMAT}. hyeoksin audit 으로 다시 만드세요."
            )
        return audit


@cache
def _adapter() -> TypeAdapter[Audit]:
    return TypeAdapter(Audit)
