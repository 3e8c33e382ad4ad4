"""The morpheme embedding's two trainings: title against body without labels, then texts against plan leaves.

Both move the vectors of a :class:`~hyeoksin.encoders.bag.MorphemeBag` and the weight of each morpheme, on one thread or
many with the same result up to rounding; the seed decides the order of the batches.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from hyeoksin.encoders.bag import MorphemeBag

__all__ = ["EmbedSettings", "Labelled", "train_on_labels", "train_on_pairs"]

Rows = Sequence[int]


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    """What the embedding's training can be told.

    ``limit``: characters read of a text; ``min_count``, ``max_keys``: the vocabulary; ``batch``: pairs a step, each the
    others' negatives; ``rate``, ``weight_rate``: Adam's steps for vectors and for log
    weights, ``label_rate`` that for vectors in the label stage; ``scale``: inverse
    temperature of the cosines; ``threshold``: the cosine with every leaf that an off-plan text should stay below.
    """

    limit: int = 700
    min_count: int = 3
    max_keys: int = 32_000
    batch: int = 512
    epochs: int = 3
    label_epochs: int = 2
    rate: float = 3e-3
    label_rate: float = 1e-3
    weight_rate: float = 5e-3
    scale: float = 20.0
    threshold: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Labelled:
    """Texts of one plan: ``rows`` of their bags, ``leaf`` the number of each one's leaf, -1 for off-plan.

    ``wordings`` are the bags of the leaves' own wordings: the anchors.
    """

    rows: Sequence[Rows]
    leaf: NDArray[np.int64]
    wordings: Sequence[Rows]


def train_on_pairs(
    bag: MorphemeBag, pairs: Sequence[tuple[Rows, Rows]], settings: EmbedSettings, progress: bool = False
) -> None:
    """Pull each title towards its body and away from the other bodies of the batch (Henderson et al. 2017)."""
    loss = MultipleNegativesRankingLoss(
        SentenceTransformer(modules=[bag], device="cpu"), scale=settings.scale
    )
    optimiser = _optimiser(bag, settings.rate, settings.weight_rate)
    for batch in _batches(len(pairs), settings.epochs, settings, progress):
        sides = [bag.features([pairs[i][side] for i in batch]) for side in (0, 1)]
        _step(optimiser, loss(sides, None))


def train_on_labels(
    bag: MorphemeBag,
    plans: Mapping[str, Labelled],
    pairs: Sequence[tuple[Rows, Rows]],
    settings: EmbedSettings,
    progress: bool = False,
) -> None:
    """Pull texts of a leaf towards its wording and towards each other, off-plan texts away from every leaf.

    Each step also sees a batch of pairs, so that the table does not forget the words that no labelled text has.
    """
    loss = MultipleNegativesRankingLoss(
        SentenceTransformer(modules=[bag], device="cpu"), scale=settings.scale
    )
    optimiser = _optimiser(bag, settings.label_rate, settings.weight_rate)
    longest = max(len(labelled.rows) for labelled in plans.values())
    mixed = _batches(len(pairs), 10**6, settings, progress=False)
    for batch in _batches(longest, settings.label_epochs, settings, progress):
        some = next(mixed)
        total = loss([bag.features([pairs[i][side] for i in some]) for side in (0, 1)], None)
        for labelled in plans.values():
            total = total + _label_loss(bag, labelled, batch % len(labelled.rows), settings)
        _step(optimiser, total)


def _label_loss(
    bag: MorphemeBag, labelled: Labelled, batch: NDArray[np.int64], settings: EmbedSettings
) -> torch.Tensor:
    texts = bag(bag.features([labelled.rows[i] for i in batch]))["sentence_embedding"]
    anchors = bag(bag.features(labelled.wordings))["sentence_embedding"]
    leaf = torch.from_numpy(labelled.leaf[batch])
    off = torch.full((len(batch), 1), settings.threshold)
    logits = settings.scale * torch.cat([texts @ anchors.T, off], dim=1)
    to_anchor = cross_entropy(logits, torch.where(leaf < 0, len(anchors), leaf))
    return to_anchor + _same_leaf_loss(texts, leaf, settings.scale)


def _same_leaf_loss(texts: torch.Tensor, leaf: torch.Tensor, scale: float) -> torch.Tensor:
    """Supervised contrastive loss (Khosla et al. 2020); off-plan texts are only ever negatives."""
    itself = torch.eye(len(texts), dtype=torch.bool)
    same = (leaf[:, None] == leaf[None, :]) & (leaf[:, None] >= 0) & ~itself
    logs = (scale * texts @ texts.T).masked_fill(itself, -1e9).log_softmax(dim=1)
    with_mates = same.any(dim=1)
    if not with_mates.any():
        return logs.sum() * 0.0
    means = (logs * same).sum(dim=1)[with_mates] / same.sum(dim=1)[with_mates]
    return -means.mean()


def _optimiser(bag: MorphemeBag, rate: float, weight_rate: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(
        [{"params": [bag.vectors], "lr": rate}, {"params": [bag.log_weights], "lr": weight_rate}]
    )


def _step(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _batches(n: int, epochs: int, settings: EmbedSettings, progress: bool) -> Iterator[NDArray[np.int64]]:
    """Yield shuffled batches of equal size; the remainder of an epoch waits for the next one's order."""
    rng = np.random.default_rng(settings.seed)
    size = min(settings.batch, n)
    for _ in tqdm(range(epochs), desc="임베딩", disable=not progress, file=sys.stderr):
        order = rng.permutation(n)
        for start in range(0, n - size + 1, size):
            yield order[start : start + size]
