"""A batch run in a process of its own, for tests that kill it: ``python batch_runs.py INPUT OUTPUT ENGINE WORKERS real|light``.

``light`` judges by a hash of the text instead of the model, so that a run starts at once; all else is the real thing.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path

from hyeoksin.batch import Options, Resources, run
from hyeoksin.batch.judge import judge
from hyeoksin.batch.settings import Spec
from hyeoksin.batch.shards import Done, Shard

__all__ = ["light"]


def light(spec: Spec, shard: Shard) -> Done:
    lines = []
    for entry in shard.entries:
        body = (entry.stand_in or entry.document).body
        record = {
            "id": entry.document.id,
            "group": entry.group,
            "hash": hashlib.sha256(body.encode()).hexdigest(),
        }
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    time.sleep(0.04)
    return Done(shard.number, "".join(lines).encode(), {"review": len(lines)})


def main() -> None:
    source, output, engine, workers, kind = sys.argv[1:]
    options = Options(
        (Path(source),), Path(output), format="jsonl", shard_size=10, gate="off", today="2026-01-01"
    )
    work = light if kind == "light" else judge
    run(options, engine, Resources(int(workers)), progress=False, work=work)


if __name__ == "__main__":
    main()
