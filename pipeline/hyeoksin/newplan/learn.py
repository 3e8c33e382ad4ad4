"""From decisions to a model folder: the base model with one head more."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hyeoksin.classifier import check_plan
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.duplicates import content_hash
from hyeoksin.encoders import DenseEncoder, beside, dense_encoder
from hyeoksin.errors import InputError, ModelError
from hyeoksin.features import analyse
from hyeoksin.model import Model, PlanHead, check_folder, save_model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.newplan.basis import Basis, make_basis
from hyeoksin.newplan.carry import carry, wording_shares
from hyeoksin.newplan.head import Taught, cold, teach, to_head
from hyeoksin.plan import Plan
from hyeoksin.plan.routes import Route
from hyeoksin.results import Result
from hyeoksin.selection import doubt, spread
from hyeoksin.triage import cohen_kappa
from hyeoksin.untrained import wording_head

__all__ = ["FEW", "Learnt", "learn_plan", "save_learnt"]

FEW = 20  # texts, decided or carried, below which nothing can be learnt
_WISHED = 5  # decisions a node


@dataclass(frozen=True)
class Learnt:
    """A base model with a head for the new plan, and what it was taught with.

    ``agreement`` is Cohen's kappa with the decisions of folds that were not learnt from (None: too few, or all of one code); ``waiting`` are the
    carried texts whose decision would teach most, the best first, each with the present guess; ``above`` counts the
    decisions that taught nothing because their code has nodes below it that are classified, ``unplaced`` those for a
    principle or a programme that is part of no such node.
    """

    model: Model
    plan: Plan
    n_decided: int
    n_carried: int
    by_code: Mapping[str, int]
    agreement: float | None
    waiting: tuple[tuple[Result, str, float], ...]
    above: Mapping[str, int]
    unplaced: Mapping[str, int]

    @property
    def bare(self) -> tuple[str, ...]:
        """The leaves with fewer than five decisions."""
        return tuple(leaf.code for leaf in self.plan.leaves if self.by_code.get(leaf.code, 0) < _WISHED)


def learn_plan(
    plan: Plan,
    base: Model,
    decided: Sequence[Result],
    carried: Sequence[Result] = (),
    table: Mapping[str, Route] | None = None,
    old: Plan | None = None,
    n_wanted: int = 0,
) -> Learnt:
    """Return the base model with a head for ``plan``.

    Args:
        plan: the new plan.
        base: a model with a dense encoder; its head of ``old`` becomes a view of the text.
        decided: decisions under the new plan, with texts.
        carried: decisions or results under the old plan, with texts.
        table: where the old codes may go (:func:`hyeoksin.plan.routes.routes`).
        old: the plan of ``carried``.
        n_wanted: how many texts to propose for decision.

    Raises:
        InputError: too few texts, or rows without text.
        ModelError: the base model has no dense encoder, or knows the plan already.
    """
    dense = _fit_to_learn(plan, base, decided, carried)
    tokenizer = Tokenizer()
    # by what the model reads of them: two files may use the same ids for different texts
    read = [content_hash(result.document.body[: base.limit]) for result in decided]
    carried = [r for r in carried if content_hash(r.document.body[: base.limit]) not in {*read}]
    columns = _columns([r.document for r in (*decided, *carried)], base, dense, tokenizer)
    wording = wording_head(plan, base, tokenizer, dense).leaf.weights
    head = base.plans.get(old.id) if old is not None else None
    basis = make_basis(wording, base.encoder.n_features, columns, _fitting(head, len(wording)))
    views, scores = basis.views(columns), np.asarray(columns @ wording, dtype=np.float64)
    n = len(decided)
    names = [leaf.code for leaf in plan.leaves]
    classes = np.array([_class(names, plan, result.code) for result in decided], dtype=np.int_)
    kept = np.flatnonzero(classes >= 0)
    soft = None
    if carried and table is not None:
        soft = (views[n:], carry(plan, wording_shares(scores)[n:], [r.code for r in carried], table))
    groups = np.array(read, dtype=np.uint64)[kept]
    taught = teach(cold(len(names), scores, views), soft, (views[kept], classes[kept]), groups)
    right = [frozenset([[*names, NONE][c]]) for c in classes[kept]]
    new_head = to_head(plan, taught, basis, views, right)
    waiting = _waiting(carried, taught, basis, views[n:], names, n_wanted)
    return Learnt(
        model=replace(
            base, name=f"{base.name}+{plan.id}", plans={**base.plans, plan.id: new_head}, base=base.root
        ),
        plan=plan,
        n_decided=len(kept),
        n_carried=len(carried),
        by_code=Counter([*names, NONE][c] for c in classes[kept]),
        agreement=_agreement(taught, classes[kept]),
        waiting=waiting,
        above=_untaught(plan, decided, above=True),
        unplaced=_untaught(plan, decided, above=False),
    )


def _fit_to_learn(
    plan: Plan, base: Model, decided: Sequence[Result], carried: Sequence[Result]
) -> DenseEncoder:
    if plan.id in base.plans:
        check_plan(base, plan)
        raise ModelError(
            f"계획 '{plan.id}' 은 모델 {base.id} 이 이미 아는 계획입니다. 결정으로 더 가르치려면 hyeoksin learn 을 쓰세요."
        )
    dense = dense_encoder(base.dense)
    if dense is None or base.net is None:
        raise ModelError(
            f"모델 {base.id} 에는 임베딩이 없습니다. 실린 모델이나 --encoder morpheme 모델을 쓰세요."
        )
    without = [r.document.source for r in (*decided, *carried) if not r.has_text]
    if without:
        raise InputError(
            f"글이 없는 줄이 {len(without):,}건 있습니다 (처음: {without[0]}). 글이 든 파일을 --texts 로 주세요."
        )
    above, unplaced = (_untaught(plan, decided, above=above).total() for above in (True, False))
    n_texts = len(decided) - above - unplaced + len(carried)
    if n_texts < FEW:
        left = f" 아래 항목이 있는 코드의 결정 {above:,}건은 배울 수 없습니다." if above else ""
        left += f" 글을 분류해 넣지 않는 코드의 결정 {unplaced:,}건은 배울 수 없습니다." if unplaced else ""
        raise InputError(f"배울 글이 모자랍니다: {n_texts}건 (적어도 {FEW}건).{left}")
    return dense


def _columns(
    documents: Sequence[Document], base: Model, dense: DenseEncoder, tokenizer: Tokenizer
) -> csr_array:
    analysed = list(analyse(documents, tokenizer, base.limit))
    rows = base.encoder.matrix(base.encoder.encode_all(analysed))
    return beside(rows, dense.encode(analysed))


def _fitting(head: PlanHead | None, n_columns: int) -> PlanHead | None:
    """Return the head if its linear part reads columns that are there."""
    return head if head is not None and len(head.leaf.weights) <= n_columns else None


def _class(names: Sequence[str], plan: Plan, code: str) -> int:
    """Return the class of a decided code: its leaf, off-plan last; -1 for a code that is no part of a leaf."""
    if code == NONE:
        return len(names)
    leaf = plan.leaf_of(code)
    return -1 if leaf is None else names.index(leaf)


def _untaught(plan: Plan, decided: Sequence[Result], *, above: bool) -> Counter[str]:
    """Return how many decisions are for codes above the leaves, or else for codes that have no leaf above or below."""
    codes = (r.code for r in decided if r.code != NONE and plan.leaf_of(r.code) is None)
    return Counter(code for code in codes if bool(plan.branches(code)) == above)


def _agreement(taught: Taught, classes: NDArray[np.int_]) -> float | None:
    if taught.held_out is None:
        return None
    return cohen_kappa(classes.tolist(), taught.calibrated(taught.held_out).argmax(axis=1).tolist())


def _waiting(
    carried: Sequence[Result],
    taught: Taught,
    basis: Basis,
    views: NDArray[np.float64],
    names: Sequence[str],
    n: int,
) -> tuple[tuple[Result, str, float], ...]:
    """Return the doubtful, differing carried texts with what the model says of them now."""
    if not n or not carried:
        return ()
    shares = taught.shares(views)
    axes = views[:, -basis.n_axes :]
    axes = axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-9)
    best = shares.argmax(axis=1)
    codes = [*names, NONE]
    return tuple(
        (carried[i], codes[best[i]], float(shares[i, best[i]])) for i in spread(doubt(shares), axes, n)
    )


def save_learnt(learnt: Learnt, base: Path, folder: Path) -> Model:
    """Write the model folder: weights, card, and the first gates of the plans that the base knows.

    Raises:
        InputError: the folder is the base itself.
        ModelError: there is something in the folder already.
    """
    if folder.resolve() == base.resolve():
        raise InputError(f"{folder}: 바탕 모델과 같은 폴더입니다. 다른 이름을 주세요.")
    check_folder(folder)
    card: dict[str, Any] = {
        "base": base.name,
        "new_plan": {
            "plan": learnt.plan.id,
            "sha256": learnt.plan.sha256,
            "decisions": learnt.n_decided,
            "by_code": dict(learnt.by_code),
            "carried": learnt.n_carried,
            "held_out_kappa": learnt.agreement,
        },
    }
    model = save_model(learnt.model, folder, card)
    for name in ("gate.json", "gate.safetensors"):
        if (base / name).is_file():
            shutil.copyfile(base / name, folder / name)
    return model
