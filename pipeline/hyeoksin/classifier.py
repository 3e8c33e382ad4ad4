"""The classifier: documents in, predictions out. The whole flow stands in :meth:`Classifier.classify`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hyeoksin.answers import Answer, answer
from hyeoksin.clauses import ClauseIndex
from hyeoksin.domain import UNTRAINED, Document, Prediction, Rival, Score, Span
from hyeoksin.encoders import DenseEncoder, Encoded, beside, dense_encoder, probe, views
from hyeoksin.errors import EditionError, ModelError
from hyeoksin.evidence import Words, spans, speaking_words
from hyeoksin.features import Analysed, analyse
from hyeoksin.mentions import Named, named_agencies, nameless, without_names
from hyeoksin.model import Model, SecondReading, load_model, load_second
from hyeoksin.morphemes import Tokenizer
from hyeoksin.normalise import foreign
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.region import load_regions
from hyeoksin.resources import resource, second_id
from hyeoksin.router import disagreement, route
from hyeoksin.signals import Candidates, Desk
from hyeoksin.untrained import wording_head

__all__ = ["Classifier", "check_plan", "load_classifier"]

_BATCH = 500  # texts at a time
_CAREFUL_BATCH = 100  # the same where some are read again: one wants to see it go on
REREAD = "다시 읽어 답이 바뀌었습니다. 근거로 보인 말은 처음 읽은 모델의 것입니다."


class Classifier:
    """Classifies documents into one main plan, and on the side into the other plans that the model knows.

    Args:
        model: a loaded model.
        plan: the main plan; one that the model was not trained on is judged by its wordings alone.
        others: further plans whose answers go into the record.
        workers: Kiwi's threads (-1: one per core).
        today: the day at which texts without a date are read (ISO); None: the day of the call.
        tokenizer: one to share with another classifier; None: one of its own.
        second: reads again where the model is in doubt; None: the model alone answers.

    Raises:
        ModelError: the model knows the plan in another version (its content hash differs).
    """

    def __init__(
        self,
        model: Model,
        plan: Plan,
        others: Sequence[Plan] = (),
        workers: int = -1,
        today: str | None = None,
        tokenizer: Tokenizer | None = None,
        second: SecondReading | None = None,
    ) -> None:
        self.model, self.second = model, second
        self.id = model.id if second is None else second_id(model.id, second.sha256)
        self._threads = workers if workers > 0 else os.cpu_count() or 1
        self.today = today
        self.plan = plan
        self.tokenizer = tokenizer or Tokenizer(workers)
        self.trained = plan.id in model.plans
        self._router_plan = load_plan("2019")
        self._plans = {p.id: p for p in (*others, self._router_plan) if p.id in model.plans} | {plan.id: plan}
        self._shown = tuple(p.id for p in others if p.id in model.plans and p.id != plan.id)
        self._answering = (plan.id, *self._shown)
        self._heads = {}
        for known in self._plans.values():
            if known.id in model.plans:
                check_plan(model, known)
                head = model.plans[known.id]
                self._heads[known.id] = head if second is None else second.thresholds(known.id, head)
        self._dense = _checked_encoder(model)
        if not self.trained:
            self._heads[plan.id] = wording_head(plan, model, self.tokenizer, self._dense)
        leaf = self._heads[plan.id].leaf
        self._column = {code: i for i, code in enumerate(leaf.classes)}
        self._mean = leaf.weights.mean(axis=1)  # of a feature, over the main plan's leaves
        self._desk = Desk(model.agencies.classes, {p.id: p for p in (self._router_plan, plan)}.values())
        self._clauses = ClauseIndex(plan, model.encoder, self.tokenizer, model.limit)

    def classify(self, documents: Iterable[Document]) -> Iterator[Prediction]:
        """Yield one prediction per document, in order; the answer does not depend on the document's neighbours."""
        rest, size = iter(documents), _BATCH if self.second is None else _CAREFUL_BATCH
        while batch := list(islice(rest, size)):
            analysed = list(analyse(batch, self.tokenizer, self.model.limit))
            encoded = self.model.encoder.encode_all(analysed)
            rows = self.model.encoder.matrix(encoded)
            first = last = self._probabilities(analysed, rows)
            if self.second is not None:
                last = self.second.reread(first, [one.body for one in analysed], self._threads)
            leaves, off = ({plan: pair[k] for plan, pair in last.items()} for k in (0, 1))
            moved = _best(*first[self.plan.id]) != _best(*last[self.plan.id])
            answers = {p: answer(self._plans[p], self._heads[p], leaves[p], off[p]) for p in self._answering}
            named = [named_agencies(a.body, a.document.date) for a in analysed]
            agencies = once = self._agencies(rows, encoded, named)
            if self.second is not None:
                bodies = [without_names(a.body, n.values()) for a, n in zip(analysed, named, strict=True)]
                agencies = self.second.reread_leads(once, bodies, self._threads)
            leads = self._desk.leads(leaves)
            cosines = self._clauses.cosines(rows)
            for i, (one, features) in enumerate(zip(analysed, encoded, strict=True)):
                row = {plan: found[i] for plan, found in answers.items()}
                by_text = (once[i], agencies[i])
                told = self._predict(one, features, row, named[i], by_text, leads[i], cosines[i])
                yield replace(told, notes=(*told.notes, REREAD)) if moved[i] else told

    def _probabilities(
        self, analysed: Sequence[Analysed], rows: csr_array
    ) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return per plan the (n x leaves) probabilities of one batch, and the (n,) of belonging to none."""
        if self._dense is None or self.model.net is None:
            return {plan: head.probabilities(rows) for plan, head in self._heads.items()}
        vectors = views(self._dense, analysed)
        net = self.model.net.log_probabilities(vectors)
        whole = vectors[:, : self._dense.dimension]
        return {
            plan: head.probabilities(rows, net[plan])
            if plan in net
            else head.probabilities(beside(rows, whole))
            for plan, head in self._heads.items()
        }

    def _agencies(
        self, rows: csr_array, encoded: Sequence[Encoded], named: Sequence[Mapping[str, Named]]
    ) -> NDArray[np.float64]:
        """Return the (n x classes) probabilities of the agencies, from the texts without the agencies' names."""
        head = self.model.agencies
        found = np.zeros((len(encoded), len(head.classes)))
        naming = [bool(names) for names in named]
        if any(naming):
            unnamed = (nameless(e, n.values()) for e, n in zip(encoded, named, strict=True) if n)
            found[naming] = head.probabilities(self.model.encoder.matrix(list(unnamed)))
        if not all(naming):
            others = np.logical_not(naming)
            found[others] = head.probabilities(rows[others])
        return found

    def _predict(
        self,
        analysed: Analysed,
        encoded: Encoded,
        answers: Mapping[str, Answer],
        named: Mapping[str, Named],
        by_text: tuple[NDArray[np.float64], NDArray[np.float64]],
        leads: NDArray[np.float64],
        cosines: NDArray[np.float64],
    ) -> Prediction:
        document = analysed.document
        main = answers[self.plan.id]
        regions = load_regions().of(analysed.body, document.region)
        once, last = by_text  # of the agencies, before and after the second reading
        candidates = self._desk.candidates(named, last, leads, bool(regions), once)
        leaf = self._leaf(main)
        flags = route(
            candidates,
            self.model.router,
            analysed,
            regions,
            self.plan,
            leaf.code if main.path else None,
            self.today,
        )
        evidence, rival = self._why(analysed, encoded, main, leaf)
        return replace(
            self._bare(self.plan.id, document, main),
            agencies=flags,
            evidence=evidence,
            clause=self._clauses.nearest(cosines, leaf.code) if main.path else None,
            rival=rival,
            regions=regions,
            notes=self._notes(main, candidates, leaf.code, analysed),
            others=tuple(self._bare(p, document, answers[p]) for p in self._shown),
        )

    def _notes(self, main: Answer, candidates: Candidates, code: str, analysed: Analysed) -> tuple[str, ...]:
        notes = (*(() if self.trained else (UNTRAINED,)), *foreign(analysed.body))
        warning = disagreement(candidates, self.plan, code, analysed, self.today) if main.path else None
        return notes if warning is None else (*notes, warning)

    def _leaf(self, main: Answer) -> Score:
        """Return the best leaf below the end of the path: what clause, evidence and reasons speak about."""
        end = main.path[-1].code if main.path else None
        below = (s for s in main.scores if end is None or end in {n.code for n in self.plan.path(s.code)})
        return next(below)

    def _bare(self, plan_id: str, document: Document, answer: Answer) -> Prediction:
        """Return the answer of one plan without agencies and evidence."""
        return Prediction(
            document=document,
            plan=plan_id,
            status=answer.status,
            path=answer.path,
            scores=answer.scores,
            off_plan=answer.off_plan,
            agencies=(),
            evidence=(),
            clause=None,
            rival=None,
            regions=(),
            model=self.id,
            plan_sha=self._plans[plan_id].sha256[:8],
        )

    def _why(
        self, analysed: Analysed, encoded: Encoded, main: Answer, first: Score
    ) -> tuple[tuple[Span, ...], Rival | None]:
        head, column = self._heads[self.plan.id], self._column
        weights = head.leaf.weights
        top = weights[encoded.index, column[first.code]]  # one weight per occurrence
        inside = head.gate_slope * head.gate_weights[encoded.index] + head.peak_slope * top
        words = Words(analysed, encoded)
        if not main.path:
            return spans(words, -inside), None
        evidence = spans(words, (top - self._mean[encoded.index]) / head.leaf.temperature + inside)
        second = next((score for score in main.scores if score.code != first.code), None)
        if second is None:
            return evidence, None
        speaking = speaking_words(words, weights[encoded.index, column[second.code]] - top)
        border = [e.why for e in self.plan[first.code].excludes if e.code == second.code]
        border += [e.why for e in self.plan[second.code].excludes if e.code == first.code]
        why = (*([f"이 말은 {second.code} 쪽: {', '.join(speaking)}"] if speaking else []), *border)
        why = why or (f"이 글에 {second.code} 쪽을 더 가리키는 말은 없음",)
        return evidence, Rival(second.code, second.title, second.probability, why)


