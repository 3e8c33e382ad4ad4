"""The driver: cut the stream into shards, skip the finished ones, let an engine judge the rest, and account for every row."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tqdm import tqdm

from hyeoksin.batch.engines import ENGINES, Resources
from hyeoksin.batch.inputs import Source, fingerprint, items, sources
from hyeoksin.batch.judge import judge
from hyeoksin.batch.memory import peak_memory
from hyeoksin.batch.settings import Options, Spec, prepare
from hyeoksin.batch.shards import FORMAT, Done, Folder, Mark, Shard, cut
from hyeoksin.duplicates import Entry, grouped
from hyeoksin.errors import HyeoksinError, InputError, RowError

__all__ = ["run"]

Work = Callable[[Spec, Shard], Done]
_NAMES = {  # of settings, as the message calls them
    "format_of_folder": "결과 폴더의 꼴",
    "shard_size": "묶음 크기(--shard-size)",
    "duplicates": "중복 묶기(--duplicates)",
    "model": "모델(--model)",
    "model_sha256": "모델의 지문",
    "plan": "계획(--plan)",
    "plan_sha256": "계획의 지문",
    "gate": "1차 거르기(--gate)",
    "gate_sha256": "1차 거르기의 지문",
    "format": "형식(--format)",
    "today": "오늘(--today)",
    "hyeoksin": "hyeoksin의 판",
    "libraries": "라이브러리의 판",
}


@dataclass
class _Tally:
    """What the driver counts on the way; ``waiting`` holds what is needed to write the shards that are out."""

    rows: int = 0
    shards: int = 0
    reused: int = 0
    failed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    waiting: dict[int, Shard] = field(default_factory=dict)

    def add(self, mark: Mark) -> None:
        self.counts.update(mark.counts)
        self.failed += len(mark.failed)


def run(
    options: Options,
    engine: str = "local",
    resources: Resources = Resources(),  # noqa: B008 - frozen
    progress: bool = True,
    work: Work = judge,
) -> dict[str, Any]:
    """Judge all inputs into the output folder and return the manifest; finished shards are kept.

    Args:
        options: what decides the output.
        engine: a name of ``ENGINES``.
        resources: what the engine may use.
        progress: show a bar.
        work: what is done with each shard.

    Raises:
        InputError: an input is missing, there is nothing to read, the folder holds a run with other settings, or another
            run writes into it.
        HyeoksinError: rows in are not rows out and failed.
    """
    begun = time.time()
    own = options.output.resolve()
    files = [s for s in sources(options.inputs) if not s.path.resolve().is_relative_to(own)]
    if not files:
        raise InputError(f"{_named(options)}: 읽을 파일이 없습니다. 입력 폴더를 확인하세요.")
    folder = Folder(options.output, f".{options.format}")
    known = folder.settings()
    threads = (resources.workers or -1) if engine == "local" else 1
    spec, gate = prepare(options, {} if options.restart else known, threads)
    settings = {
        "format_of_folder": FORMAT,
        "shard_size": options.shard_size,
        "duplicates": options.duplicates,
        **spec.settings(),
    }
    tally = _Tally()
    with folder.locked():
        if options.restart:
            folder.clear()
        else:
            _refuse_other(folder.settings(), settings, options)
        folder.start(settings)
        with tqdm(unit="건", desc="분류", file=sys.stderr, disable=None if progress else True) as bar:
            stream = _counted(_entries(files, options, folder), tally)
            shards = _open_shards(cut(stream, options.shard_size, spec.fingerprint), folder, tally, bar)
            for done in ENGINES[engine](partial(work, spec), shards, resources):
                shard = tally.waiting.pop(done.number)
                tally.add(folder.commit(done, shard.key, shard.failed))
                bar.update(len(shard.entries) + len(shard.failed))
        if not tally.rows:
            raise InputError(f"{_named(options)}: 읽을 글이 한 건도 없습니다. 입력을 확인하세요.")
        folder.clear(first=tally.shards)
        folder.write_failed(tally.shards)
        return _close(folder, settings, files, tally, begun, gate.card if gate else None)


def _named(options: Options) -> str:
    return ", ".join(str(path) for path in options.inputs[:3])


def _entries(files: list[Source], options: Options, folder: Folder) -> Iterator[Entry | RowError]:
    if options.duplicates:
        yield from grouped(lambda: items(files, options.columns), folder.duplicates)
        shutil.rmtree(folder.duplicates)
    else:
        for item in items(files, options.columns):
            yield item if isinstance(item, RowError) else Entry(item)


def _counted(stream: Iterator[Entry | RowError], tally: _Tally) -> Iterator[Entry | RowError]:
    for item in stream:
        tally.rows += 1
        yield item


def _open_shards(shards: Iterator[Shard], folder: Folder, tally: _Tally, bar: Any) -> Iterator[Shard]:
    """Yield the shards that are not finished, and count the others."""
    for shard in shards:
        tally.shards += 1
        mark = folder.finished(shard)
        if mark is None:
            tally.waiting[shard.number] = shard
            yield shard
        else:
            tally.reused += 1
            tally.add(mark)
            bar.update(len(shard.entries) + len(shard.failed))


def _refuse_other(known: Mapping[str, Any], settings: Mapping[str, Any], options: Options) -> None:
    other = [name for name in settings if known and known.get(name) != settings[name]]
    if other:
        what = ", ".join(f"{_NAMES.get(name, name)} {known.get(name)} → {settings[name]}" for name in other)
        raise InputError(
            f"{options.output}: 다른 설정으로 한 결과가 있습니다 ({what}). "
            "지우고 새로 하려면 --restart, 아니면 다른 폴더를 주세요."
        )


def _close(
    folder: Folder,
    settings: Mapping[str, Any],
    files: list[Source],
    tally: _Tally,
    begun: float,
    gate: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Check that every row is accounted for, and write the manifest."""
    if tally.waiting:
        raise HyeoksinError(
            f"돌아오지 않은 묶음이 {len(tally.waiting)}개 있습니다. 같은 명령으로 다시 하세요."
        )
    written = sum(folder.count(number) for number in range(tally.shards))
    if not tally.rows == written + tally.failed or written != sum(tally.counts.values()):
        raise HyeoksinError(
            f"줄 수가 맞지 않습니다: 읽음 {tally.rows}, 적음 {written}, 실패 {tally.failed}. "
            "실행 중에 입력이 바뀌었다면 같은 명령으로 다시 하세요."
        )
    manifest = {
        "settings": dict(settings),
        "inputs": [fingerprint(source) for source in files],
        "rows": {"in": tally.rows, "out": written, "failed": tally.failed},
        "counts": dict(sorted(tally.counts.items())),
        "shards": tally.shards,
        "gate": gate,
        "timings": {
            "started": round(begun, 3),
            "seconds": round(time.time() - begun, 3),
            "shards_reused": tally.reused,
            "peak_memory_mib": peak_memory(),
        },
    }
    folder.write_json("manifest.json", manifest)
    return manifest
