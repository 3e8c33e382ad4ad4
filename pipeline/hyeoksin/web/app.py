"""The app: one store, one worker, the routers in a literal list."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from hyeoksin import __version__
from hyeoksin.store import ModelRow, Store, open_store
from hyeoksin.web import (
    about,
    coverage,
    desk,
    failures,
    health,
    jobs,
    keys,
    ledger,
    login,
    models,
    privacy_switch,
    rounds,
    users,
)
from hyeoksin.web.access import OldFormError, Unmasked
from hyeoksin.web.api.app import PREFIX, create_api
from hyeoksin.web.api.keys import Keyring, caller_of
from hyeoksin.web.desk.old_form import show_again
from hyeoksin.web.filler import Filler
from hyeoksin.web.headers import BodyLimit, SecurityHeaders
from hyeoksin.web.judge import Judge, JudgeSettings
from hyeoksin.web.languages import LanguageMiddleware
from hyeoksin.web.pages import Notices, environment
from hyeoksin.web.settings import Settings
from hyeoksin.web.throttle import Throttle
from hyeoksin.web.worker import Worker

__all__ = ["ROUTERS", "create_app"]

# One line per room; the order of the lines is the order of the routes.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    login.router,
    rounds.router,
    jobs.router,
    coverage.router,
    ledger.router,
    models.router,
    users.router,
    keys.router,
    about.router,
    privacy_switch.router,
    desk.router,
)


def _active(store: Store) -> ModelRow | None:
    """Return the model that answers, the installed one in the place of a shipped one that an upgrade took away."""
    row = store.active_model()
    if row is not None and row.replaced:
        from hyeoksin.lessons import follow_shipped

        follow_shipped(store)
        row = store.active_model()
    return row


def create_app(settings: Settings, store: Store | None = None, judge: Judge | None = None) -> FastAPI:
    """Return the app.

    Args:
        settings: what the person who starts the server decided.
        store: an open store; None opens (and migrates) ``settings.store``.
        judge: the classifiers; None makes them by the settings. They start and stop with the app.

    Raises:
        StoreError: the store cannot be opened.
    """
    opened = store or open_store(settings.store)
    active = _active(opened)
    folder = settings.model or (active.folder if active is not None else None)
    classifiers = judge or Judge(JudgeSettings(model=str(folder) if folder is not None else None))
    filler = Filler(opened)
    worker = Worker(
        opened,
        classifiers,
        settings.uploads,
        settings.max_rows,
        follow=settings.model is None,
        added=filler.wake,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        classifiers.start()
        worker.start()
        filler.wake()
        yield
        filler.halt()
        worker.halt()
        await run_in_threadpool(classifiers.stop)
        await run_in_threadpool(worker.join)
        await run_in_threadpool(filler.join, 10.0)
        if store is None:
            opened.close()

    app = FastAPI(
        title="hyeoksin",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.settings = settings
    app.state.store = opened
    app.state.worker = worker
    app.state.filler = filler
    app.state.judge = classifiers
    app.state.notices = Notices()
    app.state.unmasked = Unmasked(settings.unmask_minutes)
    app.state.throttle = Throttle(settings.rates)
    app.state.templates = environment()
    _guard(app, settings)
    app.mount("/static", StaticFiles(directory=str(files("hyeoksin.web").joinpath("static"))), name="static")
    app.state.keyring = Keyring(partial(caller_of, opened))
    # before the pages: a request of a program is not held against sixty of their paths first
    app.mount(
        PREFIX, create_api(classifiers, opened, app.state.keyring, app.state.throttle, settings.uploads)
    )
    for router in ROUTERS:
        app.include_router(router)
    failures.install(app)
    app.add_exception_handler(OldFormError, show_again)
    return app


def _guard(app: FastAPI, settings: Settings) -> None:
    """Put the layers around the app: size of a body, language, known hosts, headers (the last one is the outermost)."""
    app.add_middleware(
        BodyLimit,
        limits={
            "": settings.max_form_bytes,
            f"{PREFIX}/": sys.maxsize,  # it has a limit of its own, told in its own way
            "/uploads": settings.max_upload_bytes,
        },
        refuse=failures.too_large,
    )
    app.add_middleware(LanguageMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts))
    app.add_middleware(SecurityHeaders)
