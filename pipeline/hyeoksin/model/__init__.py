"""Models: heads and weights, and their safe folder."""

from hyeoksin.model.heads import Head, PlanHead
from hyeoksin.model.net import Net
from hyeoksin.model.second import SecondReading, load_second
from hyeoksin.model.store import FORMAT, Model, check_folder, load_model, save_model

__all__ = [
    "FORMAT",
    "Head",
    "Model",
    "Net",
    "PlanHead",
    "SecondReading",
    "check_folder",
    "load_model",
    "load_second",
    "save_model",
]
