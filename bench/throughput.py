"""Documents per second of the pipeline beside bare Kiwi and Annif, by length of text and number of processes, in one run.

Usage: python bench/throughput.py [FILE or FOLDER of texts] [--annif PYTHON] [--seconds S]

Texts: headlines (titles), and articles cut or joined to 500 and 2,000 characters; default source: the written corpus.
``careful`` reads again what the model is in doubt of (a share of the texts that depends on the source). Bare Kiwi reads whole texts, and also only what the pipeline reads of them (its first 700 characters). ``1`` and ``2``
are processes with one thread each, warmed up before the clock starts; behind the slash stand documents per second of
processor time, which other work on the machine disturbs less, and from which the ratios are taken. Annif (``--annif``: the Python of an environment
with Annif in it) is given Kiwi's morphemes; its own rate stands beside the rate with Kiwi's time added.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

from arguments import there
from hyeoksin.batch.inputs import items, sources
from hyeoksin.domain import Document
from hyeoksin.gate import load_gate
from hyeoksin.normalise import normalise
from hyeoksin.plan import load_plan
from hyeoksin.readers import Columns
from hyeoksin.resources import resource

READ = 700  # characters that the pipeline reads


@cache
def kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


@cache
def classifier(careful: bool = False) -> Any:
    from hyeoksin.classifier import load_classifier

    loaded = load_classifier(workers=1, careful=careful)
    gc.freeze()  # as the workers of a batch do
    return loaded


def bare(texts: Sequence[str]) -> int:
    return sum(1 for _ in kiwi().tokenize([normalise(text) for text in texts]))


def bare_read(texts: Sequence[str]) -> int:
    return bare([text[:READ] for text in texts])


def whole(texts: Sequence[str], careful: bool = False) -> int:
    documents = [Document(id=str(i), text=text) for i, text in enumerate(texts)]
    return sum(1 for _ in classifier(careful).classify(documents))


WORK: dict[str, Callable[[Sequence[str]], int]] = {
    "bare Kiwi": bare,
    "bare Kiwi, first 700": bare_read,
    "pipeline": whole,
    "pipeline, careful": partial(whole, careful=True),
}


def lengths(documents: Sequence[Document], n: int) -> dict[str, list[str]]:
    titles = [d.title for d in documents if d.title]
    bodies = [d.text or d.title for d in documents]
    joined = " ".join(bodies)
    cuts = {
        f"{size} characters": [joined[i : i + size] for i in range(0, len(joined) - size, size)]
        for size in (500, 2000)
    }
    return {"headlines": titles[: 4 * n]} | {k: v[: n if "500" in k else n // 4] for k, v in cuts.items()}


def timed(name: str, texts: Sequence[str]) -> float:
    """Return the processor seconds of one piece of work."""
    begun = time.process_time()
    WORK[name](texts)
    return time.process_time() - begun


def rate(name: str, texts: Sequence[str], n_processes: int) -> tuple[float, float]:
    """Return documents per second of warm, spawned processes that share the texts: by the clock, and by processor time."""
    parts = [texts[i::n_processes] for i in range(n_processes)]
    context = multiprocessing.get_context("spawn")
    pools = [ProcessPoolExecutor(1, context) for _ in parts]
    try:
        for future in [pool.submit(timed, name, part[:20]) for pool, part in zip(pools, parts, strict=True)]:
            future.result()
        begun = time.perf_counter()
        futures = [pool.submit(timed, name, part) for pool, part in zip(pools, parts, strict=True)]
        used = [future.result() for future in futures]
        return len(texts) / (time.perf_counter() - begun), len(texts) / max(used)
    finally:
        for pool in pools:
            pool.shutdown()


def lines(size: str, bodies: list[str]) -> dict[str, float]:
    """Print the lines of one length of text, and return documents per processor second of one process."""
    print(
        f"{size}: {len(bodies)} texts, {sum(map(len, bodies)) / len(bodies):.0f} characters on average",
        flush=True,
    )
    found: dict[str, float] = {}
    for name in WORK:
        (clock, found[name]), (clock2, two) = (rate(name, bodies, n) for n in (1, 2))
        print(
            f"  {name:<22} 1: {clock:7.0f} / {found[name]:7.0f}  2: {clock2:7.0f} / {two:7.0f} docs/s  "
            f"(x {two / found[name]:.2f}); {found[name] / found['bare Kiwi']:.2f} of bare Kiwi",
            flush=True,
        )
    print(
        f"  {found['pipeline'] / found['bare Kiwi, first 700']:.2f} of bare Kiwi on what the pipeline reads"
    )
    print(f"  first gate             {gate_rate(bodies):7.0f} docs/s")
    return found


def gate_rate(texts: Sequence[str]) -> float:
    gate = load_gate(resource("model"), load_plan("2019"))
    if gate is None:
        return float("nan")
    begun = time.process_time()
    gate.dropped(texts, "safe")
    return len(texts) / (time.process_time() - begun)


def annif(python: str, texts: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """Train Annif on the written corpus and time ``suggest``, all on Kiwi's morphemes."""
    from hyeoksin.corpus import read_examples
    from hyeoksin.morphemes import Tokenizer
    from hyeoksin.plan import BUILTIN_PLANS

    tokenizer = Tokenizer(1)

    def tokens(bodies: Sequence[str]) -> list[str]:
        return [" ".join(m.key for m in row) for row in tokenizer.tokenize([normalise(b) for b in bodies])]

    plan = load_plan("2019")
    examples = [
        e
        for e in read_examples(Path("corpus/proposals"), {p: load_plan(p) for p in BUILTIN_PLANS})
        if e.labels["2019"]
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = zip(tokens([e.document.body for e in examples]), examples, strict=True)
        train = "".join(f"{text}\t<http://plan/{e.labels['2019'][0]}>\n" for text, e in lines)
        (folder / "train.tsv").write_text(train, encoding="utf-8")
        vocabulary = "".join(f'http://plan/{n.code},"{n.title}"\n' for n in plan.leaves)
        (folder / "vocabulary.csv").write_text("uri,label_ko\n" + vocabulary, encoding="utf-8")
        for i, bodies in enumerate(texts.values()):
            (folder / f"tokens-{i}.txt").write_text("\n".join(tokens(bodies)), encoding="utf-8")
        script = str(Path(__file__).with_name("annif_suggest.py"))
        run = subprocess.run([python, script, name], check=True, capture_output=True, text=True)
    found: dict[str, dict[str, float]] = json.loads(run.stdout.splitlines()[-1])
    return {backend: dict(zip(texts, rates.values(), strict=True)) for backend, rates in found.items()}


def seconds(*words: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", nargs="?", type=there, default="corpus/proposals")
    parser.add_argument("--annif")
    parser.add_argument(
        "--texts", type=int, default=1_000, help="articles of 500 characters; others in proportion"
    )
    told = parser.parse_args()
    documents = [d for d in items(sources([told.source]), Columns()) if isinstance(d, Document)]
    texts = lengths(documents, told.texts)
    rates = {size: lines(size, bodies) for size, bodies in texts.items()}
    if told.annif:
        for backend, found in annif(told.annif, texts).items():
            for size, alone in found.items():
                both = 1.0 / (1.0 / alone + 1.0 / rates[size]["bare Kiwi"])
                ours = rates[size]["pipeline"]
                print(
                    f"Annif {backend:<6} {size:<16} {alone:6.0f} docs/s, with Kiwi {both:6.0f}; "
                    f"the pipeline is {ours / alone:.2f} and {ours / both:.2f} times that"
                )
    print(f"--help              {seconds('-m', 'hyeoksin', '--help'):.2f} s")
    print(f"classify --text     {seconds('-m', 'hyeoksin', 'classify', '--text', '찾아가는 진료버스'):.2f} s")
    load = "from kiwipiepy import Kiwi; Kiwi().tokenize('찾아가는 진료버스')"
    print(f"bare Kiwi, one text {seconds('-c', load):.2f} s")


if __name__ == "__main__":
    main()
