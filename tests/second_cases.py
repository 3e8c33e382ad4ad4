"""A small transformer and a small second reading, made of random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hyeoksin.encoders.packed import unpacked
from hyeoksin.encoders.transformer import Transformer
from hyeoksin.model.second import LeadHead, SecondHead, SecondReading, save_second
from hyeoksin.plan import load_plan
from hyeoksin.training.pretrained import Pretrained, piece_model
from hyeoksin.training.tuning import _packed

WIDTH, N_HEADS, N_LAYERS, WIDE, N_PIECES = 64, 2, 2, 128, 24
PIECES = [
    ("<s>", 0.0),
    ("<pad>", 0.0),
    ("</s>", 0.0),
    ("<unk>", 0.0),
    *((piece, -1.0 - 0.01 * i) for i, piece in enumerate(["▁", "돌봄", "어르신", "민원", "서류", "행정", "개방", "데이터", "시청", "축제", "와", "을", "의", "가", "는"])),
    *((letter, -9.0) for letter in "돌봄어르신민원서류행정개방데이터시청축제하다query:"),
]  # fmt: skip


def pretrained(seed: int = 0) -> Pretrained:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(0.0, 0.1, shape).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": draw(len(PIECES), WIDTH) * 5,
        "embeddings.position_embeddings.weight": draw(40, WIDTH),
        "embeddings.token_type_embeddings.weight": draw(2, WIDTH),
        "embeddings.LayerNorm.weight": 1 + draw(WIDTH),
        "embeddings.LayerNorm.bias": draw(WIDTH),
    }
    for layer in range(N_LAYERS):
        sizes = {
            "attention.self.query": (WIDTH, WIDTH),
            "attention.self.key": (WIDTH, WIDTH),
            "attention.self.value": (WIDTH, WIDTH),
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (WIDE, WIDTH),
            "output.dense": (WIDTH, WIDE),
        }
        for part, shape in sizes.items():
            tensors[f"encoder.layer.{layer}.{part}.weight"] = draw(*shape) * 3
            tensors[f"encoder.layer.{layer}.{part}.bias"] = draw(shape[0])
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            tensors[f"encoder.layer.{layer}.{part}.weight"] = 1 + draw(WIDTH)
            tensors[f"encoder.layer.{layer}.{part}.bias"] = draw(WIDTH)
    return Pretrained(tensors, N_HEADS, PIECES)


def transformer() -> Transformer:
    made = pretrained()
    return Transformer(made.tensors, piece_model(made.pieces), N_HEADS, N_PIECES, "query: ")


def second_heads(**changed: float) -> Mapping[str, SecondHead]:
    rng = np.random.default_rng(1)
    heads = {}
    for plan in map(load_plan, ("2019", "2024")):
        head = SecondHead(
            sha256=plan.sha256,
            weights=rng.normal(0.0, 1.0, (WIDTH, len(plan.leaves) + 1)).astype(np.float32),
            bias=np.zeros(len(plan.leaves) + 1, np.float32),
            leaf=(0.8, 0.5),
            slopes=(0.7, -0.6),
            intercept=0.1,
            settle=0.9,
            settle_off=0.95,
            settle_above={"strategy": 0.8, "task": 0.85},
        )
        heads[plan.id] = replace(head, **changed)
    return heads


def lead_head(n_classes: int = 61, below: float = 0.9) -> LeadHead:
    rng = np.random.default_rng(2)
    weights = rng.normal(0.0, 1.0, (WIDTH, n_classes)).astype(np.float32)
    return LeadHead(weights, np.zeros(n_classes, np.float32), share=0.5, below=below, n_pieces=12)


def written_reading(folder: Path, beside: str, **changed: float) -> SecondReading:
    made = pretrained()
    tensors = _packed(made.tensors, {}, N_PIECES)
    own = Transformer(unpacked(tensors), piece_model(made.pieces), N_HEADS, N_PIECES, "query: ")
    reading = SecondReading(beside, (0.1, 0.9), own, second_heads(**changed), lead_head())
    return save_second(reading, tensors, piece_model(made.pieces), folder)
