"""Tune a pretrained transformer on labelled texts, with torch; what comes out is packed, and read with NumPy."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor
from tqdm import tqdm

from hyeoksin.corpus import Example
from hyeoksin.encoders.packed import packed, unpacked
from hyeoksin.encoders.transformer import PARTS, Transformer, plain
from hyeoksin.errors import MissingExtraError
from hyeoksin.plan import Plan
from hyeoksin.training.network import soft_targets
from hyeoksin.training.pretrained import Pretrained, piece_model

__all__ = ["Leads", "SecondSettings", "Tuned", "batches_of", "means", "trainable", "tune"]

_HANGUL = re.compile("[가-힣]")
_PREFIX = "query: "  # as e5 was trained
_WORD = "embeddings.word_embeddings.weight"
_LEADS = "leads"  # the head of the agencies, beside those of the plans
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SecondSettings:
    """How the transformer is tuned and used; the defaults are those of the shipped one.

    ``layers``: kept of the pretrained ones, from below; ``frozen``: how many of them stay as they are. ``pieces``: read of a text,
    ``lead_pieces`` where only its lead agency is learnt, whose error counts ``lead_share`` beside a plan's. ``step``, ``most``:
    pieces and texts of a step at the most. ``rate``, ``head_rate``: of AdamW, for the layers and for the heads.
    ``doubt``: the model's off-plan probabilities between which a text is read again; ``lead_doubt``: its probability of the likeliest
    agency below which it is, and ``lead_weight`` how much the second answer then counts.
    """

    layers: int = 12
    frozen: int = 4
    pieces: int = 192
    lead_pieces: int = 64
    lead_share: float = 0.3
    epochs: int = 2
    step: int = 4096
    most: int = 64
    rate: float = 1e-4
    head_rate: float = 1e-3
    doubt: tuple[float, float] = (0.1, 0.9)
    lead_doubt: float = 0.9
    lead_weight: float = 0.25
    seed: int = 0


@dataclass(frozen=True)
class Leads:
    """What teaches who leads: n texts without the names of agencies.

    ``whole`` and ``titles`` are the same texts, long and short; ``target`` (n,) their places among ``classes``, ``weight`` (n,).
    """

    classes: tuple[str, ...]
    whole: Sequence[str]
    titles: Sequence[str]
    target: NDArray[np.int64]
    weight: Floats


@dataclass(frozen=True)
class Tuned:
    """A tuned transformer as it is saved: packed ``tensors``, ``pieces`` (a SentencePiece model), weights and bias of the heads.

    ``heads`` are those of the plans by id, ``leads`` that of the agencies.
    """

    tensors: Mapping[str, NDArray[Any]]
    pieces: bytes
    n_heads: int
    heads: Mapping[str, tuple[Floats, Floats]]
    leads: tuple[Floats, Floats]

    def transformer(self, settings: SecondSettings) -> Transformer:
        """Return what every-day use reads."""
        return Transformer(unpacked(self.tensors), self.pieces, self.n_heads, settings.pieces, _PREFIX)


def tune(
    pretrained: Pretrained,
    examples: Sequence[Example],
    bodies: Sequence[str],
    plans: Mapping[str, Plan],
    leads: Leads,
    settings: SecondSettings = SecondSettings(),
) -> Tuned:
    """Tune with a linear head a plan and one of agencies: summed cross-entropies, AdamW, one cycle of the learning rate.

    There is no dropout inside the layers: its random numbers take as long as the rest. The texts of ``leads`` are spread over the
    steps of an epoch, as they are in the first and every second one, as titles in the others.

    Args:
        pretrained: where it starts.
        examples: labelled texts.
        bodies: their normalised texts, and behind them others whose pieces stay in the vocabulary.
        plans: one head each.
        leads: texts of agencies.
        settings: sizes and rates.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("torch", "neural") from error
    torch.manual_seed(settings.seed)
    pieces, rows = _vocabulary(pretrained, bodies)
    tensors = {**pretrained.tensors, _WORD: pretrained.tensors[_WORD][rows]}
    reader = Transformer(tensors, pieces, pretrained.n_heads, settings.pieces, _PREFIX)
    ids = [reader.ids(text) for text in bodies[: len(examples)]]
    lead_ids = [
        [reader.ids(text, settings.lead_pieces) for text in texts] for texts in (leads.whole, leads.titles)
    ]
    model = trainable(torch, tensors, pretrained.n_heads, settings.frozen)
    tops = torch.nn.ModuleDict(
        {name: torch.nn.Linear(reader.dimension, len(plan.leaves) + 1) for name, plan in plans.items()}
        | {_LEADS: torch.nn.Linear(reader.dimension, len(leads.classes))}
    )
    rng = np.random.default_rng(settings.seed)
    epochs = [batches_of(ids, rng, settings) for _ in range(settings.epochs)]
    steps = []
    for number, batches in enumerate(epochs):
        parts = np.array_split(rng.permutation(len(leads.target)), len(batches))
        steps += [
            (batch, part, [lead_ids[number % 2][i] for i in part.tolist()])
            for batch, part in zip(batches, parts, strict=True)
        ]
    changed = _descend(torch, model, tops, ids, examples, plans, leads, steps, settings)
    heads = {
        name: (top.weight.detach().numpy().T.copy(), top.bias.detach().numpy()) for name, top in tops.items()
    }
    lead_head = heads.pop(_LEADS)
    packed_tensors = _packed(tensors, changed, settings.pieces)
    return Tuned(packed_tensors, pieces, pretrained.n_heads, heads, lead_head)


