"""What a run is told, and what of it decides its bytes."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from hyeoksin import __version__
from hyeoksin.errors import InputError
from hyeoksin.gate import Gate, Mode, load_gate
from hyeoksin.model import load_model, load_second
from hyeoksin.plan import Plan, load_plan
from hyeoksin.readers import Columns
from hyeoksin.resources import resource, second_id

__all__ = ["Format", "Options", "Spec", "prepare"]

Format = Literal["parquet", "jsonl"]
_LIBRARIES = ("kiwipiepy", "kiwipiepy_model", "numpy", "scipy")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asks for; engine and its resources stand apart, since they never change a byte.

    ``careful``: texts that the model is in doubt of are read again. ``today``: the day (ISO) at which texts without a date are read; None: the day the run was first started.
    """

    inputs: tuple[Path, ...]
    output: Path
    plan: str = "2019"
    model: Path | None = None
    shard_size: int = 1_000
    restart: bool = False
    gate: Mode = "safe"
    format: Format = "parquet"
    duplicates: bool = True
    today: str | None = None
    columns: Columns = field(default_factory=Columns)
    careful: bool = False


@dataclass(frozen=True)
class Spec:
    """Everything that a worker needs to know to judge a shard; the same spec and shard give the same bytes.

    ``model`` is the model folder, None for the one in the worker's own installation; its hash is checked there, as is
    ``second_sha``, that of the second reading (empty: the model alone answers).
    """

    model: str | None
    model_id: str
    model_sha: str
    plan: Plan
    gate: Mode
    gate_sha: str
    format: Format
    today: str
    second_sha: str = ""
    threads: int = field(default=1, compare=False)

    def settings(self) -> dict[str, Any]:
        """Return all that decides the bytes of a shard, ready for JSON."""
        return {
            "model": self.model_id,
            "model_sha256": self.model_sha,
            "plan": self.plan.id,
            "plan_sha256": self.plan.sha256,
            "gate": self.gate,
            "gate_sha256": self.gate_sha,
            "format": self.format,
            "today": self.today,
            "hyeoksin": __version__,
            "libraries": _libraries(self.format),
        } | self._second()

    def _second(self) -> dict[str, str]:
        if not self.second_sha:
            return {}
        return {"second_sha256": self.second_sha, "sentencepiece": version("sentencepiece")}

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of :meth:`settings`."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()


def _libraries(form: Format) -> dict[str, str]:
    return {name: version(name) for name in (*_LIBRARIES, *(["pyarrow"] if form == "parquet" else []))}


def prepare(options: Options, known: Mapping[str, Any], threads: int) -> tuple[Spec, Gate | None]:
    """Return the spec of a run and the gate that it uses; ``known`` are the settings of the run in the folder, if any.

    Raises:
        InputError: the model has no gate for the plan, or no second reading.
    """
    folder = options.model or resource("model")
    model = load_model(folder)
    second = load_second(resource("second"), model.root) if options.careful else None
    if options.careful and second is None:
        raise InputError(
            "다시 읽기는 함께 설치된 모델과 그것이 결정에서 배운 모델에만 있습니다. "
            f"모델 {model.id} 는 --fast 로 실행하세요."
        )
    plan = load_plan(options.plan)
    gate = load_gate(folder, plan) if options.gate != "off" else None
    if options.gate == "fast" and gate is None:
        raise InputError(
            f"모델 {model.id} 에는 계획 {plan.id} 의 1차 거르기가 없습니다. --gate off 로 실행하세요."
        )
    spec = Spec(
        model=None if options.model is None else str(options.model.resolve()),
        model_id=model.id if second is None else second_id(model.id, second.sha256),
        model_sha=model.sha256,
        plan=plan,
        gate=options.gate if gate is not None else "off",
        gate_sha=gate.sha256 if gate is not None else "",
        format=options.format,
        today=options.today or known.get("today") or datetime.date.today().isoformat(),
        second_sha="" if second is None else second.sha256,
        threads=threads,
    )
    return spec, gate
