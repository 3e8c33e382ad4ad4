"""A second reading: where a model is in doubt whether a text belongs to a plan, or who leads, a transformer reads the text too.

A folder of safetensors and JSON, as a model is one::

    second.json           format, the model that it was weighed beside, what is doubtful, heads, SHA-256 of the other files
    weights.safetensors   the transformer (four and eight bits) and its heads
    pieces.model          its SentencePiece vocabulary
    held_out.safetensors  what both together said of labelled texts that neither had learnt

It speaks for the plans that it has a head for, and only beside the model that it was weighed with and those that learnt from
decisions on top of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from hyeoksin.encoders.packed import unpacked
from hyeoksin.encoders.transformer import Transformer
from hyeoksin.errors import ModelError
from hyeoksin.model.heads import PlanHead, off_log_odds, sigmoid, softmax
from hyeoksin.model.net import product
from hyeoksin.model.store import check_files, sha256_of
from hyeoksin.resources import second_id

__all__ = ["FORMAT", "LeadHead", "SecondHead", "SecondReading", "first_answers", "load_second", "save_second"]

FORMAT = "hyeoksin-second/2"
_FILES = ("weights.safetensors", "pieces.model")
_LEADS = "leads"  # the agencies' head among those of the plans
_SURE = 1e-6  # no answer of the model is taken for surer than that
Floats = NDArray[np.float64]
Answers = tuple[Floats, Floats]  # (n x leaves) probabilities and (n,) off-plan


@dataclass(frozen=True)
class SecondHead:
    """One plan's linear layer over the transformer's vectors, and how its answer counts beside the model's.

    ``weights`` is (dimension x (leaves + 1)), off-plan last. Among the leaves both log-probabilities count with ``leaf``;
    whether the text belongs to the plan, by a logistic function of both log-odds (``slopes``, ``intercept``). The
    thresholds stand for those of :class:`~hyeoksin.model.heads.PlanHead`.
    """

    sha256: str
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    leaf: tuple[float, float]
    slopes: tuple[float, float]
    intercept: float
    settle: float
    settle_off: float
    settle_above: Mapping[str, float]

    def log_probabilities(self, vectors: NDArray[np.float32]) -> Floats:
        """Return the (n x (leaves + 1)) log-probabilities of (n x dimension) vectors."""
        logits = (product(vectors, self.weights) + self.bias).astype(np.float64)
        found: Floats = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return found

    def join(self, first: Answers, second: Floats) -> Answers:
        """Return both answers as one; ``second`` are the (n x (leaves + 1)) log-probabilities."""
        among, belongs = first_answers(*first)
        logit = np.column_stack([belongs, off_log_odds(second)]) @ np.array(self.slopes) + self.intercept
        inside = sigmoid(logit)
        leaves = softmax(self.leaf[0] * among + self.leaf[1] * second[:, :-1])
        return leaves * inside[:, None], 1.0 - inside

    def rejoin(self, first: Answers, doubt: NDArray[np.bool_], vectors: NDArray[np.float32]) -> Answers:
        """Return the answers with those of the texts in ``doubt`` joined; ``vectors`` (doubtful x dimension) are theirs."""
        leaves, off = (values.copy() for values in first)
        leaves[doubt], off[doubt] = self.join((leaves[doubt], off[doubt]), self.log_probabilities(vectors))
        return leaves, off


def first_answers(leaves: Floats, off: Floats) -> tuple[Floats, Floats]:
    """Return the (n x leaves) log-probabilities among the leaves, and the (n,) log-odds of belonging to the plan."""
    inside = np.clip(1.0 - off, _SURE, 1.0 - _SURE)
    among = np.log(np.maximum(leaves, _SURE * inside[:, None]) / inside[:, None])
    return among, np.log(inside) - np.log1p(-inside)


@dataclass(frozen=True)
class LeadHead:
    """The agencies' linear layer over the transformer's vectors of texts without the names of agencies.

    ``weights`` is (dimension x classes), in the order of the model's classes. Where the model's likeliest agency has less than
    ``below``, the first ``n_pieces`` of the text are read, and both log-probabilities count, this one's with ``share``.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    share: float
    below: float
    n_pieces: int

    def join(self, first: Floats, vectors: NDArray[np.float32]) -> Floats:
        """Return the (n x classes) probabilities of both."""
        second = softmax((product(vectors, self.weights) + self.bias).astype(np.float64))
        logs = (1.0 - self.share) * np.log(first + _SURE) + self.share * np.log(second + _SURE)
        found: Floats = softmax(logs)
        return found


