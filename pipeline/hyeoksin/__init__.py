"""hyeoksin (혁신): tags Korean texts into the government-innovation plans and names the likely lead agencies.

The two calls that most programs need::

    from hyeoksin import Document, load_classifier
    predictions = load_classifier().classify([Document(id="1", title="찾아가는 이동 진료버스 운영")])
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hyeoksin.domain import Document, Prediction
from hyeoksin.errors import HyeoksinError

if TYPE_CHECKING:
    from hyeoksin.classifier import Classifier
    from hyeoksin.plan import Plan

__all__ = ["Document", "HyeoksinError", "Prediction", "__version__", "load_classifier"]

__version__ = "0.1.0"


def load_classifier(
    model: str | Path | None = None,
    plan: str | Path | Plan = "2019",
    workers: int = -1,
    others: bool = True,
    today: str | None = None,
    careful: bool = True,
) -> Classifier:
    """Load the shipped model, or the model folder ``model``, for a plan; see :func:`hyeoksin.classifier.load_classifier`.

    Args:
        model: a model folder; None: the shipped one.
        plan: its id (2019, 2020, 2022, 2024), a plan file, or a loaded plan.
        workers: Kiwi's threads (-1: one per core).
        others: whether the answers in the other shipped plans go into the record.
        today: the day at which texts without a date are read (ISO); None: the day of the call.
        careful: whether texts that the shipped model is in doubt of are read again, which takes several times as long.

    Raises:
        ModelError: the folder is no model, damaged, or made for another version of the plan.
        PlanError: the plan file has faults.
    """
    from hyeoksin import classifier

    return classifier.load_classifier(model, plan, workers, others, today, careful)
