"""hyeoksin (혁신): tags Korean texts into the government-innovation plans and names the likely lead agencies.

The two calls that most programs need::

    from hyeoksin import Document, load_classifier
    predictions = load_classifier().classify([Document(id="1", title="찾아가는 이동 진료버스 운영")])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hyeoksin.domain import Document, Prediction
from hyeoksin.errors import HyeoksinError

if TYPE_CHECKING:
    from hyeoksin.classifier import Classifier

__all__ = ["Document", "HyeoksinError", "Prediction", "__version__", "load_classifier"]

__version__ = "0.1.0"


def load_classifier(model: str | None = None) -> Classifier:
    """Load the shipped model, or the model folder ``model``; see :func:`hyeoksin.classifier.load_classifier`."""
    from hyeoksin import classifier

    return classifier.load_classifier(model)
