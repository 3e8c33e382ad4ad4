"""The formats, and the terms of our own that stand beside SKOS."""

from __future__ import annotations

from rdflib import Namespace

__all__ = ["FORMATS", "HX"]

FORMATS = {".ttl": "turtle", ".jsonld": "json-ld"}
HX = Namespace("urn:x-hyeoksin:terms#")