def trainable(torch: Any, tensors: Mapping[str, Floats], n_heads: int, frozen: int) -> Any:
    """Return a torch model of the tensors whose layers from ``frozen`` on learn."""
    try:
        from transformers import BertConfig, BertModel
    except ModuleNotFoundError as error:
        raise MissingExtraError("transformers", "neural") from error
    config = BertConfig(
        vocab_size=len(tensors[_WORD]),
        hidden_size=tensors[_WORD].shape[1],
        num_hidden_layers=sum(name.endswith("intermediate.dense.bias") for name in tensors),
        num_attention_heads=n_heads,
        intermediate_size=len(tensors["encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(tensors["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(tensors["embeddings.token_type_embeddings.weight"]),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.set_attn_implementation("eager")  # the fused one takes twice as long in bfloat16
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    model.requires_grad_(False)
    model.encoder.layer[frozen:].requires_grad_(True)
    return model


def _descend(
    torch: Any,
    model: Any,
    tops: Any,
    ids: Sequence[Sequence[int]],
    examples: Sequence[Example],
    plans: Mapping[str, Plan],
    leads: Leads,
    steps: Sequence[tuple[Sequence[int], NDArray[np.int64], Sequence[Sequence[int]]]],
    settings: SecondSettings,
) -> dict[str, Floats]:
    """Minimise the summed cross-entropies; return the weights that changed, exact where the model rounds them."""
    learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
    exact = {name: p.detach().clone() for name, p in learning.items()}
    known = torch.cpu.get_capabilities()
    if known.get("amx_bf16") or known.get("avx512_bf16"):  # many times slower on other processors
        model.bfloat16()
    targets = {
        name: tuple(map(torch.from_numpy, soft_targets(examples, plan, 0.3))) for name, plan in plans.items()
    }
    agency, lead_weight = torch.from_numpy(leads.target), torch.from_numpy(leads.weight)
    weight = torch.tensor([min(e.weight, 2.0) for e in examples], dtype=torch.float32)
    groups = [
        {"params": [p for p in exact.values() if p.dim() > 1]},
        {"params": [p for p in exact.values() if p.dim() == 1], "weight_decay": 0.0},
        {"params": tops.parameters(), "lr": settings.head_rate},
    ]
    optimiser = torch.optim.AdamW(groups, lr=settings.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [settings.rate, settings.rate, settings.head_rate],
        total_steps=len(steps) + 1,
        pct_start=0.1,
        anneal_strategy="linear",
    )
    for batch, part, lead_ids in tqdm(
        steps, desc="다시 읽기 학습", unit="걸음", file=sys.stderr, mininterval=10
    ):
        found = torch.nn.functional.dropout(means(torch, model, [ids[i] for i in batch]), 0.1)
        share, loss = weight[batch], torch.zeros(())
        for name, (target, labelled) in targets.items():
            errors = -(target[batch] * torch.log_softmax(tops[name](found), -1)).sum(1)
            loss = loss + (errors * labelled[batch] * share).sum() / share.sum()
        if len(part):
            found = torch.nn.functional.dropout(means(torch, model, lead_ids), 0.1)
            errors = torch.nn.functional.cross_entropy(tops[_LEADS](found), agency[part], reduction="none")
            share = lead_weight[part]
            loss = loss + settings.lead_share * (errors * share).sum() / share.sum()
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
    return {name: p.numpy() for name, p in exact.items()}


def _vocabulary(pretrained: Pretrained, bodies: Sequence[str]) -> tuple[bytes, list[int]]:
    """Return a SentencePiece model of the pieces in the texts and all that hold Hangul, and their rows."""
    width = len(pretrained.tensors[_WORD])
    whole = SentencePieceProcessor(model_proto=piece_model(pretrained.pieces))
    seen = {i for one in whole.encode([plain(_PREFIX + text) for text in bodies]) for i in one}
    seen |= {i for i, (piece, _) in enumerate(pretrained.pieces) if _HANGUL.search(piece)}
    rows = [*range(4), *sorted(i for i in seen if 4 <= i < width)]
    return piece_model([pretrained.pieces[i] for i in rows]), rows


def _packed(
    tensors: Mapping[str, Floats], changed: Mapping[str, Floats], n_places: int
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


def batches_of(
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


def means(torch: Any, model: Any, ids: Sequence[Sequence[int]]) -> Any:
    """Return the (n texts x width) mean hidden states."""
    longest = max(map(len, ids))
    table, mask = torch.zeros(len(ids), longest, dtype=torch.long), torch.zeros(len(ids), longest)
    for row, one in enumerate(ids):
        table[row, : len(one)], mask[row, : len(one)] = torch.tensor(one), 1.0
    states = model(input_ids=table, attention_mask=mask.long()).last_hidden_state.float()
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
