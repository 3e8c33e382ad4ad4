"""Two guards around the whole app: headers that tell the browser to load nothing foreign, and a limit of request bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CONTENT_SECURITY_POLICY", "SECURITY_HEADERS", "BodyLimit", "SecurityHeaders"]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the security headers to every answer; pages are never kept by caches, files under ``/static/`` are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cache = "public, max-age=3600" if scope["path"].startswith("/static/") else "no-store"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", cache)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self.app(scope, receive, answer)


class BodyLimit:
    """Chooses the limit of a request body by the beginning of the path; Starlette counts the bytes as they come.

    Args:
        limits: bytes by the beginning of the path; the longest beginning that fits counts ("" fits all).
        refuse: answers a request that says itself that its body is larger, before any of it is read.
    """

    def __init__(
        self, app: ASGIApp, limits: Mapping[str, int], refuse: Callable[[Request], Response]
    ) -> None:
        longest_first = sorted(limits.items(), key=lambda item: -len(item[0]))
        self.limited = [(start, size, RequestBodyLimitMiddleware(app, size)) for start, size in longest_first]
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        size, app = next((size, app) for start, size, app in self.limited if path.startswith(start))
        length = dict(scope.get("headers", ())).get(b"content-length", b"")
        if scope["type"] == "http" and length.isdigit() and int(length) > size:
            await self.refuse(Request(scope, receive))(scope, receive, send)
            return
        await app(scope, receive, send)
