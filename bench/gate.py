"""What the first gate saves on a stream of which 70 % is off-plan, beside bare Kiwi tokenisation of the same stream.

The stream: public texts without a label of ours (so the gate has not learnt from them), drawn so that the whole pipeline
calls 70 % of them off-plan. Rates are documents per second of processor time, one thread. "Lost" are texts that the
whole pipeline finds in the plan and the gate lets go; the loss against labels, held out, stands in ``gate.json``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from arguments import described, there
from hyeoksin.batch.judge import predict
from hyeoksin.classifier import load_classifier
from hyeoksin.domain import Document
from hyeoksin.duplicates import Entry
from hyeoksin.external import labelled_examples, public_texts, sources
from hyeoksin.gate import load_gate
from hyeoksin.morphemes import Tokenizer
from hyeoksin.normalise import normalise
from hyeoksin.plan import load_plan
from hyeoksin.resources import resource

OFF = 0.7
CORPUS = Path("corpus")


def draw(folder: Path, n: int) -> list[Document]:
    listing = CORPUS / "external.yaml"
    known = {
        (e.document.source, e.document.id) for e in labelled_examples(CORPUS / "labels", listing, folder)
    }
    found = []
    for name, entry in sources(listing).items():
        pool = [d for d in public_texts(entry, folder) if (name, d.id) not in known]
        found += random.Random(0).sample(pool, min(n // 4, len(pool)))
    random.Random(1).shuffle(found)
    return found


def rate(n: int, run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return n / (time.process_time() - begun)


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("texts", type=int, nargs="?", default=2_000)
    given = parser.parse_args()
    plan = load_plan("2019")
    classifier, gate = (
        load_classifier(plan=plan, workers=1, careful=False),
        load_gate(resource("model"), plan),
    )
    pool = draw(given.folder, 2 * given.texts)
    inside = {p.document.id for p in classifier.classify(pool) if p.path}
    outside = [d for d in pool if d.id not in inside]
    n_in = min(len(inside), round(len(outside) * (1 - OFF) / OFF))
    stream = [d for d in pool if d.id in inside][:n_in] + outside[: round(n_in * OFF / (1 - OFF))]
    random.Random(2).shuffle(stream)
    entries = [Entry(d) for d in stream]
    mean = sum(len(d.body) for d in stream) / len(stream)
    print(f"{len(stream)} texts, {mean:.0f} characters on average, {1 - n_in / len(stream):.2f} off-plan")
    kiwi = Tokenizer(1, words=()).kiwi
    kiwi.tokenize("준비")
    bare = rate(len(stream), lambda: list(kiwi.tokenize([normalise(d.body) for d in stream])))
    short = rate(len(stream), lambda: list(kiwi.tokenize([normalise(d.body[:700]) for d in stream])))
    print(f"bare Kiwi {bare:.0f} docs/s; on the first 700 characters {short:.0f} docs/s")
    for mode in ("off", "safe", "fast"):
        gated: set[int] = set()
        found = rate(len(stream), lambda: list(predict(classifier, entries, gate, mode, gated)))  # noqa: B023
        lost = sum(stream[i].id in inside for i in gated)
        print(
            f"--gate {mode:<5} {found:6.0f} docs/s, {found / bare:.2f} of bare Kiwi ({found / short:.2f} on what is read); "
            f"lets go {(len(gated) - lost) / (len(stream) - n_in):.3f} of the off-plan texts, loses {lost} of {n_in}"
        )


if __name__ == "__main__":
    main()
