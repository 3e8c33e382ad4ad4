"""The recipe of the second reading: tune a pretrained transformer on the labels, weigh it beside the shipped model, save it.

It learns from all labelled texts but the first fold of the model's cross-validation. On the public texts of that fold stand the
model's held-out answers and its own, so those weigh the two and say from where an answer may stand without a person.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from hyeoksin.corpus import TESTED, Example
from hyeoksin.encoders.packed import packed, unpacked
from hyeoksin.encoders.transformer import PARTS, Transformer, plain
from hyeoksin.errors import MissingExtraError, ModelError
from hyeoksin.held_out import HeldOut, load_held_out, save_held_out
from hyeoksin.model import PlanHead, load_model
from hyeoksin.model.heads import off_log_odds
from hyeoksin.model.second import SecondHead, SecondReading, first_answers, save_second
from hyeoksin.normalise import normalise_aligned
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.calibrate import fit_gate, fit_mixture, with_thresholds
from hyeoksin.training.fit import Settings
from hyeoksin.training.network import soft_targets
from hyeoksin.training.pretrained import Pretrained, piece_model, read_pretrained
from hyeoksin.training.recipe import gather

__all__ = ["PLANS", "SecondSettings", "Tuned", "second", "split", "tune", "weighed"]

PLANS = ("2019", "2024")  # those that public texts are labelled with
_HANGUL = re.compile("[가-힣]")
_PREFIX = "query: "  # as e5 was trained
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SecondSettings:
    """How the transformer is tuned and used; the defaults are those of the shipped one.

    ``layers``: kept of the pretrained ones, from below; ``frozen``: how many of them stay as they are. ``pieces``: read of a text.
    ``step``, ``most``: pieces and texts of a step at the most. ``rate``, ``head_rate``: of AdamW, for the layers and for the heads.
    ``doubt``: the model's off-plan probabilities between which a text is read again.
    """

    layers: int = 8
    frozen: int = 3
    pieces: int = 144
    epochs: int = 2
    step: int = 4096
    most: int = 64
    rate: float = 1e-4
    head_rate: float = 1e-3
    doubt: tuple[float, float] = (0.1, 0.9)
    seed: int = 0


@dataclass(frozen=True)
class Tuned:
    """A tuned transformer as it is saved: packed ``tensors``, ``pieces`` (a SentencePiece model), per plan weights and bias."""

    tensors: Mapping[str, NDArray[Any]]
    pieces: bytes
    n_heads: int
    heads: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]

    def transformer(self, settings: SecondSettings) -> Transformer:
        """Return what every-day use reads."""
        return Transformer(unpacked(self.tensors), self.pieces, self.n_heads, settings.pieces, _PREFIX)


def second(
    corpus: Path, external: Path, base: Path, output: Path, settings: SecondSettings = SecondSettings()
) -> SecondReading:
    """Tune the pretrained transformer in the file ``base``, weigh it beside the shipped model and write the folder ``output``.

    Raises:
        ModelError: the shipped model was trained on other texts than those in ``corpus`` and ``external``, or ``base`` is another file.
        MissingExtraError: torch, transformers or protobuf is not installed.
    """
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    examples = gather(corpus, external, plans)
    known, held = split(examples)
    pretrained = read_pretrained(base, settings.layers)
    every = [body(examples[i]) for i in [*known, *held]]
    tuned = tune(pretrained, [examples[i] for i in known], every, plans, settings)
    return weighed(tuned, examples, held, plans, output, settings)


def split(examples: Sequence[Example]) -> tuple[list[int], list[int]]:
    """Return the places of the labelled texts to learn from, and of those in the first fold of cross-validation."""
    tested = [i for i, e in enumerate(examples) if e.origin in TESTED]
    folds = GroupKFold(Settings().n_folds, shuffle=True, random_state=0)
    _, fold = next(folds.split(tested, groups=[examples[i].family for i in tested]))
    held = {tested[k] for k in fold}
    return [i for i, e in enumerate(examples) if e.labels and i not in held], sorted(held)


def body(example: Example) -> str:
    """Return what is read of a text."""
    return normalise_aligned(example.document.body[: Settings().limit])[0]


def tune(
    pretrained: Pretrained,
    examples: Sequence[Example],
    bodies: Sequence[str],
    plans: Mapping[str, Plan],
    settings: SecondSettings = SecondSettings(),
) -> Tuned:
    """Tune with one linear head a plan: summed cross-entropies, AdamW, one cycle of the learning rate.

    There is no dropout inside the layers: its random numbers take as long as the rest.

    Args:
        pretrained: where it starts.
        examples: labelled texts.
        bodies: their normalised texts, and behind them others whose pieces stay in the vocabulary.
        plans: one head each.
        settings: sizes and rates.
    """
    try:
        import torch
        from transformers import BertConfig, BertModel
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "neural") from error
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    pieces, rows = _vocabulary(pretrained, bodies)
    word = "embeddings.word_embeddings.weight"
    tensors = {**pretrained.tensors, word: pretrained.tensors[word][rows]}
    config = BertConfig(
        vocab_size=len(rows),
        hidden_size=tensors[word].shape[1],
        num_hidden_layers=sum(name.endswith("intermediate.dense.bias") for name in tensors),
        num_attention_heads=pretrained.n_heads,
        intermediate_size=len(tensors["encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(tensors["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(tensors["embeddings.token_type_embeddings.weight"]),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model: Any = BertModel(config, add_pooling_layer=False)
    model.set_attn_implementation("eager")  # the fused one takes twice as long in bfloat16
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    model.requires_grad_(False)
    model.encoder.layer[settings.frozen :].requires_grad_(True)
    learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
    exact = {
        name: p.detach().clone() for name, p in learning.items()
    }  # rounded ones would lose the small steps
    if torch.cpu.get_capabilities().get(
        "amx_bf16"
    ):  # several times faster there, many times slower elsewhere
        model.bfloat16()
    sizes = {name: len(plan.leaves) + 1 for name, plan in plans.items()}
    tops: Any = torch.nn.ModuleDict({n: torch.nn.Linear(config.hidden_size, k) for n, k in sizes.items()})
    reader = Transformer(tensors, pieces, pretrained.n_heads, settings.pieces, _PREFIX)
    ids = [reader.ids(text) for text in bodies[: len(examples)]]
    targets = {
        name: tuple(map(torch.from_numpy, soft_targets(examples, plan, 0.3))) for name, plan in plans.items()
    }
    weight = torch.tensor([min(e.weight, 2.0) for e in examples], dtype=torch.float32)
    groups = [
        {"params": [p for p in exact.values() if p.dim() > 1]},
        {"params": [p for p in exact.values() if p.dim() == 1], "weight_decay": 0.0},
        {"params": tops.parameters(), "lr": settings.head_rate},
    ]
    optimiser = torch.optim.AdamW(groups, lr=settings.rate, weight_decay=0.01)
    steps = [batch for _ in range(settings.epochs) for batch in _batches(ids, rng, settings)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [settings.rate, settings.rate, settings.head_rate],
        total_steps=len(steps) + 1,
        pct_start=0.1,
        anneal_strategy="linear",
    )
    for batch in tqdm(steps, desc="다시 읽기 학습", unit="걸음", file=sys.stderr, mininterval=10):
        found = torch.nn.functional.dropout(_means(torch, model, [ids[i] for i in batch]), 0.1)
        share, loss = weight[batch], torch.zeros(())
        for name, (target, labelled) in targets.items():
            errors = -(target[batch] * torch.log_softmax(tops[name](found), -1)).sum(1)
            loss = loss + (errors * labelled[batch] * share).sum() / share.sum()
        loss.backward()
        for name, rounded in learning.items():
            exact[name].grad, rounded.grad = rounded.grad.float(), None
        torch.nn.utils.clip_grad_norm_(exact.values(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        with torch.no_grad():
            for name, rounded in learning.items():
                rounded.copy_(exact[name])
    changed = {name: p.numpy() for name, p in exact.items()}
    heads = {
        name: (top.weight.detach().numpy().T.copy(), top.bias.detach().numpy()) for name, top in tops.items()
    }
    return Tuned(_packed(tensors, changed, settings.pieces), pieces, pretrained.n_heads, heads)


def _vocabulary(pretrained: Pretrained, bodies: Sequence[str]) -> tuple[bytes, list[int]]:
    """Return a SentencePiece model of the pieces in the texts and all that hold Hangul, and their rows."""
    width = len(pretrained.tensors["embeddings.word_embeddings.weight"])
    from sentencepiece import SentencePieceProcessor

    whole = SentencePieceProcessor(model_proto=piece_model(pretrained.pieces))
    seen = {i for one in whole.encode([plain(_PREFIX + text) for text in bodies]) for i in one}
    seen |= {i for i, (piece, _) in enumerate(pretrained.pieces) if _HANGUL.search(piece)}
    rows = [*range(4), *sorted(i for i in seen if 4 <= i < width)]
    return piece_model([pretrained.pieces[i] for i in rows]), rows


def _packed(
    tensors: Mapping[str, NDArray[np.float32]], changed: Mapping[str, NDArray[np.float32]], n_places: int
) -> dict[str, NDArray[Any]]:
    """Return the weights to save: what was tuned in eight bits, since its changes are smaller than a step of four."""
    found: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        if name.startswith("embeddings.word") or any(name.endswith(f"{part}.weight") for part in PARTS):
            found |= packed(name, changed.get(name, tensor), 8 if name in changed else 4)
        elif name.startswith("embeddings.position"):
            found[name] = tensor[:n_places].astype(np.float16)
        else:
            found[name] = changed.get(name, tensor).astype(np.float32)
    return found


def _batches(
    ids: Sequence[Sequence[int]], rng: np.random.Generator, settings: SecondSettings
) -> list[list[int]]:
    """Return one epoch's steps: texts of like length together, in random order."""
    lengths = np.array([len(one) for one in ids])
    order = rng.permutation(len(ids))
    found: list[list[int]] = []
    for start in range(0, len(order), 20 * settings.most):
        block = order[start : start + 20 * settings.most]
        batch: list[int] = []
        for i in block[np.argsort(lengths[block], kind="stable")].tolist():
            if batch and ((len(batch) + 1) * lengths[i] > settings.step or len(batch) == settings.most):
                found.append(batch)
                batch = []
            batch.append(i)
        found.append(batch)
    return [found[i] for i in rng.permutation(len(found)).tolist()]