@dataclass(frozen=True)
class SecondReading:
    """The transformer and its heads: by plan, and of the agencies.

    ``beside`` is the id of the model that it was weighed with; ``doubt`` the off-plan probabilities of that model between
    which a text is read again.
    """

    beside: str
    doubt: tuple[float, float]
    transformer: Transformer
    plans: Mapping[str, SecondHead]
    leads: LeadHead
    sha256: str = ""

    @property
    def id(self) -> str:
        """The model that it was weighed with, and its own hash, as they stand in the records of both."""
        return second_id(self.beside, self.sha256)

    def doubtful(self, off: Floats) -> NDArray[np.bool_]:
        """Return which of the (n,) off-plan probabilities call for a second reading."""
        found: NDArray[np.bool_] = (off > self.doubt[0]) & (off < self.doubt[1])
        return found

    def reread(
        self, answers: Mapping[str, Answers], bodies: Sequence[str], workers: int = 1
    ) -> dict[str, Answers]:
        """Return the answers by plan, those of the doubtful texts joined with a second reading's.

        Args:
            answers: per plan the model's (n x leaves) and (n,) probabilities.
            bodies: the n normalised texts.
            workers: threads.
        """
        doubtful = {plan: self.doubtful(off) for plan, (_, off) in answers.items() if plan in self.plans}
        rows = np.flatnonzero(np.any([*doubtful.values(), np.zeros(len(bodies), bool)], axis=0))
        vectors = self.transformer.vectors([bodies[i] for i in rows.tolist()], workers)
        found = dict(answers)
        for plan, doubt in doubtful.items():
            found[plan] = self.plans[plan].rejoin(answers[plan], doubt, vectors[doubt[rows]])
        return found

    def reread_leads(self, first: Floats, bodies: Sequence[str], workers: int = 1) -> Floats:
        """Return the (n x classes) probabilities of who leads, those of the doubtful texts joined with a second reading's.

        Args:
            first: the model's.
            bodies: the n normalised texts without the names of agencies.
            workers: threads.
        """
        rows = np.flatnonzero(first.max(axis=1) < self.leads.below)
        vectors = self.transformer.vectors([bodies[i] for i in rows.tolist()], workers, self.leads.n_pieces)
        found = first.copy()
        found[rows] = self.leads.join(first[rows], vectors)
        return found

    def thresholds(self, plan: str, head: PlanHead) -> PlanHead:
        """Return the model's head of a plan with the thresholds of both readings together."""
        own = self.plans.get(plan)
        if own is None:
            return head
        if own.sha256 != head.sha256:
            raise ModelError(
                f"다시 읽기 {self.id} 는 계획 {plan} 의 다른 판으로 학습했습니다. hyeoksin을 다시 설치하세요."
            )
        return replace(
            head, settle=own.settle, settle_off=own.settle_off, settle_above=dict(own.settle_above)
        )


def save_second(
    reading: SecondReading, tensors: Mapping[str, NDArray[Any]], pieces: bytes, folder: Path
) -> SecondReading:
    """Write the folder, with the transformer's ``tensors`` as packed, and return the reading with its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    named: dict[str, SecondHead | LeadHead] = {**reading.plans, _LEADS: reading.leads}
    heads = {f"{name}/{what}": value for name, head in named.items() for what, value in
             (("weights", head.weights), ("bias", head.bias))}  # fmt: skip
    save_file(
        {name: np.ascontiguousarray(tensor) for name, tensor in {**tensors, **heads}.items()},
        folder / "weights.safetensors",
    )
    (folder / "weights.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    (folder / "pieces.model").write_bytes(pieces)
    transformer = reading.transformer
    description = {
        "format": FORMAT,
        "beside": reading.beside,
        "doubt": reading.doubt,
        "transformer": {
            "n_heads": transformer.n_heads,
            "n_pieces": transformer.n_pieces,
            "prefix": transformer.prefix,
        },
        "plans": {plan: _numbers(head) for plan, head in reading.plans.items()},
        "leads": _numbers(reading.leads),
        "files": {name: sha256_of(folder / name) for name in _FILES},
    }
    text = json.dumps(description, ensure_ascii=False, indent=1)
    (folder / "second.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return replace(reading, sha256=sha256_of(folder / "second.json"))


def _numbers(head: SecondHead | LeadHead) -> dict[str, Any]:
    return {k: v for k, v in asdict(head).items() if k not in ("weights", "bias")}


def load_second(folder: Path, root: str) -> SecondReading | None:
    """Load the folder; None where it was weighed beside another model than the one whose id is ``root``.

    Raises:
        ModelError: it is none, or a file is missing, damaged or changed.
    """
    try:
        raw = (folder / "second.json").read_bytes()
        description = json.loads(raw)
        if description["format"] != FORMAT:
            raise ModelError(f"{folder}: 모르는 형식 '{description['format']}'. 이 판이 읽는 형식: {FORMAT}.")
        if description["beside"] != root:
            return None
        check_files(folder, "second.json", _FILES, description["files"])
        return _build(folder, description, hashlib.sha256(raw).hexdigest())
    except OSError as error:
        raise ModelError(
            f"{folder}: 다시 읽기 폴더가 아니거나 파일이 빠졌습니다 ({error.filename})."
        ) from error
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder}: 다시 읽기의 내용이 온전하지 않습니다 ({error}).") from error


def _build(folder: Path, description: Mapping[str, Any], sha256: str) -> SecondReading:
    tensors = load_file(folder / "weights.safetensors")
    told: Mapping[str, Mapping[str, Any]] = description["plans"]
    heads = {
        plan: SecondHead(
            sha256=entry["sha256"],
            leaf=(entry["leaf"][0], entry["leaf"][1]),
            slopes=(entry["slopes"][0], entry["slopes"][1]),
            intercept=float(entry["intercept"]),
            settle=float(entry["settle"]),
            settle_off=float(entry["settle_off"]),
            settle_above=entry["settle_above"],
            weights=tensors.pop(f"{plan}/weights"),
            bias=tensors.pop(f"{plan}/bias"),
        )
        for plan, entry in told.items()
    }
    own = description["leads"]
    leads = LeadHead(
        tensors.pop(f"{_LEADS}/weights"),
        tensors.pop(f"{_LEADS}/bias"),
        share=float(own["share"]),
        below=float(own["below"]),
        n_pieces=int(own["n_pieces"]),
    )
    transformer = Transformer(
        unpacked(tensors), (folder / "pieces.model").read_bytes(), **description["transformer"]
    )
    low, high = description["doubt"]
    return SecondReading(description["beside"], (low, high), transformer, heads, leads, sha256)
