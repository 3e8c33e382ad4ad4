"""The process that parses: JSON requests on standard input, JSON answers on standard output."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from hyeoksin.causes import cause
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError
from hyeoksin.readers import READERS
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.notes import log

__all__ = ["main"]


class _Notes(logging.Handler):
    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        _say(self._out, {"note": record.getMessage()})


def _say(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")


def main() -> None:
    """Answer requests until the input ends; an error that nobody foresaw ends the process, and the other side says so."""
    _limit_memory(int(sys.argv[1]))
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # a library that prints must not speak into the answers
    log.setLevel(logging.INFO)
    log.addHandler(_Notes(out))
    for line in sys.stdin.buffer:
        _say(out, _answer(json.loads(line), out))
        out.flush()


def _answer(request: dict[str, Any], out: TextIO) -> dict[str, Any]:
    """Say what the reader yields, and return the last message."""
    path = Path(request["path"])
    try:
        for item in READERS[request["kind"]](path, Columns(**request["columns"])):
            if isinstance(item, Document):
                _say(out, {"document": asdict(item)})
            else:
                _say(out, {"row_error": [item.source, item.reason]})
    except MissingExtraError as error:
        return {"missing": [error.library, error.extra]}
    except InputError as error:
        return {"input_error": str(error)}
    except OSError as error:
        return {"input_error": f"{path.name}: 열 수 없습니다 ({cause(error)})."}
    except (MemoryError, RecursionError):
        return {"input_error": f"{path.name}: 파일이 너무 크거나 복잡해 읽지 못했습니다. 나누어 저장하세요."}
    return {"end": True}


def _limit_memory(n_bytes: int) -> None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit; time stays limited
        return
    resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))


if __name__ == "__main__":
    main()
