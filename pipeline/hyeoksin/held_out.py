"""What cross-validation said of labelled texts, kept beside the model: the error structure that corrected counts need.

``held_out.safetensors`` holds per plan, without any text or id: ``PLAN/probabilities`` (n x (leaves + 1), off-plan last,
float16), ``PLAN/truth`` (n,) and ``PLAN/weight`` (n,), which makes the labelled texts stand for the pool that they were
chosen from. The metadata names the model, the plans' hashes and classes, and what the texts are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from hyeoksin.errors import ModelError

__all__ = ["FILE", "HeldOut", "load_held_out", "save_held_out"]

FILE = "held_out.safetensors"


@dataclass(frozen=True)
class HeldOut:
    """Held-out predictions of one plan: ``classes`` are the leaves' codes and NONE last; ``truth`` holds their positions.

    ``origin`` says in Korean which texts these are; ``sha256`` is the hash of the file that they came from.
    """

    plan: str
    plan_sha256: str
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    truth: NDArray[np.int_]
    weight: NDArray[np.float64]
    origin: str
    sha256: str = ""

    def __len__(self) -> int:
        return len(self.truth)

    def rows(self, index: NDArray[np.int_]) -> HeldOut:
        """Return the texts at ``index``."""
        return HeldOut(
            self.plan,
            self.plan_sha256,
            self.classes,
            self.probabilities[index],
            self.truth[index],
            self.weight[index],
            self.origin,
            self.sha256,
        )


def save_held_out(held: Sequence[HeldOut], model: str, folder: Path) -> Path:
    """Write the file beside the model whose id is ``model``."""
    tensors: dict[str, NDArray[Any]] = {}
    about = {}
    for one in held:
        tensors[f"{one.plan}/probabilities"] = one.probabilities.astype(np.float16)
        tensors[f"{one.plan}/truth"] = one.truth.astype(np.uint8)
        tensors[f"{one.plan}/weight"] = one.weight.astype(np.float32)
        about[one.plan] = {"sha256": one.plan_sha256, "classes": one.classes, "origin": one.origin}
    path = folder / FILE
    save_file(
        {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()},
        path,
        {"model": model, "plans": json.dumps(about, ensure_ascii=False)},
    )
    path.chmod(0o644)  # safetensors writes for the owner alone
    return path


def load_held_out(folder: Path, plan: str, plan_sha256: str, model: str) -> HeldOut | None:
    """Return the held-out predictions of a plan; None where the folder has none for it, or only another model's.

    Raises:
        ModelError: the file is damaged, or was made for another version of the plan.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            about = json.loads(metadata["plans"])
            if plan not in about or metadata["model"] != model:
                return None
            names = ("probabilities", "truth", "weight")
            probabilities, truth, weight = (file.get_tensor(f"{plan}/{name}") for name in names)
            entry = about[plan]
            if entry["sha256"] != plan_sha256:
                raise ModelError(
                    f"{path}: 교차검증 기록이 다른 판의 계획 {plan} 으로 만든 것입니다. hyeoksin train 으로 다시 만드세요."
                )
            classes = tuple(entry["classes"])
            if probabilities.shape != (len(truth), len(classes)) or weight.shape != truth.shape:
                raise ModelError(f"{path}: 크기가 맞지 않습니다. 모델을 다시 받으세요.")
            return HeldOut(
                plan,
                entry["sha256"],
                classes,
                probabilities.astype(np.float64),
                truth.astype(np.int_),
                weight.astype(np.float64),
                str(entry["origin"]),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
    except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
        raise ModelError(f"{path}: 깨졌습니다 ({error}). 모델을 다시 받으세요.") from error
