"""Where the shipped data stands (in the installed wheel, or in the checkout), and which model a folder holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from hyeoksin.errors import HyeoksinError, ModelError

__all__ = ["answering_id", "model_id", "resource", "second_id"]

_CHECKOUT = {
    "plans": "corpus/plans",
    "crosswalk.csv": "corpus/crosswalk.csv",
    "agencies.yaml": "corpus/agencies.yaml",
    "regions.csv": "corpus/regions.csv",
    "dictionary.tsv": "corpus/dictionary.tsv",
    "model": "models/default",
    "morpheme": "models/morpheme",
    "second": "models/second",
    "frozen.jsonl": "corpus/frozen.jsonl",
}


def resource(name: str) -> Path:
    """Return the path of a shipped resource (one of the names of ``_CHECKOUT``).

    Raises:
        HyeoksinError: the installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    for path in (here / "_data" / name, here.parents[1] / _CHECKOUT[name]):
        if path.exists():
            return path
    raise HyeoksinError(f"설치가 온전하지 않습니다: '{name}' 이 없습니다. hyeoksin을 다시 설치하세요.")


def model_id(folder: Path) -> str:
    """Return the model's name and hash, as they stand in every record; no weights are read.

    Raises:
        ModelError: the folder holds no model.
    """
    return _ids(folder)[0]


def answering_id(folder: Path) -> str:
    """Return what stands as the model in the records of a model folder: with the second reading's hash where that reads beside it.

    Raises:
        ModelError: the folder holds no model.
    """
    model, root = _ids(folder)
    raw = (resource("second") / "second.json").read_bytes()
    beside = json.loads(raw)["beside"] == root
    return second_id(model, hashlib.sha256(raw).hexdigest()) if beside else model


def _ids(folder: Path) -> tuple[str, str]:
    """Return the ids of the model in a folder and of the one that it came from by learning decisions (or its own)."""
    try:
        raw = (folder / "model.json").read_bytes()
        description = json.loads(raw)
        own = f"{description['name']}@{hashlib.sha256(raw).hexdigest()[:8]}"
        return own, description.get("base") or own
    except (AttributeError, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: 모델 폴더가 아닙니다. model.json 이 있는 폴더를 주세요.") from error


def second_id(model: str, sha256: str) -> str:
    """Return the model of records that were read twice: the model's id, and the hash of the second reading beside it."""
    return f"{model}+second@{sha256[:8]}"
