"""Where the shipped data stands: inside the installed wheel, or in the checkout beside the package."""

from __future__ import annotations

from pathlib import Path

from hyeoksin.errors import HyeoksinError

__all__ = ["resource"]

_CHECKOUT = {
    "plans": "corpus/plans",
    "crosswalk.csv": "corpus/crosswalk.csv",
    "agencies.yaml": "corpus/agencies.yaml",
    "regions.csv": "corpus/regions.csv",
    "dictionary.tsv": "corpus/dictionary.tsv",
    "model": "models/default",
    "morpheme": "models/morpheme",
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
