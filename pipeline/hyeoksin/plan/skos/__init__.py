"""Plans as SKOS (Turtle, JSON-LD): written with the links to other plans, read back without loss.

A plan is a ``skos:ConceptScheme``, a node a ``skos:Concept`` with its code as ``skos:notation``. What SKOS has no order or
word for (level, order of nodes and aliases, leads, the code behind an exclusion) stands beside it under ``hx:``; a file of
another origin does without: levels follow from the depth, the order from the notation.

Importing this package raises :class:`~hyeoksin.errors.MissingExtraError` where rdflib is not installed.
"""

from hyeoksin.errors import MissingExtraError

try:
    import rdflib as _rdflib  # noqa: F401 - only to say which extra is missing
except ModuleNotFoundError as error:
    raise MissingExtraError("rdflib", "skos") from error

from hyeoksin.plan.skos.checks import integrity
from hyeoksin.plan.skos.read import read_form, read_links
from hyeoksin.plan.skos.write import graph_of, write_skos

__all__ = ["graph_of", "integrity", "read_form", "read_links", "write_skos"]
