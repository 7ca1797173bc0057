"""The viewer as an application: its addresses, its style sheet and script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.verdict import read_verdict
from c4pipe.inspect.seen import SeenPages
from c4pipe.inspect.serve.flowing import FlowView
from c4pipe.inspect.serve.guard import Guard
from c4pipe.inspect.serve.holding import HeldTexts
from c4pipe.inspect.serve.owning import Owners
from c4pipe.inspect.serve.viewer import Viewer

_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#14788f"/>'
    '<g stroke-width="1.5"><path d="M3.5 4.5h9m-9 7h6" stroke="#fff"/><path d="M3.5 8h9" stroke="#ffc9b0"/></g></svg>'
)


def make_app(
    corpus: Corpus, given: Sequence[Path] = (), run: Path | None = None, compared: Path | None = None
) -> Starlette:
    """The viewer of a corpus, for any ASGI server that listens on the loopback interface only.

    `run` is the folder of a training of which is said what it has read, `compared` that of a comparison with another
    corpus, whose verdict is shown. Errors of `SeenPages`, of `read_verdict` and of `CorpusVerdict.seen_from`.
    """
    seen = None if run is None else SeenPages(corpus, run)
    verdict = None if compared is None else read_verdict(compared).seen_from(corpus.digest)
    viewer = Viewer(corpus, given, seen, verdict)
    held = HeldTexts(viewer, corpus, seen)
    owners = Owners(viewer, corpus, given)
    routes = [
        Route("/", viewer.pages),
        Route("/counts", viewer.counts),
        Route("/page/{path:path}/{row}", viewer.page),
        Route("/step", viewer.step),
        Route("/holding", held.holding),
        Route("/text/{path:path}/{row}", viewer.text),
        Route("/stands/{path:path}/{row}", owners.stands),
        Route("/owner/{name}", owners.owner),
        Route("/owners", owners.owners),
        Route("/rule/{code}", viewer.rule),
        Route("/why", viewer.why, methods=["GET", "POST"]),
        Route("/export", viewer.export),
        Route("/flow", FlowView(viewer, corpus).flow),
        Route("/static/{name}", static),
    ]
    handlers: dict[Any, Any] = {
        HTTPException: viewer.refused,
        C4Error: viewer.wrong,
        duckdb.Error: viewer.unreadable,
    }
    return Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers=handlers)


async def static(request: Request) -> Response:
    """The style sheet, the script and the icon."""
    name = request.path_params["name"]
    if name == "icon.svg":
        return Response(_ICON, media_type="image/svg+xml")
    if name not in {path.name for path in _STATIC.iterdir()}:
        raise HTTPException(404)
    return Response((_STATIC / name).read_bytes(), media_type=_TYPES[Path(name).suffix])
