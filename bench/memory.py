"""Peak memory of a batch run's driver over few and over many rows, each in a process of its own.

Rows are made of random words. Without ``--real`` shards are counted instead of judged: all of the driver (reading,
duplicates, shards, manifest) without the model, whose size does not depend on the number of rows.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from arguments import described
from hyeoksin.batch import Options, run
from hyeoksin.batch.judge import judge
from hyeoksin.batch.settings import Spec
from hyeoksin.batch.shards import Done, Shard


def count(spec: Spec, shard: Shard) -> Done:  # noqa: ARG001 - the seam
    lines = "".join(f'{{"id": "{entry.document.id}"}}\n' for entry in shard.entries)
    return Done(shard.number, lines.encode(), {"review": len(shard.entries)})


def one(n_rows: int, real: bool) -> None:
    chance = random.Random(0)
    syllables = [chr(chance.randrange(0xAC00, 0xD7A4)) for _ in range(300)]
    vocabulary = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(20_000)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
            for i in range(n_rows):
                text = " ".join(chance.choices(vocabulary, k=chance.randint(5, 40)))
                file.write(json.dumps({"id": str(i), "text": text}, ensure_ascii=False) + "\n")
        options = Options((folder / "rows.jsonl",), folder / "out", format="jsonl", gate="off")
        manifest = run(options, progress=False, work=judge if real else count)
    timings = manifest["timings"]
    print(
        f"{n_rows:>9} rows  {timings['peak_memory_mib']['driver']:7.1f} MiB  {timings['seconds'] / n_rows * 1e6:6.1f} us a row"
    )


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[10_000, 300_000])
    parser.add_argument("--real", action="store_true", help="judge them")
    given = parser.parse_args()
    if len(given.rows) == 1:
        one(given.rows[0], given.real)
        return
    for n_rows in given.rows:
        real = ["--real"] if given.real else []
        subprocess.run([sys.executable, __file__, str(n_rows), *real], check=True)


if __name__ == "__main__":
    main()
