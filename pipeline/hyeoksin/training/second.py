"""The recipe of the second reading: tune a pretrained transformer on the labels, weigh it beside the shipped model, save it.

It learns plans from all labelled texts but the first fold of the model's cross-validation, and lead agencies from all texts with
one but those. On the public texts of that fold stand the model's held-out answers and its own, so those weigh the two and say
from where an answer may stand without a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from hyeoksin.corpus import TESTED, Example
from hyeoksin.errors import ModelError
from hyeoksin.held_out import HeldOut, load_held_out, save_held_out
from hyeoksin.mentions import named_agencies, without_names
from hyeoksin.model import PlanHead, load_model
from hyeoksin.model.heads import off_log_odds
from hyeoksin.model.second import LeadHead, SecondHead, SecondReading, first_answers, save_second
from hyeoksin.normalise import normalise_aligned
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.agencies import lead_of, rarity
from hyeoksin.training.calibrate import fit_gate, fit_mixture, with_thresholds
from hyeoksin.training.fit import Settings
from hyeoksin.training.pretrained import read_pretrained
from hyeoksin.training.recipe import gather
from hyeoksin.training.tuning import Leads, SecondSettings, Tuned, tune

__all__ = ["PLANS", "lead_texts", "second", "split", "weighed"]

PLANS = ("2019", "2024")  # those that public texts are labelled with
_LONG, _SHORT, _TITLE = 400, 300, 80  # characters of a release, of another text, and of its short form
_BOOST = 5.0  # the most that a text of a rare agency counts
Floats = NDArray[np.float64]


def second(
    corpus: Path,
    external: Path,
    base: Path,
    output: Path,
    settings: SecondSettings = SecondSettings(),  # noqa: B008 - frozen
) -> SecondReading:
    """Tune the pretrained transformer in the file ``base``, weigh it beside the shipped model and write the folder ``output``.

    Raises:
        ModelError: the shipped model was trained on other texts than those in ``corpus`` and ``external``, or ``base`` is another file.
        MissingExtraError: torch, transformers or protobuf is not installed.
    """
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    pretrained = read_pretrained(base, settings.layers)  # another file is refused before the long work
    examples = gather(corpus, external, plans)
    known, held = split(examples)
    every = [body(examples[i]) for i in [*known, *held]]
    leads = lead_texts(examples, held, load_model(resource("model")).agencies.classes)
    tuned = tune(pretrained, [examples[i] for i in known], every, plans, leads, settings)
    return weighed(tuned, examples, held, plans, output, settings)


def split(examples: Sequence[Example]) -> tuple[list[int], list[int]]:
    """Return the places of the labelled texts to learn from, and of those in the first fold of cross-validation."""
    tested = [i for i, e in enumerate(examples) if e.origin in TESTED]
    folds = GroupKFold(Settings().n_folds, shuffle=True, random_state=0)
    _, fold = next(folds.split(tested, groups=[examples[i].family for i in tested]))
    held = {tested[k] for k in fold}
    return [i for i, e in enumerate(examples) if e.labels and i not in held], sorted(held)


def lead_texts(examples: Sequence[Example], held: Sequence[int], classes: tuple[str, ...]) -> Leads:
    """Return the texts that teach which of ``classes`` leads: releases, duties and all others with a lead, but those in ``held``."""
    place = {agency: i for i, agency in enumerate(classes)}
    families = {examples[i].family for i in held}
    beginnings = {_beginning(examples[i]) for i in held}
    kept = [e for e in examples if lead_of(e) in place and e.family not in families]
    kept = [e for e in kept if e.origin == "press" or _beginning(e) not in beginnings]
    counts = Counter(lead_of(e) for e in examples)
    whole = [_unnamed(e, e.document.body[: _LONG if e.origin == "press" else _SHORT]) for e in kept]
    titles = [
        _unnamed(e, e.document.title) if e.origin == "press" else text[:_TITLE]
        for e, text in zip(kept, whole, strict=True)
    ]
    leads = [lead_of(e) or "" for e in kept]
    weight = [rarity(counts[lead], _BOOST) for lead in leads]
    return Leads(classes, whole, titles, np.array([place[a] for a in leads]), np.array(weight, np.float32))


def _beginning(example: Example) -> str:
    """Return what tells texts apart that stand in two sources."""
    return "".join(example.document.body.split())[:60]


def _unnamed(example: Example, text: str) -> str:
    text = normalise_aligned(text)[0]
    return without_names(text, named_agencies(text, example.document.date).values())


def body(example: Example) -> str:
    """Return what is read of a text."""
    return normalise_aligned(example.document.body[: Settings().limit])[0]


def weighed(
    tuned: Tuned,
    examples: Sequence[Example],
    held: Sequence[int],
    plans: Mapping[str, Plan],
    output: Path,
    settings: SecondSettings = SecondSettings(),  # noqa: B008 - frozen
) -> SecondReading:
    """Weigh the tuned transformer beside the shipped model on the public texts among the places ``held``, and write the folder.

    Raises:
        ModelError: the model's held-out answers are of other texts.
    """
    folder = resource("model")
    model = load_model(folder)
    real = [i for i, e in enumerate(examples) if e.origin == "real"]
    shown = [i for i in held if examples[i].origin == "real"]
    at = np.searchsorted(real, shown)
    texts = [examples[i] for i in shown]
    transformer = tuned.transformer(settings)
    vectors = transformer.vectors([body(e) for e in texts], workers=2)
    leads = LeadHead(
        *tuned.leads, share=settings.lead_weight, below=settings.lead_doubt, n_pieces=settings.lead_pieces
    )
    reading = SecondReading(model.id, settings.doubt, transformer, {}, leads)
    kept: list[HeldOut] = []
    for name, plan in plans.items():
        before = load_held_out(folder, name, plan.sha256, model.id)
        if before is None or (name in PLANS and len(before) != len(real)):
            raise ModelError(
                f"모델 {model.id} 은 다른 글로 학습했습니다. hyeoksin train 으로 다시 학습하세요."
            )
        if name not in PLANS:
            kept.append(before)
            continue
        part = before.rows(at)
        head = _head(reading, model.plans[name], plan, texts, part, vectors, tuned.heads[name])
        reading = replace(reading, plans={**reading.plans, name: head})
        doubt = reading.doubtful(part.probabilities[:, -1])
        joined = np.column_stack(head.rejoin(_answers(part), doubt, vectors[doubt]))
        kept.append(
            replace(
                part,
                probabilities=joined,
                weight=part.weight / part.weight.mean(),
                origin=f"사람이 분류한 공개 글 {len(part):,}건, 배우지 않은 것",
            )
        )
    saved = save_second(reading, tuned.tensors, tuned.pieces, output)
    save_held_out(kept, saved.id, output)
    return saved


def _head(
    reading: SecondReading,
    model_head: PlanHead,
    plan: Plan,
    texts: Sequence[Example],
    first: HeldOut,
    vectors: NDArray[np.float32],
    layer: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> SecondHead:
    """Return the head of a plan: weights from the doubtful texts, thresholds from all."""
    head = SecondHead(plan.sha256, *layer, (1.0, 0.0), (1.0, 0.0), 0.0, 1.01, 1.01, {})
    second_answers = head.log_probabilities(vectors)
    among, belongs = first_answers(*_answers(first))
    doubt = reading.doubtful(first.probabilities[:, -1])
    inside = first.truth < len(plan.leaves)
    both = doubt & inside
    temperature, leaf = fit_mixture(among[both], second_answers[both][:, :-1], first.truth[both])
    signals = np.column_stack([belongs, off_log_odds(second_answers)])
    slopes, intercept = fit_gate(signals[doubt], inside[doubt], np.ones(int(doubt.sum())))
    head = replace(head, leaf=(1.0 / temperature, leaf), slopes=(slopes[0], slopes[1]), intercept=intercept)
    leaves, off = head.rejoin(_answers(first), doubt, vectors[doubt])
    accepted = [e.accepted(plan.id) for e in texts]
    safe = with_thresholds(model_head, plan, leaves, off, accepted, Settings().promised)
    return replace(head, settle=safe.settle, settle_off=safe.settle_off, settle_above=dict(safe.settle_above))


def _answers(held: HeldOut) -> tuple[Floats, Floats]:
    return held.probabilities[:, :-1], held.probabilities[:, -1]
