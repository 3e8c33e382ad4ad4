"""The tokens that the store's index holds: one way for texts, queries and command line, else nothing is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from hyeoksin.morphemes import Tokenizer
from hyeoksin.normalise import normalise
from hyeoksin.store import Store

__all__ = ["asked_tokens", "fill_index", "search_tokens"]

_BATCH = 200
_HANGUL = re.compile("[가-힣]+")


def search_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the content morphemes of each text or query (``Document.body``, or what a person typed), in order."""
    for morphemes in tokenizer.tokenize([normalise(text) for text in texts]):
        yield [morpheme.key for morpheme in morphemes]


def asked_tokens(tokenizer: Tokenizer, question: str) -> tuple[list[str], dict[str, str]]:
    """Return the tokens of what a person typed and, for those of Korean words, the letters that were typed.

    Digits and Latin letters are no such letters: by them one could guess a hidden number or address bit by bit.
    """
    text = normalise(question)
    (morphemes,) = tokenizer.tokenize([text])
    typed = {morpheme.key: text[morpheme.start : morpheme.end] for morpheme in morphemes}
    words = {key: word for key, word in typed.items() if _HANGUL.fullmatch(word)}
    return [morpheme.key for morpheme in morphemes], words


def fill_index(
    store: Store, tokenizer: Tokenizer, project: int | None = None, told: Callable[[int], None] | None = None
) -> int:
    """Put into the index what is not in it yet: after restoring a backup or bringing up an older store.

    Args:
        store: the store.
        tokenizer: its Kiwi is built at the first text.
        project: only this round.
        told: hears how many are done.

    Returns:
        The number of items that are new in the index.
    """
    n_done = 0
    while items := store.unindexed(project, limit=_BATCH):
        tokens = search_tokens(tokenizer, [item.document.body for item in items])
        store.index(zip((item.id for item in items), tokens, strict=True))
        n_done += len(items)
        if told is not None:
            told(n_done)
    return n_done
