"""A model folder: safetensors and JSON only, every file's hash checked at loading; no code, no pickle.

::

    model.json            format, classes, thresholds, plan hashes, and the SHA-256 of weights and vocabulary
    weights.safetensors   idf and the weights of the heads (eight bits with a scale a feature; gates and network float16)
    vocabulary.txt        one feature name a line, line = column
    card.json             what it was trained on and how good it is; MODEL_CARD.md says it in prose
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from hyeoksin.encoders import LexicalEncoder
from hyeoksin.encoders.packed import packed, unpacked
from hyeoksin.errors import ModelError
from hyeoksin.model.heads import Head, PlanHead
from hyeoksin.model.net import Net

__all__ = ["FORMAT", "Model", "check_files", "check_folder", "load_model", "save_model", "sha256_of"]

FORMAT = "hyeoksin-model/4"
_WIDE = "hyeoksin-model/3"  # heads in float16; read as it is
_BEFORE = "hyeoksin-model/2"  # also without network and levels above the leaf
_NUMBERS = (
    "gate_bias", "gate_slope", "peak_slope", "gate_intercept", "settle", "settle_off", "net_leaf", "net_slope",
)  # fmt: skip
_FILES = ("weights.safetensors", "vocabulary.txt")


@dataclass(frozen=True)
class Model:
    """Everything that stands between text and probabilities.

    ``limit`` is the number of characters read of a text; ``router`` maps the agency router's signals to their weights;
    ``dense`` is the encoder that ``net`` reads, by its name (``lexical``: there is no network). ``base`` is the id of the model
    that this one came from by learning decisions, with which it shares all but some heads (empty: it came from none).
    """

    name: str
    limit: int
    encoder: LexicalEncoder
    plans: Mapping[str, PlanHead]
    agencies: Head
    router: Mapping[str, float]
    dense: str = "lexical"
    net: Net | None = None
    base: str = ""
    sha256: str = ""

    @property
    def id(self) -> str:
        """Name and hash, as it stands in every record."""
        return f"{self.name}@{self.sha256[:8]}"

    @property
    def root(self) -> str:
        """The id of the model below all that was learnt from decisions."""
        return self.base or self.id


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something, perhaps a model in use: a new model stands in a new one.

    Raises:
        ModelError: there is something in it, or it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder}: 폴더가 아니라 파일입니다. 새 폴더의 이름을 주세요 (--output).")
    if folder.exists() and any(folder.iterdir()):
        raise ModelError(f"{folder}: 비어 있지 않습니다. 다른 폴더를 주세요 (--output).")


def save_model(model: Model, folder: Path, card: Mapping[str, Any]) -> Model:
    """Write the folder and return the model as loading it would give it (weights rounded to eight or sixteen bits)."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, NDArray[Any]] = {"idf": model.encoder.idf.astype(np.float32)}
    for plan, head in model.plans.items():
        tensors |= packed(f"{plan}/leaf", head.leaf.weights, 8)
        tensors[f"{plan}/leaf_bias"] = head.leaf.bias.astype(np.float32)
        tensors[f"{plan}/gate"] = head.gate_weights.astype(np.float16)
    tensors |= packed("agencies", model.agencies.weights, 8)
    tensors["agencies_bias"] = model.agencies.bias.astype(np.float32)
    if model.net is not None:
        tensors |= _net_tensors(model.net)
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / "weights.safetensors")
    (folder / "weights.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    (folder / "vocabulary.txt").write_text(
        "\n".join(model.encoder.vocabulary), encoding="utf-8", newline="\n"
    )
    description = {
        "format": FORMAT,
        "name": model.name,
        "limit": model.limit,
        "dense": model.dense,
        "plans": {
            plan: {
                "sha256": head.sha256,
                "leaves": head.leaf.classes,
                "temperature": head.leaf.temperature,
                "gate_bias": head.gate_bias,
                "gate_slope": head.gate_slope,
                "peak_slope": head.peak_slope,
                "gate_intercept": head.gate_intercept,
                "settle": head.settle,
                "settle_off": head.settle_off,
                "settle_above": dict(head.settle_above),
                "net_leaf": head.net_leaf,
                "net_slope": head.net_slope,
            }
            for plan, head in model.plans.items()
        },
        "agencies": {"classes": model.agencies.classes, "temperature": model.agencies.temperature},
        "router": dict(model.router),
        "files": {name: sha256_of(folder / name) for name in _FILES},
    } | ({"base": model.base} if model.base else {})
    text = json.dumps(description, ensure_ascii=False, indent=1)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    (folder / "card.json").write_text(
        json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n"
    )
    return load_model(folder)


