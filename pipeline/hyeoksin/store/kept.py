"""JSON as both engines keep it, and records that are such text before a transaction begins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from hyeoksin.store.schema import clean

__all__ = ["Ready", "as_json"]


class Ready(Mapping[str, Any]):
    """A JSON object that is text already: stored as it stands, and read only where more than its ``head`` is asked for."""

    def __init__(self, text: str, head: Mapping[str, Any]) -> None:
        self.text = text.rstrip("\n")
        self._head = head

    @cached_property
    def _whole(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    def __getitem__(self, name: str) -> Any:
        return self._head[name] if name in self._head else self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)


def as_json(value: Any) -> str:
    """Return a value as JSON that both engines keep."""
    if isinstance(value, Ready):
        return value.text
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
