"""What new texts need before they are found: a thread of its own puts them into the index and compares them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

from hyeoksin.errors import StoreError
from hyeoksin.indexing import asked_tokens, search_tokens
from hyeoksin.morphemes import Tokenizer
from hyeoksin.store import Store

__all__ = ["Filler"]

_SLICE = 50  # texts between two looks at whether the server ends
_FAULTS = (RuntimeError, ValueError, MemoryError)  # what Kiwi throws
_COMPARED = 3_000  # documents of a round up to which likenesses are looked for
log = logging.getLogger("hyeoksin.web")


class Filler:
    """Fills the index in the background, so that no reader waits for it; its thread lives while there is something to do.

    Args:
        store: the store.
        tokenizer: of texts and questions; its Kiwi is built at the first of them.
    """

    def __init__(self, store: Store, tokenizer: Tokenizer | None = None) -> None:
        self.store = store
        self.tokenizer = tokenizer or Tokenizer(workers=1)
        self._first: int | None = None
        self._asked = False
        self._end = threading.Event()
        self._lock = threading.Lock()  # of the thread's birth and end, never held while it works
        self._thread: threading.Thread | None = None

    def tokens(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yield the content morphemes of each text, as the index holds them."""
        for text in texts:  # one by one: who asks in between waits for one text, not for all of them
            yield from search_tokens(self.tokenizer, [text])

    def asked(self, question: str) -> tuple[list[str], dict[str, str]]:
        """Return the tokens of a question and the Korean letters that were typed for them."""
        return asked_tokens(self.tokenizer, question)

    def _sound(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yield the tokens of each text, none where it breaks the analysis: it must not hold up those behind it."""
        for text in texts:
            try:
                yield from self.tokens([text])
            except _FAULTS:
                log.exception("index: a text of %d characters", len(text))
                yield []

    def is_behind(self, project: int | None = None) -> bool:
        """Tell whether texts (of one round) are not in the index yet; the thread is then woken."""
        behind = bool(self.store.unindexed(project, limit=1))
        if behind:
            self.wake(project)
        return behind

    def wake(self, project: int | None = None) -> None:
        """Let the thread fill what is missing, this round first; return at once."""
        with self._lock:
            self._first = self._first if project is None else project
            self._asked = True
            if not self._end.is_set() and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._live, name="filler", daemon=True)
                self._thread.start()

    def halt(self) -> None:
        """End after the slice at hand; what is left is taken up at the next start."""
        self._end.set()

    def join(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended, at most so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _live(self) -> None:
        while not self._end.is_set():
            try:
                more = self.work()
            except StoreError as error:
                log.warning("index: %s", error)
                more = False
            with self._lock:
                if not more and not self._asked:
                    self._thread = None
                    return
                self._asked = False

    def work(self) -> bool:
        """Do one slice; False where nothing is left to do."""
        items = [] if self._first is None else self.store.unindexed(self._first, limit=_SLICE)
        items = items or self.store.unindexed(limit=_SLICE)
        if items:
            tokens = self._sound([item.document.body for item in items])
            self.store.index(zip((item.id for item in items), tokens, strict=True))
            return True
        for project in self.store.projects():
            if project.closed or self.store.count(project.id) > _COMPARED:
                continue
            numbers = self.store.unfollowed(project.id, limit=_SLICE)
            if numbers:
                self.store.follow(numbers, self._sound)
                return True
        return False
