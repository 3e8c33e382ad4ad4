"""Precision and recall of the duplicate groups on pairs made by editing public texts, and the speed of MinHash libraries.

Of each text taken, one more issue is made by one of the edits below; what is left are pairs of different texts. Texts
that the untouched sets already hold twice (equal titles, or equal first 60 letters) are left out first. Recall: made
issues that share the group of their text. Precision: of all pairs that share a group, those with one origin. No text
is kept.
"""

from __future__ import annotations

import gzip
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

from arguments import described, there
from hyeoksin.duplicates import Index
from hyeoksin.duplicates.signatures import letters

FILES = {
    "epic_policy_press/train.jsonl.gz": ("title", "summary"),
    "jeonnam_local_press/press.jsonl.gz": ("title", "content"),
    "seoul_democracy_proposals/free_proposals.jsonl": ("title", "body"),
    "bluehouse_petitions/petitions.jsonl.gz": ("title", "content"),
    "klue_ynat/train_minus_dev.jsonl": ("title", ""),
}


def spaces(text: str, chance: random.Random) -> str:
    """Change white space and punctuation: the file went through another program."""
    return "".join(
        c for c in text.replace(". ", ".\n").replace(",", " ,") if c != " " or chance.random() < 0.8
    )


def reissued(text: str, chance: random.Random) -> str:
    """Add a head line and a foot line."""
    return (
        f"[보도자료 재배포] {text} 문의: 담당 부서 ({chance.randint(100, 999)}-{chance.randint(1000, 9999)})"
    )


def words(text: str, chance: random.Random) -> str:
    """Drop one word in twenty, and replace one in twenty."""
    found = []
    for word in text.split(" "):
        draw = chance.random()
        if draw > 0.05:
            found.append("관련" if draw > 0.95 else word)
    return " ".join(found)


def shortened(text: str, chance: random.Random) -> str:  # noqa: ARG001 - the seam
    """Cut off the last sixth."""
    return text[: len(text) * 5 // 6]


def moved(text: str, chance: random.Random) -> str:
    """Let two sentences change places."""
    parts = text.split(". ")
    if len(parts) > 2:
        i, j = chance.sample(range(len(parts)), 2)
        parts[i], parts[j] = parts[j], parts[i]
    return ". ".join(parts)


def copied(text: str, chance: random.Random) -> str:
    """Rewrite a tenth in one piece: a proposal copied for another office."""
    n = max(len(text) // 10, 1)
    at = chance.randrange(max(len(text) - n, 1))
    return text[:at] + "우리 기관의 여건에 맞추어 다시 적은 문장입니다"[:n] + text[at + n :]


EDITS: tuple[Callable[[str, random.Random], str], ...] = (spaces, reissued, words, shortened, moved, copied)


def load(folder: Path, n: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, (title, text) in FILES.items():
        path = folder / name
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            rows = [json.loads(line) for line in file]
        seen: dict[str, str] = {}
        for row in rows:
            body = f"{row[title]}\n{(row.get(text) or '') if text else ''}".strip()
            if row[title] not in seen and letters(body)[:60] not in seen:
                seen[row[title]] = seen[letters(body)[:60]] = body
        bodies = list(dict.fromkeys(seen.values()))
        random.Random(0).shuffle(bodies)
        found[name.split("/")[0]] = bodies[: n // len(FILES)]
    return found


def measure(texts: list[str], threshold: float) -> None:
    chance = random.Random(1)
    rows, origin, edit = list(texts), list(range(len(texts))), [""] * len(texts)
    for i, text in enumerate(texts):
        if i % 2:
            how = EDITS[i // 2 % len(EDITS)]
            rows.append(how(text, chance))
            origin.append(i)
            edit.append(how.__name__)
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder), threshold)
        begun = time.perf_counter()
        for start in range(0, len(rows), 1_000):
            index.add(rows[start : start + 1_000])
        groups = index.groups()
        seconds = time.perf_counter() - begun
        names = [groups.find(i) for i in range(len(rows))]
    hits: dict[str, list[bool]] = defaultdict(list)
    for i in range(len(texts), len(rows)):
        own, whole = names[i], names[origin[i]]
        hits[edit[i]].append(own is not None and whole is not None and own[0] == whole[0])
    members = defaultdict(list)
    for i, name in enumerate(names):
        if name is not None:
            members[name[0]].append(i)
    pairs = [origin[a] == origin[b] for group in members.values() for a, b in combinations(group, 2)]
    recall = sum(map(sum, hits.values())) / sum(map(len, hits.values()))
    each = ", ".join(f"{name} {sum(h) / len(h):.3f}" for name, h in hits.items())
    print(
        f"  threshold {threshold}: precision {sum(pairs) / max(len(pairs), 1):.4f} ({len(pairs)} pairs), recall {recall:.3f} "
        f"({each}); {len(rows) / seconds:.0f} texts/s"
    )


def libraries(texts: list[str]) -> None:
    """Print signatures per second of the same shingles, 128 hashes each."""
    from rensa import CMinHash, RMinHash

    from hyeoksin.duplicates import signatures

    shingles = [[t[i : i + 4] for i in range(len(t) - 3)] or [t] for t in map(letters, texts)]

    def rate(name: str, run: Callable[[], object]) -> None:
        begun = time.perf_counter()
        run()
        print(f"  {name}: {len(texts) / (time.perf_counter() - begun):.0f} texts/s")

    def each(kind: type) -> None:
        for tokens in shingles:
            one = kind(num_perm=128, seed=1)
            one.update(tokens)
            one.digest()

    rate("rensa RMinHash, one object a text", lambda: each(RMinHash))
    rate("rensa CMinHash, one object a text", lambda: each(CMinHash))
    rate(
        "rensa RMinHash on hashes of NumPy, in one matrix (ours)",
        lambda: signatures([letters(t) for t in texts]),
    )
    try:
        from datasketch import MinHash
    except ModuleNotFoundError:
        print("  datasketch: not installed")
        return
    encoded = [[token.encode() for token in tokens] for tokens in shingles]
    rate("datasketch MinHash.bulk", lambda: MinHash.bulk(encoded, num_perm=128, seed=1))


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("texts", type=int, nargs="?", default=15_000)
    given = parser.parse_args()
    pools = load(given.folder, given.texts)
    print("MinHash libraries")
    libraries([text for pool in pools.values() for text in pool[:150]])
    for name, texts in pools.items():
        print(f"{name}: {len(texts)} texts, {sum(map(len, texts)) / len(texts):.0f} characters")
        for threshold in (0.6, 0.7, 0.8):
            measure(texts, threshold)


if __name__ == "__main__":
    main()
