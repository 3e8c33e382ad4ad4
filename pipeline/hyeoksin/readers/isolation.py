"""Parsers of foreign formats run in a process of their own: what they crash, fill or hang is that process alone.

The two sides speak JSON lines: nothing is unpickled.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers import limits
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.notes import log

__all__ = ["read_isolated"]


class _Worker:
    """A process that parses one file after another."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hyeoksin.readers.worker", str(limits.WORKER_BYTES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "PYTHONUTF8": "1",
                "RUST_BACKTRACE": "0",
            },
        )
        self._lines: queue.Queue[bytes] = queue.Queue(1_000)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        out = self._process.stdout
        while out is not None and (line := out.readline()):
            self._lines.put(line)
        self._lines.put(b"")

    def messages(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Send one request and yield the answers.

        Raises:
            TimeoutError: nothing came for too long.
            EOFError: the process died; the text is its last line.
        """
        try:
            if self._process.stdin is None:
                raise EOFError("")
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise EOFError(self._last_words()) from None
        while True:
            try:
                line = self._lines.get(timeout=limits.SILENT_SECONDS)
            except queue.Empty:
                raise TimeoutError from None
            if not line:
                raise EOFError(self._last_words())
            message = json.loads(line)
            if "end" in message:
                return
            yield message
            if "input_error" in message or "missing" in message:
                return

    def _last_words(self) -> str:
        self._process.wait(10)
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2_000))
        lines = self._log.read().decode(errors="replace").split("\n")
        told = (
            line.strip()[:200] for line in reversed(lines) if line.strip() and not line.startswith("note:")
        )
        return next(told, "메모리 한도를 넘음")

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        while self._listener.is_alive():  # it may wait for room in the queue
            with suppress(queue.Empty):
                self._lines.get(timeout=0.01)
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()


_idle: list[_Worker] = []


@atexit.register
def _close_idle() -> None:
    while _idle:
        worker = _idle.pop()
        if worker.owner == os.getpid():
            worker.close()


def _worker() -> _Worker:
    while _idle:
        worker = _idle.pop()
        if worker.owner == os.getpid():  # not one that a fork copied
            return worker
    return _Worker()


def read_isolated(kind: str, path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield what the reader of ``kind`` yields, from a process of its own.

    Raises:
        InputError: what the reader raised, or that it crashed, ran out of memory or took too long.
        MissingExtraError: the format's library is not installed.
    """
    worker, finished = _worker(), False
    try:
        for message in worker.messages(
            {"kind": kind, "path": str(path.resolve()), "columns": asdict(columns)}
        ):
            if "document" in message:
                yield Document(**message["document"])
            elif "row_error" in message:
                yield RowError(*message["row_error"])
            elif "note" in message:
                log.info("%s", message["note"])
            elif "missing" in message:
                finished = True
                raise MissingExtraError(*message["missing"])
            else:
                finished = True
                raise InputError(message["input_error"])
        finished = True
    except TimeoutError:
        raise InputError(
            f"{path.name}: {limits.SILENT_SECONDS:.0f}초 안에 읽지 못해 멈췄습니다. 파일을 나누거나 다시 저장하세요."
        ) from None
    except EOFError as error:
        raise InputError(
            f"{path.name}: 파일이 깨졌거나 너무 커서 읽지 못했습니다 ({error}). 원래 프로그램에서 다시 저장하세요."
        ) from None
    finally:
        if finished:
            _idle.append(worker)
        else:
            worker.close()
