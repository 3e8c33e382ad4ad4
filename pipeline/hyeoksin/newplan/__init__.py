"""A first model for a new plan, from wordings, carried decisions and a few new ones."""

from hyeoksin.newplan.basis import Basis, make_basis
from hyeoksin.newplan.carry import SCALE, Scale, carry, wording_shares
from hyeoksin.newplan.head import Taught, cold, teach, to_head
from hyeoksin.newplan.learn import Learnt, learn_plan, save_learnt

__all__ = [
    "SCALE",
    "Basis",
    "Learnt",
    "Scale",
    "Taught",
    "carry",
    "cold",
    "learn_plan",
    "make_basis",
    "save_learnt",
    "teach",
    "to_head",
    "wording_shares",
]
