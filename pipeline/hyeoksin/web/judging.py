"""The process that holds the classifier: it is asked through a pipe, and ends when the pipe does."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from hyeoksin.domain import Document
from hyeoksin.errors import EditionError, HyeoksinError, JudgeError, UnknownPlanError

if TYPE_CHECKING:
    from hyeoksin.classifier import Classifier

__all__ = ["Child"]

_KEPT = 6  # classifiers (model and plan) that stay loaded; they share Kiwi
_CRASHED = (
    "이 글을 분류하다 분류기가 멈췄습니다. 글에 이상한 글자가 있는지 보고, 되풀이되면 관리자에게 알리세요."
)
_EDITION = (
    "지금 쓰는 모델이 이 계획을 다른 판으로 배워 글을 분류할 수 없습니다. 관리자가 함께 설치된 모델이나 이 판을 배운 모델을 쓰게 하거나"
    "(hyeoksin models use), 계획의 id를 바꾸어 새 차수를 여세요."
)
_UNBEGUN = "분류기를 시작하지 못했습니다. 잠시 뒤 다시 보내고, 되풀이되면 관리자에게 서버의 메모리를 보아 달라고 하세요."


class Child:
    """A process with a classifier, begun at the first question and begun again after a crash.

    Args:
        workers: Kiwi's threads (-1: one per core).
    """

    def __init__(self, workers: int = -1) -> None:
        self._workers = workers
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def ask(
        self, model: str | None, plan: str, documents: Sequence[Document], patience: float
    ) -> list[str] | JudgeError:
        """Return one JSON record per text, or why there is none (crash, silence of ``patience`` seconds, bad model)."""
        try:
            pipe = self._open()
        except (OSError, MemoryError):  # no room for a process at this moment: the next question tries again
            return JudgeError(_UNBEGUN)
        try:
            pipe.send((model, plan, list(documents)))
            if not pipe.poll(patience):
                self.close()
                return JudgeError(
                    f"분류기가 {patience:.0f}초 동안 답하지 않아 다시 시작했습니다. 다시 보내세요."
                )
            records, failure, kind = pipe.recv()
        except (EOFError, OSError):
            self.close()
            return JudgeError(_CRASHED)
        return kind(failure) if failure else list(records)

    def close(self) -> None:
        """End the process."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._pipe = self._process = None

    def _open(self) -> Connection:
        if self._pipe is not None:
            return self._pipe
        context = multiprocessing.get_context("spawn")  # a child forked after a Kiwi exists hangs for ever
        ours, theirs = context.Pipe()
        process = context.Process(target=_live, args=(theirs, self._workers), daemon=True)
        with theirs, ExitStack() as begun:
            begun.enter_context(ours)  # closed where the process cannot be begun
            process.start()
            begun.pop_all()
        self._pipe, self._process = ours, process
        return ours


def _live(pipe: Connection, workers: int) -> None:
    """Answer questions until the other side of the pipe is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which ends this
    classifiers: dict[tuple[str | None, str], Classifier] = {}
    while True:
        try:
            model, plan, documents = pipe.recv()
        except (EOFError, OSError):  # the other side ended, or was killed
            return
        try:
            records = [
                json.dumps(prediction.to_record(), ensure_ascii=False, separators=(",", ":"))
                for prediction in _classifier(classifiers, model, plan, workers).classify(documents)
            ]
        except EditionError:
            pipe.send(((), _EDITION, UnknownPlanError))
        except HyeoksinError as error:
            pipe.send(((), str(error), JudgeError))
        else:
            pipe.send((records, "", JudgeError))


def _classifier(
    loaded: dict[tuple[str | None, str], Classifier], model: str | None, plan: str, workers: int
) -> Classifier:
    """Return the classifier for a model and a plan; those of one model share its weights, all share one Kiwi."""
    found = loaded.get((model, plan))
    if found is None:
        from hyeoksin.classifier import Classifier, load_classifier
        from hyeoksin.plan import BUILTIN_PLANS, load_plan

        sibling = next((c for (name, _), c in loaded.items() if name == model), None)
        if sibling is None:
            for other in [key for key in loaded if key[0] != model]:
                del loaded[other]
            found = load_classifier(model, plan, workers)
        else:
            others = [load_plan(p) for p in BUILTIN_PLANS if p in sibling.model.plans and p != plan]
            found = Classifier(
                sibling.model, load_plan(plan), others, workers, None, sibling.tokenizer, sibling.second
            )
        while len(loaded) >= _KEPT:
            del loaded[next(iter(loaded))]
        loaded[model, plan] = found
    return found
