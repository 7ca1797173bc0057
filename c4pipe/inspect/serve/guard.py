"""What stands between the viewer and other web pages: whom it answers, and what a browser may do with the answer.

Pages of a corpus were written by strangers, and so is any page open in another tab: none may run here, ask here or
look in. Rebinding a name to 127.0.0.1 does not help them, for such a request names the wrong host.
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
    """Refuses requests that no page of the viewer makes, and puts the headers on every answer."""

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
    """The status and words for a request that is not answered; None for one that is."""
    host = headers.get("host", "").lower()  # names of hosts know no case (RFC 9110, 4.2.3)
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
    # A browser says null of the viewer's own forms, for its pages send no referrer; Sec-Fetch-Site tells those apart.
    if site == "same-origin" and origin in ("", "null", f"http://{host}"):
        return None
    if site is None and origin == f"http://{host}":
        return None
    return 403, "Another site sent this form. Send it from the viewer's own page.\n"
