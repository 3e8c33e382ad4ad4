"""Documents per second of the whole pipeline beside bare Kiwi tokenisation of the same texts, and start-up times.

Usage: python bench/throughput.py [JSONL or CSV file]; default: the written corpus of the checkout. All in one run, since
timings are noisy; the ratio is what counts.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kiwipiepy import Kiwi

from hyeoksin import load_classifier
from hyeoksin.corpus import read_examples
from hyeoksin.domain import Document
from hyeoksin.normalise import normalise
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.readers import read

ROUNDS = 3


def best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def command(*words: str) -> float:
    return best(lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True))


def main() -> None:
    if len(sys.argv) > 1:
        documents = [item for item in read(Path(sys.argv[1])) if isinstance(item, Document)]
    else:
        plans = {plan: load_plan(plan) for plan in BUILTIN_PLANS}
        documents = [e.document for e in read_examples(Path("corpus/proposals"), plans)]
    mean = sum(len(d.body) for d in documents) / len(documents)
    print(f"{len(documents)} documents, {mean:.0f} characters on average")
    kiwi = Kiwi(num_workers=-1)
    texts = [normalise(d.body[:700]) for d in documents]
    kiwi.tokenize(texts[0])
    classifier = load_classifier()
    list(classifier.classify(documents[:1]))
    bare = best(lambda: list(kiwi.tokenize(texts)))
    whole = best(lambda: list(classifier.classify(documents)))
    print(f"bare Kiwi      {len(documents) / bare:8.0f} docs/s")
    print(f"whole pipeline {len(documents) / whole:8.0f} docs/s  ({bare / whole:.2f} of bare Kiwi)")
    print(f"--help              {command('-m', 'hyeoksin', '--help'):.2f} s")
    print(f"classify --text     {command('-m', 'hyeoksin', 'classify', '--text', '찾아가는 진료버스'):.2f} s")
    load = "from kiwipiepy import Kiwi; Kiwi().tokenize('찾아가는 진료버스')"
    print(f"bare Kiwi, one text {command('-c', load):.2f} s")


if __name__ == "__main__":
    main()
