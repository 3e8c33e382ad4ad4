"""What a person gets to see of a text: personal data masked unless they asked to see it, nothing that tricks the eye.

Every function (but the one for a beginning) keeps lengths, so evidence offsets hit the shown text as they hit the stored one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.privacy import masked, masked_document, masked_record, masked_start
from hyeoksin.web.access import Visitor

__all__ = ["harmless", "shown", "shown_document", "shown_record", "shown_start"]

# controls (but tab and line ends), line separators, and the marks that turn the reading direction around
_TRICKS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """Return the text with control and direction marks replaced by U+FFFD, one for one."""
    return _TRICKS.sub("\ufffd", text)


def shown(user: Visitor | None, text: str) -> str:
    """Return a text as this person may see it."""
    return harmless(text if user is not None and user.unmasked else masked(text))


def shown_start(user: Visitor | None, text: str, length: int) -> str:
    """Return the first ``length`` letters of a text as this person may see it."""
    return harmless(text[:length] if user is not None and user.unmasked else masked_start(text, length))


def shown_document(user: Visitor | None, document: Document) -> Document:
    """Return a document as this person may see it; forms and links take the item's number, never this id."""
    seen = document if user is not None and user.unmasked else masked_document(document)
    return Document(
        id=seen.id,
        text=harmless(seen.text),
        title=harmless(seen.title),
        source=harmless(seen.source),
        date=seen.date,
        region=seen.region,
        meta={harmless(name): harmless(value) for name, value in seen.meta.items()},
    )


def shown_record(user: Visitor | None, record: Mapping[str, Any], document: Document) -> dict[str, Any]:
    """Return a record as this person may see it; ``document`` is the stored one."""
    return dict(record) if user is not None and user.unmasked else masked_record(record, document.body)
