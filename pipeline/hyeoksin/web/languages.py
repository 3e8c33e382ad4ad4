"""Korean first, English on demand: message ids are the Korean sentences, ``locale/en/*.po`` holds the English ones.

Babel reads the catalogues at start, so no compiled file stands in the package.
"""

from __future__ import annotations

import gettext as standard
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from hyeoksin.errors import HyeoksinError

__all__ = ["COOKIE", "LANGUAGES", "LanguageMiddleware", "current", "gettext", "marked", "ngettext", "told"]

LANGUAGES = {"ko": "한국어", "en": "English"}
COOKIE = "hyeoksin_language"

_current: ContextVar[str] = ContextVar("language", default="ko")


@cache
def _catalogue(language: str) -> standard.NullTranslations:
    if language == "ko":
        return standard.NullTranslations()
    whole = Catalog(locale=language)
    folder = files("hyeoksin.web").joinpath("locale", language)
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".po"):
            for message in read_po(BytesIO(file.read_bytes()), locale=language):
                if message.id:
                    whole.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


def current() -> str:
    """Return the language of the request (``ko`` outside of one)."""
    return _current.get()


def gettext(message: str) -> str:
    """Return the Korean message in the request's language."""
    return _catalogue(current()).gettext(message) if message else ""  # under "" stands the catalogue's header


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form for the number (Korean has one, English two)."""
    return one if current() == "ko" else _catalogue(current()).ngettext(one, many, number)


def told(error: HyeoksinError) -> str:
    """Return what an error says, in the request's language where the catalogue has it."""
    message = gettext(error.message)
    return message.format_map(error.values) if error.values else message


def marked(message: str) -> str:
    """Return the message as it is: a mark for the catalogue where the text is translated later."""
    return message


class LanguageMiddleware:
    """Sets the language of a request from its cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in its language."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cookie = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
        asked = cookie_parser(cookie.decode("latin-1")).get(COOKIE, "ko")
        token = _current.set(asked if asked in LANGUAGES else "ko")
        try:
            await self.app(scope, receive, send)
        finally:
            _current.reset(token)
