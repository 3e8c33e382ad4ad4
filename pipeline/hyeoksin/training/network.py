"""The network over dense vectors, trained with torch on all plans at once: what one plan's labels teach helps the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.errors import MissingExtraError
from hyeoksin.model.net import Net
from hyeoksin.plan import Plan

__all__ = ["NetSettings", "fit_net", "soft_targets"]

Floats = NDArray[np.float32]
_LEADS = "leads"  # a further output in training alone: who leads a text says something of what it is about


@dataclass(frozen=True, slots=True)
class NetSettings:
    """How the network is trained.

    ``hidden``: units; ``dropout``: share of units left out a step; ``scale``: factor on the unit vectors; ``rate``, ``decay``:
    of AdamW; ``heaviest``: the most that an example weighs; ``soft``: share of the target that goes to the codes which
    a coder also accepted; ``leads``: weight of the agency output.
    """

    hidden: int = 512
    dropout: float = 0.4
    scale: float = 6.0
    epochs: int = 15
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.01
    heaviest: float = 2.0
    soft: float = 0.3
    leads: float = 0.3
    seed: int = 0


def soft_targets(examples: Sequence[Example], plan: Plan, soft: float) -> tuple[Floats, Floats]:
    """Return (n x (leaves + 1)) target probabilities, off-plan last, and (n,) 1 where the example has a label.

    The first label gets ``1 - soft`` where others are acceptable too, else everything.
    """
    place = {leaf.code: i for i, leaf in enumerate(plan.leaves)} | {NONE: len(plan.leaves)}
    targets = np.zeros((len(examples), len(place)), np.float32)
    known = np.zeros(len(examples), np.float32)
    for i, example in enumerate(examples):
        if plan.id not in example.labels:
            continue
        known[i] = 1.0
        first, *rest = example.labels[plan.id] or (NONE,)
        also = {*rest, *(example.acceptable or {}).get(plan.id, ())} - {first}
        targets[i, place[first]] = 1.0 - (soft if also else 0.0)
        for code in also:
            targets[i, place[code]] += soft / len(also)
    return targets, known


def fit_net(
    vectors: Floats,
    examples: Sequence[Example],
    plans: Mapping[str, Plan],
    probe: Floats,
    settings: NetSettings = NetSettings(),
) -> Net:
    """Train on (n x d) vectors of the examples; those without any label of ``plans`` are passed over.

    Raises:
        MissingExtraError: torch is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("torch", "neural") from error
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    rows = np.flatnonzero([any(plan in e.labels for plan in plans) for e in examples])
    kept = [examples[i] for i in rows.tolist()]
    targets = {name: soft_targets(kept, plan, settings.soft) for name, plan in plans.items()}
    targets[_LEADS] = _lead_targets(kept, settings.leads)
    tensors = {name: tuple(map(torch.from_numpy, pair)) for name, pair in targets.items()}
    weight = torch.tensor([min(e.weight, settings.heaviest) for e in kept])
    inputs = torch.from_numpy(vectors[rows] * np.float32(settings.scale))
    body = torch.nn.Sequential(
        torch.nn.Dropout(settings.dropout / 2),
        torch.nn.Linear(vectors.shape[1], settings.hidden),
        torch.nn.ReLU(),
        torch.nn.Dropout(settings.dropout),
    )
    tops = torch.nn.ModuleDict(
        {name: torch.nn.Linear(settings.hidden, pair[0].shape[1]) for name, pair in targets.items()}
    )
    _descend(torch, body, tops, inputs, tensors, weight, settings)
    layer = body[1]
    return Net(
        hidden=_array(layer.weight.T) * np.float32(settings.scale),
        hidden_bias=_array(layer.bias),
        outputs={name: _array(tops[name].weight.T) for name in plans},
        biases={name: _array(tops[name].bias) for name in plans},
        probe=probe,
    )


def _array(tensor: Any) -> Floats:
    return np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)


def _lead_targets(examples: Sequence[Example], weight: float) -> tuple[Floats, Floats]:
    names = sorted({e.lead for e in examples if e.lead is not None})
    place = {name: i for i, name in enumerate(names)}
    targets = np.zeros((len(examples), max(len(names), 1)), np.float32)
    known = np.zeros(len(examples), np.float32)
    for i, example in enumerate(examples):
        if example.lead is not None:
            targets[i, place[example.lead]], known[i] = 1.0, weight
    return targets, known


def _descend(
    torch: Any,
    body: Any,
    tops: Any,
    inputs: Any,
    targets: Mapping[str, Any],
    weight: Any,
    settings: NetSettings,
) -> None:
    """Minimise the summed cross-entropies with AdamW and one cycle of the learning rate (Smith 2018)."""
    parameters = [*body.parameters(), *tops.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=settings.decay)
    n_steps = settings.epochs * -(-len(inputs) // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.rate, total_steps=n_steps, pct_start=0.1
    )
    for _ in range(settings.epochs):
        for batch in torch.randperm(len(inputs)).split(settings.batch):
            hidden, share = body(inputs[batch]), weight[batch]
            loss: Any = 0.0
            for name, (target, known) in targets.items():
                errors = -(target[batch] * torch.log_softmax(tops[name](hidden), -1)).sum(1)
                loss = loss + (errors * known[batch] * share).sum() / share.sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