def _best(leaves: NDArray[np.float64], off: NDArray[np.float64]) -> NDArray[np.int_]:
    """Return the place of the likeliest leaf of each text, -1 for off-plan."""
    return np.where(off >= 0.5, -1, leaves.argmax(axis=1))


def _checked_encoder(model: Model) -> DenseEncoder | None:
    """Return the dense encoder that the model's network reads.

    Raises:
        ModelError: it is not the encoder that the network was trained with.
    """
    dense = dense_encoder(model.dense)
    if dense is not None and model.net is not None:
        found = probe(dense)
        if found.shape != model.net.probe.shape or not np.allclose(found, model.net.probe, atol=0.01):
            raise ModelError(
                f"모델 {model.id} 은 다른 '{model.dense}' 임베딩으로 학습했습니다. 같은 판의 임베딩을 쓰거나 다시 학습하세요 "
                "(hyeoksin train; 자체 계획은 hyeoksin plan learn 계획 --decisions 저장소 -o 모델폴더)."
            )
    return dense


def check_plan(model: Model, plan: Plan) -> None:
    """Refuse a plan that is not word for word the one that the model was trained on.

    Raises:
        EditionError: naming both hashes.
    """
    known = model.plans[plan.id].sha256
    if known != plan.sha256:
        raise EditionError(
            f"모델 {model.id} 은 계획 {plan.id} 의 다른 판({known[:8]})으로 학습했습니다. "
            f"지금 계획: {plan.sha256[:8]} ({plan.source}). 고친 계획은 id를 바꾸어(YAML은 첫머리의 'id:', 표는 '계획 id' 열) "
            "자체 계획으로 쓰세요. 결정이 있으면(저장소의 것은 hyeoksin store export 결정.csv 로 내보내) "
            "'hyeoksin plan learn 계획 --decisions 결정.csv -o 모델폴더' 로 그 계획의 모델을 만듭니다. 이미 연 차수는 "
            "'hyeoksin models use' 로 함께 설치된 모델이나 그 판을 배운 모델을 쓰면 이어집니다."
        )


def load_classifier(
    model: str | Path | None = None,
    plan: str | Path | Plan = "2019",
    workers: int = -1,
    others: bool = True,
    today: str | None = None,
    careful: bool = True,
) -> Classifier:
    """Load a model folder (default: the shipped one) for a plan (id, file or loaded).

    ``careful``: the shipped second reading reads again what the model is in doubt of, which takes several times as long. It
    was weighed beside the shipped model, so one that does not come from that by learning decisions answers alone.

    Raises:
        ModelError: the folder is no model, damaged, or made for another version of the plan.
        PlanError: the plan file has faults.
    """
    loaded = load_model(Path(model) if model is not None else resource("model"))
    if not loaded.plans:
        raise ModelError(f"모델 {loaded.id} 에 계획이 없습니다.")
    main = plan if isinstance(plan, Plan) else load_plan(plan)
    side = (
        [load_plan(name) for name in BUILTIN_PLANS if name in loaded.plans and name != main.id]
        if others
        else []
    )
    second = load_second(resource("second"), loaded.root) if careful else None
    return Classifier(loaded, main, side, workers, today, second=second)
