"""Show that nothing measured on was trained on: near-duplicates between coded texts and all training examples.

Exits 1 if a pair is nearer than 0.8 (cosine of
character 3- and 4-grams).
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from arguments import described, there
from hyeoksin.evaluation import read_coded
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.training.recipe import gather

NEAR = 0.8


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("coded", type=there, help="coded texts (JSONL)")
    parser.add_argument("folder", type=there, nargs="?", help="public texts")
    given = parser.parse_args()
    coded = [c.document.body[:700] for c in read_coded(given.coded)]
    examples = gather(Path("corpus"), given.folder, {plan: load_plan(plan) for plan in BUILTIN_PLANS})
    bodies = [e.document.body[:700] for e in examples]
    front = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, min_df=2)
    trained = front.fit_transform(bodies)
    nearest = (front.transform(coded) @ trained.T).tocsr()
    worst = sorted(((row.max(), row.argmax(), i) for i, row in enumerate(nearest)), reverse=True)
    for value, j, i in worst[:5]:
        print(f"{value:.2f}  {coded[i][:40]!r} ~ {bodies[j][:40]!r} ({examples[j].origin})")
    sys.exit(int(worst[0][0] >= NEAR))


if __name__ == "__main__":
    main()
