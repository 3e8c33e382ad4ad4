"""Kiwi behind one typed adapter: text in, content morphemes with their places out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple

from hyeoksin.agency import load_agencies
from hyeoksin.region import load_regions
from hyeoksin.resources import resource

__all__ = ["Morpheme", "Tokenizer", "content_key", "domain_words"]

_CLASS = {
    "NNG": "N", "NNP": "N", "XR": "N", "SL": "L", "SH": "N", "VV": "V", "VA": "V", "MAG": "A", "NR": "N",
    "VCN": "V", "NNB": "B",
}  # fmt: skip
_CACHED = 200_000  # forms
_BATCH = 1_000  # texts that Kiwi's own threads get at once; more gains nothing
_STOP = frozenset({"하/V", "되/V", "있/V", "이/V", "것/B", "수/B", "등/B", "년/B", "월/B", "일/B", "없/V"})


class Morpheme(NamedTuple):
    """A content morpheme: ``key`` is form and word class (``공개/N``); ``start`` and ``end`` count characters."""

    key: str
    start: int
    end: int


@lru_cache(maxsize=_CACHED)
def content_key(form: str, tag: str) -> str | None:
    """Return the key of one of Kiwi's morphemes, or none for a tag that carries no content."""
    word_class = _CLASS.get(tag.partition("-")[0])
    return f"{form.lower()}/{word_class}" if form and word_class else None


def domain_words() -> tuple[tuple[str, str], ...]:
    """Return (word, tag) pairs taught to Kiwi: domain terms, agency names and regions."""
    words: dict[str, str] = {}
    for line in resource("dictionary.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, tag = line.split("\t")
            words[word] = tag
    names = [name for agency in load_agencies().by_id.values() for name in (agency.name, *agency.short)]
    places = [region.own for region in load_regions().all if " " not in region.own]
    for word in (*names, *places):
        if len(word) > 2 and " " not in word:
            words.setdefault(word, "NNP")
    return tuple(words.items())


class Tokenizer:
    """Kiwi with the domain dictionary.

    The live Kiwi object is built at the first use, one per process, guarded by a lock (one Kiwi called from several
    Python threads is slower than from one), and never pickled: a copy sent to another process builds its own.

    Args:
        workers: Kiwi's own threads; -1 for one per core.
        words: (word, tag) pairs to teach; default :func:`domain_words`.
    """

    def __init__(self, workers: int = -1, words: Sequence[tuple[str, str]] | None = None) -> None:
        self.workers = workers
        self.words = words
        self._kiwi: Any = None
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"workers": self.workers, "words": self.words}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # rebuild, as pickling demands

    @property
    def kiwi(self) -> Any:
        """The live Kiwi object (half a second to build, as much again at its first call).

        Without Kiwi's dictionary of many-word names: it changes 1 morpheme in 10,000 and costs 1.7 s and 200 MiB.
        """
        if self._kiwi is None:
            from kiwipiepy import Kiwi

            kiwi = Kiwi(num_workers=self.workers or 1, load_multi_dict=False)
            for word, tag in domain_words() if self.words is None else self.words:
                kiwi.add_user_word(word, tag)
            self._kiwi = kiwi
        return self._kiwi

    def tokenize(self, texts: Iterable[str]) -> Iterator[list[Morpheme]]:
        """Yield the content morphemes of each (normalised) text, in order."""
        rest = iter(texts)
        while batch := list(islice(rest, _BATCH)):
            with self._lock:
                results = (
                    [self.kiwi.tokenize(batch[0])] if len(batch) == 1 else list(self.kiwi.tokenize(batch))
                )
            yield from map(_content, results)


def _content(tokens: Iterable[Any]) -> list[Morpheme]:
    found = []
    for token in tokens:
        key = content_key(token.form, token.tag)
        if key is not None and key not in _STOP and token.len:
            found.append(Morpheme(key, token.start, token.start + token.len))
    return found