def _means(torch: Any, model: Any, ids: Sequence[Sequence[int]]) -> Any:
    """Return the (n texts x width) mean hidden states."""
    longest = max(map(len, ids))
    table, mask = torch.zeros(len(ids), longest, dtype=torch.long), torch.zeros(len(ids), longest)
    for row, one in enumerate(ids):
        table[row, : len(one)], mask[row, : len(one)] = torch.tensor(one), 1.0
    states = model(input_ids=table, attention_mask=mask.long()).last_hidden_state.float()
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def weighed(
    tuned: Tuned,
    examples: Sequence[Example],
    held: Sequence[int],
    plans: Mapping[str, Plan],
    output: Path,
    settings: SecondSettings = SecondSettings(),
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
    reading = SecondReading(model.id, settings.doubt, transformer, {})
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
        joined = np.column_stack(_both(reading, head, part, vectors))
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
    among, belongs = first_answers(first.probabilities[:, :-1], first.probabilities[:, -1])
    doubt = reading.doubtful(first.probabilities[:, -1])
    inside = first.truth < len(plan.leaves)
    both = doubt & inside
    temperature, leaf = fit_mixture(among[both], second_answers[both][:, :-1], first.truth[both])
    signals = np.column_stack([belongs, off_log_odds(second_answers)])
    slopes, intercept = fit_gate(signals[doubt], inside[doubt], np.ones(int(doubt.sum())))
    head = replace(head, leaf=(1.0 / temperature, leaf), slopes=(slopes[0], slopes[1]), intercept=intercept)
    leaves, off = _both(reading, head, first, vectors)
    accepted = [e.accepted(plan.id) for e in texts]
    safe = with_thresholds(model_head, plan, leaves, off, accepted, Settings().promised)
    return replace(head, settle=safe.settle, settle_off=safe.settle_off, settle_above=dict(safe.settle_above))


def _both(
    reading: SecondReading, head: SecondHead, first: HeldOut, vectors: NDArray[np.float32]
) -> tuple[Floats, Floats]:
    """Return (n x leaves) and (n,) probabilities, joined where the first are in doubt."""
    leaves, off = first.probabilities[:, :-1].copy(), first.probabilities[:, -1].copy()
    doubt = reading.doubtful(off)
    leaves[doubt], off[doubt] = head.join((leaves[doubt], off[doubt]), head.log_probabilities(vectors[doubt]))
    return leaves, off
