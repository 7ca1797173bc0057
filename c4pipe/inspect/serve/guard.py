"""Protects the viewer from other web pages: which requests it answers, and what a browser may do with the answer.

Strangers wrote the pages of a corpus, and any page open in another tab: none may run scripts here, send requests or
read answers. Rebinding a name to 127.0.0.1 does not help them, for such a request names the wrong host.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses requests that no page of the viewer makes, and adds the headers to every answer."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = refusal(scope["method"], Headers(scope=scope), scope["server"][1])
        app = self._app if refused is None else PlainTextResponse(refused[1], refused[0])
        await app(scope, receive, guarded)


def refusal(method: str, headers: Mapping[str, str], port: int | None) -> tuple[int, str] | None:
    """The status and message for a refused request; None if it is accepted."""
    host = headers.get("host", "").lower()  # host names are case-insensitive (RFC 9110, 4.2.3)
    if host not in {f"{name}:{port}" for name in LOOPBACK} | (set(LOOPBACK) if port == 80 else set()):
        return 421, (
            f"This viewer answers at http://127.0.0.1:{port}/ and http://localhost:{port}/ only. "
            "Through a tunnel, use the same port at both ends.\n"
        )
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "").lower()
    if site not in (None, "same-origin", "none") and headers.get("sec-fetch-mode") != "navigate":
        return 403, "Another site requested this. The viewer only answers its own pages.\n"
    if method in ("GET", "HEAD"):
        return None
    # For the viewer's own forms browsers send "null", as its pages send no referrer; Sec-Fetch-Site identifies them.
    if site == "same-origin" and origin in ("", "null", f"http://{host}"):
        return None
    if site is None and origin == f"http://{host}":
        return None
    return 403, "Another site sent this form. Send it from the viewer's own page.\n"
