"""The web: pages for officers and a REST interface for programs.

Importing this package loads no framework: the process that judges texts imports from it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hyeoksin.web.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from hyeoksin.store import Store
    from hyeoksin.web.judge import Judge

__all__ = ["Settings", "create_app"]


def create_app(settings: Settings, store: Store | None = None, judge: Judge | None = None) -> FastAPI:
    """Return the app; see :func:`hyeoksin.web.app.create_app`."""
    from hyeoksin.web import app

    return app.create_app(settings, store, judge)
