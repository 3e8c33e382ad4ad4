"""What one request may hold at most."""

from __future__ import annotations

__all__ = [
    "BIGGEST",
    "JSON_TEXTS",
    "MAX_BYTES",
    "MAX_ID",
    "MAX_NOTE",
    "MAX_PAGE",
    "MAX_TEXT",
    "MAX_TEXTS",
    "MAX_TITLE",
]

BIGGEST = 2**53 - 1  # number that every JSON reader keeps
MAX_TEXTS = 1_000  # texts in one request
MAX_BYTES = 16 << 20  # of a body
JSON_TEXTS = 100  # texts that are answered as one JSON body; more come as JSON Lines
MAX_TEXT = 100_000  # characters of one text
MAX_TITLE = 1_000
MAX_ID = 200
MAX_NOTE = 2_000
MAX_PAGE = 200  # entries of one page of a list
