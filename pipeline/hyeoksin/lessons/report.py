"""How a new model compares with the one before: on past decisions, on frozen texts, in each class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.answers import answer
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.lessons.again import Again, answered
from hyeoksin.lessons.compare import Comparison, compare
from hyeoksin.lessons.decided import Decided
from hyeoksin.lessons.entrance import Judgement, Rules, judge
from hyeoksin.lessons.signals import rescored, signals_of
from hyeoksin.model import Model, PlanHead
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan
from hyeoksin.resources import resource
from hyeoksin.simulate.figures import Share, share

__all__ = ["Report", "Said", "frozen_texts", "report_of", "said_of"]

_CLASS = 10  # decided texts of a class below which it is not judged by itself


@dataclass(frozen=True)
class Report:
    """How a new model was made from ``base``, and how it compares with ``against``: what the model register keeps."""

    base: str
    against: str
    plan: str
    rounds: tuple[str, ...]
    n_lessons: int
    n_corrected: int
    past: Comparison
    frozen: Comparison
    classes: tuple[Comparison, ...]
    settled: Share
    judgement: Judgement

    def to_json(self) -> dict[str, Any]:
        """Return the report with Korean headlines first, as the model page shows it."""
        past, kappa = self.past, self.past.kappa_gain
        return {
            "판정": "받아들임" if self.judgement.accepted else "거절",
            "까닭": " ".join(self.judgement.failed or self.judgement.passed[:3]),
            "바탕 모델": self.base,
            "견준 모델": self.against,
            "계획": self.plan,
            "차수": ", ".join(self.rounds),
            "배운 결정": f"{self.n_lessons:,}건 (고친 것 {self.n_corrected:,}건)",
            "지난 결정": f"{past.old_right:,}/{past.n:,} -> {past.new_right:,}/{past.n:,}",
            "카파": "-"
            if kappa is None
            else f"{past.old_kappa:.3f} -> {past.new_kappa:.3f} ({kappa[0]:+.3f}, {kappa[1]:+.3f}~{kappa[2]:+.3f})",
            "figures": asdict(self),
        }


@dataclass(frozen=True)
class Said:
    """Answers to n texts: the end of the path, the best leaf (both ``NONE`` for off-plan), and the status."""

    ends: list[str]
    leaves: list[str]
    statuses: list[str]


def said_of(plan: Plan, head: PlanHead, leaves: NDArray[np.float64], off: NDArray[np.float64]) -> Said:
    """Return the answers that (n x leaves) and (n,) probabilities give with a head's thresholds."""
    answers = answer(plan, head, leaves, off)
    return Said(
        [a.path[-1].code if a.path else NONE for a in answers],
        [a.scores[0].code if a.path else NONE for a in answers],
        [a.status for a in answers],
    )


def frozen_texts(plan: str) -> list[tuple[Document, tuple[str, ...]]]:
    """Return the shipped test texts with their codes in one plan (all right; ``NONE`` outside it)."""
    found = []
    for line in resource("frozen.jsonl").read_text(encoding="utf-8").split("\n"):
        row: Mapping[str, Any] = json.loads(line) if line.strip() else {"labels": {}}
        if plan in row["labels"]:
            document = Document(id=row["id"], title=row["title"], text=row["text"])
            found.append((document, tuple(row["labels"][plan]) or (NONE,)))
    return found


def report_of(
    base: Model,
    old: Model,
    new: Model,
    plan: Plan,
    lessons: Sequence[Decided],
    fresh: Sequence[Decided],
    said: tuple[Said, Said],
    tokenizer: Tokenizer,
    again: Again | None,
    rounds: Sequence[str],
    rules: Rules,
) -> Report:
    """Compare and judge the new model, which was made from ``base`` by ``lessons``, and the old one.

    ``said`` are the answers to the ``fresh`` lessons, which the old model has not learnt from, by the old model and by new
    ones that had not seen them.
    """
    codes = [lesson.code for lesson in fresh]
    told = [(code,) for code in codes]
    past, rights = _compared("past", plan, told, said)
    before, settled = (_settled(plan, one, told) for one in said)
    frozen, classes = _frozen(old, new, plan, tokenizer, again), _classes(codes, rights)
    return Report(
        base=base.id,
        against=old.id,
        plan=plan.id,
        rounds=tuple(rounds),
        n_lessons=len(lessons),
        n_corrected=sum(lesson.corrected for lesson in lessons),
        past=past,
        frozen=frozen,
        classes=classes,
        settled=settled,
        judgement=judge(past, frozen, classes, (before, settled), rules),
    )


def _settled(plan: Plan, said: Said, told: Sequence[Sequence[str]]) -> Share:
    """Return how much of what stands without a person is as told."""
    stands = [i for i, status in enumerate(said.statuses) if status != "review"]
    return share(sum(_agree(plan, said.ends[i], told[i]) for i in stands), len(stands))


def _frozen(base: Model, new: Model, plan: Plan, tokenizer: Tokenizer, again: Again | None) -> Comparison:
    """Compare on the shipped texts; both models may have learnt them: it shows what is forgotten, not what is new."""
    texts = frozen_texts(plan.id)
    documents = [document for document, _ in texts]
    before = signals_of(base, plan.id, documents, tokenizer)[0]
    after = rescored(base, new, plan.id, before) or signals_of(new, plan.id, documents, tokenizer)[0]
    old, late = (
        said_of(plan, *answered(model, plan.id, signals, again))
        for model, signals in ((base, before), (new, after))
    )
    return _compared("frozen", plan, [codes for _, codes in texts], (old, late))[0]


def _agree(plan: Plan, said: str, codes: Sequence[str]) -> bool:
    """Return whether an answer stands above or below one of the codes on one path (``NONE`` agrees with itself)."""
    if said == NONE or NONE in codes:
        return said in codes
    above = {node.code for node in plan.path(said)}
    return any(code in above or said in {node.code for node in plan.path(code)} for code in codes)


def _compared(
    name: str, plan: Plan, told: Sequence[Sequence[str]], said: tuple[Said, Said]
) -> tuple[Comparison, list[tuple[bool, bool]]]:
    """Compare old and new best leaves with the told codes; a leaf below a told node counts as that node."""
    before, after = said
    rights = [
        (_agree(plan, old, codes), _agree(plan, new, codes))
        for old, new, codes in zip(before.leaves, after.leaves, told, strict=True)
    ]
    first = [codes[0] for codes in told]
    shown = [
        [code if right[k] else leaf for code, right, leaf in zip(first, rights, one.leaves, strict=True)]
        for k, one in enumerate(said)
    ]
    return compare(name, first, shown[0], shown[1], rights), rights


def _classes(codes: Sequence[str], rights: Sequence[tuple[bool, bool]]) -> tuple[Comparison, ...]:
    """Compare each decided class with enough texts by itself."""
    found = []
    for code in sorted(set(codes)):
        pairs = [right for right, told in zip(rights, codes, strict=True) if told == code]
        if len(pairs) >= _CLASS:
            same = [code] * len(pairs)
            found.append(compare(code, same, same, same, pairs, resample=False))
    return tuple(found)
