"""What a worker does with a shard: the gate for what is clearly off-plan, the classifier for the rest."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from hyeoksin import __version__
from hyeoksin.batch.settings import Spec
from hyeoksin.batch.shards import Done, Shard
from hyeoksin.classifier import Classifier, load_classifier
from hyeoksin.domain import Document, Prediction, Span
from hyeoksin.duplicates import Entry, answer_key
from hyeoksin.errors import ModelError
from hyeoksin.gate import Gate, Mode, load_gate
from hyeoksin.resources import resource
from hyeoksin.sinks import json_line, parquet_bytes

__all__ = ["judge", "predict"]


@dataclass(frozen=True, slots=True)
class _Loaded:
    spec: Spec
    classifier: Classifier
    gate: Gate | None


_here: _Loaded | None = None  # the model is loaded once per worker process
_lock = Lock()


def judge(spec: Spec, shard: Shard) -> Done:
    """Return the records of a shard, in the order of its entries.

    Raises:
        ModelError: this worker's installation holds another model or another version of the package.
    """
    with _lock:  # a worker with several threads would call one Kiwi from all of them
        loaded = _load(spec)
        gated: set[int] = set()
        predictions = list(predict(loaded.classifier, shard.entries, loaded.gate, spec.gate, gated))
    counts = Counter[str](p.status for p in predictions)
    if gated:
        counts["off_plan"] -= len(gated)
        counts["off_plan_by_gate"] = len(gated)
    if spec.format == "parquet":
        raw = parquet_bytes(predictions)
    else:
        raw = "".join(json_line(p) + "\n" for p in predictions).encode()
    return Done(shard.number, raw, {name: counts[name] for name in sorted(counts) if counts[name]})


def predict(
    classifier: Classifier,
    entries: Sequence[Entry],
    gate: Gate | None = None,
    mode: Mode = "off",
    gated: set[int] | None = None,
) -> Iterator[Prediction]:
    """Yield one prediction per entry; equal texts are judged once. ``gated`` receives the places that the gate settled."""
    texts: dict[tuple[str, str, str | None, str | None], Document] = {}
    for entry in entries:
        texts.setdefault(answer_key(entry.judged), entry.judged)
    dropped = gate.dropped([d.body for d in texts.values()], mode) if gate is not None else {}
    rest = [document for i, document in enumerate(texts.values()) if i not in dropped]
    answers = {answer_key(p.document): p for p in classifier.classify(rest)}
    places = {key: i for i, key in enumerate(texts)}
    for position, entry in enumerate(entries):
        judged = entry.judged
        answer = answers.get(answer_key(judged))
        if answer is None and gate is not None:
            if gated is not None:
                gated.add(position)
            answer = gate.prediction(
                judged, classifier.plan, classifier.id, dropped[places[answer_key(judged)]]
            )
        if answer is None:  # pragma: no cover - the classifier answers every document
            raise ModelError(f"{judged.source}: 판정이 없습니다.")
        yield _copied(answer, entry)


def _copied(answer: Prediction, entry: Entry) -> Prediction:
    """Return the answer for the entry's own document, with evidence that stands in its own text."""
    own = replace(answer, document=entry.document, duplicate_group=entry.group)
    if entry.copied is None:
        return own
    moved = _moved(answer.evidence, entry.document.body)
    return replace(own, evidence=moved, notes=(*answer.notes, entry.copied))


def _moved(evidence: Sequence[Span], body: str) -> tuple[Span, ...]:
    """Return the spans whose words also stand in ``body``, at their places there."""
    return tuple(
        replace(span, start=at, end=at + len(span.text))
        for span in evidence
        if (at := body.find(span.text)) >= 0
    )


def _load(spec: Spec) -> _Loaded:
    global _here
    if _here is None or _here.spec != spec:
        _here = None  # two models at once would take twice the memory
        folder = Path(spec.model) if spec.model is not None else resource("model")
        careful = bool(spec.second_sha)
        classifier = load_classifier(folder, spec.plan, spec.threads, today=spec.today, careful=careful)
        second = "" if classifier.second is None else classifier.second.sha256
        here = (__version__, classifier.model.sha256, second)
        there = (spec.settings()["hyeoksin"], spec.model_sha, spec.second_sha)
        if here != there:
            raise ModelError(
                f"작업 컴퓨터의 hyeoksin·모델({here})이 이 실행의 것({there})과 다릅니다. 같은 판을 설치하세요."
            )
        gate = load_gate(folder, spec.plan) if spec.gate != "off" else None
        _here = _Loaded(spec, classifier, gate)
        gc.freeze()  # what is loaded stays: garbage collection need not walk through it again and again
    return _here
