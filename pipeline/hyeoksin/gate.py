"""The first gate: hashed character n-grams let what is clearly off-plan go before any morphological analysis.

A gate is one linear score per plan over the runs of two and three characters of the first ``limit`` characters. Its
weights are whole numbers, so a text's score is exact and the same in any company and on any machine. Two files in a
model folder hold the gates: ``gate.safetensors`` (weights) and ``gate.json`` (thresholds, what they were measured to
lose, and the SHA-256 of the weights).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from hyeoksin.domain import Document, Prediction, Score
from hyeoksin.errors import ModelError
from hyeoksin.ngrams import ngram_hashes
from hyeoksin.normalise import foreign, normalise
from hyeoksin.plan import Plan
from hyeoksin.region import load_regions

__all__ = ["BITS", "MARK", "NOTE", "SIZES", "Gate", "Mode", "columns", "load_gate", "readable", "save_gates"]

Mode = Literal["off", "safe", "fast"]
BITS = 18
SIZES = (2, 3)  # characters of a run
MARK = "1차 거르기만 읽음"  # how the note of every text that the gate settled begins
NOTE = f"{MARK}: 글자 조각만으로 계획 밖이 분명해 형태소 분석 없이 넘겼습니다. 다른 계획과 기관은 보지 않았습니다."
_FORMAT = "hyeoksin-gate/1"


@dataclass(frozen=True)
class Gate:
    """The gate of one plan.

    ``weights`` (2 ** ``BITS``,) are int16, in units of ``scale``; the score of a text is their sum over its n-grams by the
    square root of their number, plus ``bias``. ``slope`` and ``intercept`` make it a probability (Platt 1999).
    ``thresholds`` maps a mode to the score below which a text is let go; ``card`` says what that was measured to lose.
    """

    plan: str
    plan_sha256: str
    limit: int
    weights: NDArray[np.int16]
    scale: float
    bias: float
    slope: float
    intercept: float
    thresholds: Mapping[str, float]
    card: Mapping[str, Any]
    sha256: str = ""

    def scores(self, bodies: Sequence[str]) -> NDArray[np.float64]:
        """Return the (n texts,) scores: the higher, the more a text looks as if it belonged to the plan."""
        texts = [readable(body, self.limit) for body in bodies]
        total = np.zeros(len(texts), np.int64)
        count = np.zeros(len(texts), np.int64)
        for size in SIZES:
            hashes, offsets = ngram_hashes(texts, size)
            sums = np.concatenate([[0], np.cumsum(self.weights[columns(hashes)], dtype=np.int64)])
            total += sums[offsets[1:]] - sums[offsets[:-1]]
            count += np.diff(offsets)
        scores: NDArray[np.float64] = total * self.scale / np.sqrt(np.maximum(count, 1)) + self.bias
        return scores

    def dropped(self, bodies: Sequence[str], mode: Mode) -> dict[int, float]:
        """Return the places of the texts that ``mode`` lets go, and how likely each is off-plan."""
        if mode == "off" or not bodies:
            return {}
        scores = self.scores(bodies)
        off = 1.0 / (1.0 + np.exp(self.slope * scores + self.intercept))
        return {int(i): float(off[i]) for i in np.flatnonzero(scores < self.thresholds[mode])}

    def prediction(self, document: Document, plan: Plan, model: str, off_plan: float) -> Prediction:
        """Return the record of a text that was let go; the gate cannot tell the leaves apart, so they share the rest evenly."""
        off_plan, body = round(off_plan, 6), normalise(document.body[: self.limit])
        share = round((1.0 - off_plan) / len(plan.leaves), 8)
        return Prediction(
            document=document,
            plan=plan.id,
            status="off_plan",
            path=(),
            scores=tuple(Score(leaf.code, leaf.title, share) for leaf in plan.leaves),
            off_plan=off_plan,
            agencies=(),
            evidence=(),
            clause=None,
            rival=None,
            regions=load_regions().of(body, document.region),
            model=model,
            plan_sha=plan.sha256[:8],
            notes=(NOTE, *foreign(body)),
        )


def readable(body: str, limit: int) -> str:
    """Return what the gate reads of a text: its beginning, normalised, in lower case, white space squeezed and around it."""
    return f" {' '.join(normalise(body[:limit]).lower().split())} "


def columns(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the weights' places of n-gram hashes: their highest ``BITS`` bits."""
    return hashes >> np.uint32(32 - BITS)


def save_gates(gates: Sequence[Gate], folder: Path) -> None:
    """Write the gates beside the model; where there are none, those of another model that stood there go."""
    folder.mkdir(parents=True, exist_ok=True)
    weights, card = folder / "gate.safetensors", folder / "gate.json"
    if not gates:
        weights.unlink(missing_ok=True)
        card.unlink(missing_ok=True)
        return
    save_file({gate.plan: gate.weights for gate in gates}, weights)
    weights.chmod(0o644)  # safetensors writes for the owner alone
    plans = {
        gate.plan: {
            "plan_sha256": gate.plan_sha256,
            "limit": gate.limit,
            "scale": gate.scale,
            "bias": gate.bias,
            "slope": gate.slope,
            "intercept": gate.intercept,
            "thresholds": dict(gate.thresholds),
            "card": dict(gate.card),
        }
        for gate in gates
    }
    content = {"format": _FORMAT, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(), "plans": plans}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    card.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def load_gate(folder: Path, plan: Plan) -> Gate | None:
    """Return the model folder's gate for a plan; None where it has none for this version of the plan.

    Raises:
        ModelError: the gate's files are damaged or of an unknown format.
    """
    path = folder / "gate.json"
    if not path.is_file():
        return None
    try:
        raw = path.read_bytes()
        content = json.loads(raw)
        if content["format"] != _FORMAT:
            raise ModelError(f"{path}: 모르는 형식 '{content['format']}'. 이 판이 읽는 형식: {_FORMAT}.")
        entry = content["plans"].get(plan.id)
        if entry is None or entry["plan_sha256"] != plan.sha256:
            return None
        weights = folder / "gate.safetensors"
        if hashlib.sha256(weights.read_bytes()).hexdigest() != content["sha256"]:
            raise ModelError(f"{weights}: 지문(SHA-256)이 gate.json과 다릅니다. 모델을 다시 받으세요.")
        table = load_file(weights)[plan.id]
        if table.shape != (2**BITS,):
            raise ModelError(f"{weights}: 크기가 맞지 않습니다. 모델을 다시 받으세요.")
        return Gate(plan=plan.id, weights=table, sha256=hashlib.sha256(raw).hexdigest(), **entry)
    except (AttributeError, KeyError, OSError, TypeError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"{path}: 1차 거르기의 내용이 온전하지 않습니다 ({error}). 모델을 다시 받으세요."
        ) from error
