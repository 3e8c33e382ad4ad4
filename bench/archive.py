"""A run over a large archive, made by repeating and editing public texts: killed once, resumed, with its manifest.

What else stands on the command line are options of ``hyeoksin batch``.

Two rows in three are headlines, one in three a release, proposal or petition; seven rows in ten are repetitions with a
few words changed or dropped, one in twenty an exact copy. Nothing of it is kept in the project.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from arguments import described, there

SHARD = 1_000
SETS = {
    "klue_ynat": ("*.json*", "title", "", 0.67),
    "epic_policy_press": ("train.jsonl.gz", "title", "summary", 0.18),
    "jeonnam_local_press": ("press.jsonl.gz", "title", "content", 0.05),
    "seoul_democracy_proposals": ("free_proposals.jsonl", "title", "body", 0.05),
    "bluehouse_petitions": ("petitions.jsonl.gz", "title", "content", 0.05),
}


def texts(folder: Path, name: str) -> list[tuple[str, str]]:
    pattern, title, text, _ = SETS[name]
    found = []
    for path in sorted((folder / name).glob(pattern)):
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            rows = [json.loads(line) for line in file if line.startswith("{")]
        found += [(row[title] or "", (row.get(text) or "") if text else "") for row in rows]
    return found


def edited(text: str, chance: random.Random) -> str:
    """Return the text with about one word in twelve dropped or doubled."""
    words = []
    for word in text.split(" "):
        draw = chance.random()
        if draw > 0.06:
            words.append(word)
        if draw > 0.96:
            words.append(word)
    return " ".join(words)


def rows(folder: Path, n: int) -> Iterator[dict[str, str]]:
    chance = random.Random(0)
    pools = {name: texts(folder, name) for name in SETS}
    weights = [SETS[name][3] for name in SETS]
    for i in range(n):
        name = chance.choices(list(SETS), weights)[0]
        title, text = chance.choice(pools[name])
        if chance.random() < 0.95:
            title, text = edited(title, chance), edited(text, chance)
        yield {"id": f"{i}", "title": title, "text": text or title}


def command(source: Path, output: Path, options: list[str]) -> list[str]:
    words = ["-m", "hyeoksin", "batch", str(source), "-o", str(output), "--shard-size", str(SHARD)]
    return [sys.executable, *words, *options]


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("work", type=Path, help="folder for the archive and the results")
    parser.add_argument("rows", type=int, nargs="?", default=300_000)
    parser.add_argument("share", type=float, nargs="?", default=0.3, help="of the shards, then it is killed")
    given, options = parser.parse_known_args()
    n, work = given.rows, given.work
    work.mkdir(parents=True, exist_ok=True)
    source, output = work / "archive.jsonl", work / "out"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(given.folder, n))
    print(f"{n} rows, {source.stat().st_size / 2**20:.0f} MiB")
    begun = time.time()
    first = subprocess.Popen(command(source, output, options))
    while first.poll() is None and len(list((output / "shards").glob("*.json"))) < given.share * n / SHARD:
        time.sleep(1)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    done = len(list((output / "shards").glob("*.json")))
    print(f"killed after {time.time() - begun:.0f} s with {done} shards written")
    subprocess.run(command(source, output, options), check=False)
    manifest = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
    print(json.dumps(manifest, ensure_ascii=False, indent=1))
    print(f"all in all {time.time() - begun:.0f} s")


if __name__ == "__main__":
    main()