def load_model(folder: Path) -> Model:
    """Load a model folder.

    Raises:
        ModelError: no model, a format that this version does not know, or a file that is missing, damaged or changed.
    """
    try:
        raw = (folder / "model.json").read_bytes()
        description = json.loads(raw)
    except OSError as error:
        raise ModelError(f"{folder}: 모델 폴더가 아닙니다 (model.json 없음).") from error
    except ValueError as error:
        raise ModelError(f"{folder}/model.json: 깨졌습니다. 모델을 다시 받으세요.") from error
    if isinstance(description, dict) and description.get("format") == _BEFORE:
        description = _upgraded(description)
    if not isinstance(description, dict) or description.get("format") not in (FORMAT, _WIDE):
        found = description.get("format") if isinstance(description, dict) else None
        raise ModelError(f"{folder}: 모르는 모델 형식 '{found}'. 이 판이 읽는 형식: {FORMAT}.")
    try:
        check_files(folder, "model.json", _FILES, description["files"])
        return _build(folder, description, hashlib.sha256(raw).hexdigest())
    except OSError as error:
        raise ModelError(f"{folder}: 모델 파일이 빠졌습니다 ({error.filename}).") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder}: 모델의 내용이 온전하지 않습니다 ({error}).") from error


def _upgraded(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a model of the format before as one without a network."""
    added = {"net_leaf": 0.0, "net_slope": 0.0, "settle_above": {}}
    plans = {plan: {**added, **entry} for plan, entry in description.get("plans", {}).items()}
    return {**description, "format": _WIDE, "dense": "lexical", "plans": plans}


def _build(folder: Path, description: Mapping[str, Any], sha256: str) -> Model:
    tensors = unpacked(load_file(folder / "weights.safetensors"))
    vocabulary = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    beside = len(tensors["net/probe"]) // 2 if "net/probe" in tensors else 0
    for name in ("idf", *(f"{plan}/gate" for plan in description["plans"])):
        bare = name.endswith("/gate") and f"net/{name.removesuffix('/gate')}" not in tensors
        if tensors[name].shape != (len(vocabulary) + (beside if bare else 0),):
            raise ModelError(f"{folder}: '{name}' 의 크기가 어휘와 맞지 않습니다.")

    def head(name: str, classes: list[str], temperature: float) -> Head:
        weights = tensors[name]
        if weights.shape[1] != len(classes) or len(weights) > len(vocabulary) + beside:
            raise ModelError(f"{folder}: '{name}' 의 크기가 어휘·분류와 맞지 않습니다.")
        return Head(tuple(classes), weights, tensors[f"{name}_bias"], temperature)

    plans = {}
    for plan, entry in description["plans"].items():
        numbers: dict[str, Any] = {key: float(entry[key]) for key in _NUMBERS}
        plans[plan] = PlanHead(
            plan=plan,
            sha256=entry["sha256"],
            leaf=head(f"{plan}/leaf", entry["leaves"], entry["temperature"]),
            gate_weights=tensors[f"{plan}/gate"],
            settle_above={level: float(at) for level, at in entry["settle_above"].items()},
            **numbers,
        )
    return Model(
        name=description["name"],
        limit=int(description["limit"]),
        encoder=LexicalEncoder(vocabulary, tensors["idf"]),
        plans=plans,
        agencies=head("agencies", description["agencies"]["classes"], description["agencies"]["temperature"]),
        router=description["router"],
        dense=description["dense"],
        net=_net(tensors, description["plans"]) if description["dense"] != "lexical" else None,
        base=str(description.get("base", "")),
        sha256=sha256,
    )


def _net_tensors(net: Net) -> dict[str, NDArray[Any]]:
    tensors: dict[str, NDArray[Any]] = {
        "net/hidden": net.hidden.astype(np.float16),
        "net/hidden_bias": net.hidden_bias,
        "net/probe": net.probe,
    }
    for plan in net.outputs:
        tensors[f"net/{plan}"] = net.outputs[plan].astype(np.float16)
        tensors[f"net/{plan}_bias"] = net.biases[plan]
    return tensors


def _net(tensors: Mapping[str, NDArray[Any]], plans: Mapping[str, Any]) -> Net:
    """Build the network of the plans that have one; another's head reads the dense vectors beside the lexical row."""
    plans = {plan: entry for plan, entry in plans.items() if f"net/{plan}" in tensors}
    net = Net(
        hidden=tensors["net/hidden"],
        hidden_bias=tensors["net/hidden_bias"],
        outputs={plan: tensors[f"net/{plan}"] for plan in plans},
        biases={plan: tensors[f"net/{plan}_bias"] for plan in plans},
        probe=tensors["net/probe"],
    )
    for plan, entry in plans.items():
        if net.outputs[plan].shape != (len(net.hidden_bias), len(entry["leaves"]) + 1):
            raise ValueError(f"net/{plan}")
    return net


def check_files(folder: Path, listing: str, names: Sequence[str], hashes: Mapping[str, str]) -> None:
    """Refuse files whose hashes are not those that stand in the file ``listing``.

    Raises:
        ModelError: a file is damaged or changed.
    """
    for name in names:
        if sha256_of(folder / name) != hashes[name]:
            raise ModelError(f"{folder / name}: 지문(SHA-256)이 {listing}과 다릅니다. 모델을 다시 받으세요.")


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
