"""The viewer as an application: its addresses, its style sheet and script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.verdict import CorpusVerdict, read_verdict
from c4pipe.inspect.seen import SeenPages
from c4pipe.inspect.serve.comparing import ComparedCorpora
from c4pipe.inspect.serve.domain_pages import DomainPages
from c4pipe.inspect.serve.everywhere import EveryPreset
from c4pipe.inspect.serve.flowing import FlowView
from c4pipe.inspect.serve.guard import Guard
from c4pipe.inspect.serve.holding import HeldTexts
from c4pipe.inspect.serve.later import AnswerStillMadeError
from c4pipe.inspect.serve.lists import Lists
from c4pipe.inspect.serve.losing import LossPages
from c4pipe.inspect.serve.owning import Owners
from c4pipe.inspect.serve.reopening import Reopening
from c4pipe.inspect.serve.repeating import RepeatPages
from c4pipe.inspect.serve.single import SinglePages
from c4pipe.inspect.serve.sql import SqlPage
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.serve.whynot import WhyNot
from c4pipe.inspect.serve.wording import WordPages
from c4pipe.tokenizer import NamedTokenizer

_STATIC = Path(__file__).parent / "static"
T = TypeVar("T")
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#14788f"/>'
    '<g stroke-width="1.5"><path d="M3.5 4.5h9m-9 7h6" stroke="#fff"/><path d="M3.5 8h9" stroke="#ffc9b0"/></g></svg>'
)


def make_app(
    corpus: Corpus,
    given: Sequence[Path] = (),
    run: Path | None = None,
    compared: Path | None = None,
    others: Sequence[Corpus] = (),
    tokenizer: NamedTokenizer | None = None,
) -> ASGIApp:
    """The viewer of a corpus, for any ASGI server that listens on the loopback interface only.

    `run` is the folder of a training run, for when it read each page; `compared` is that of a comparison with another
    corpus, whose verdict is shown; `others` are corpora to compare with page by page; `tokenizer` counts the tokens of
    domains. Raises the errors of `SeenPages`, `read_verdict` and `CorpusVerdict.seen_from`.
    """

    def opened(corpora: Sequence[Corpus], digest: str, again: bool) -> tuple[ASGIApp, list[str]]:
        corpus, *others = corpora
        beside, said = _Beside(corpus, digest, run, compared), list[str]()
        seen = beside.known(beside.seen, again, said)
        verdict = beside.known(beside.verdict, again, said)
        return _routed(Viewer(corpus, given, seen, verdict, digest), given, others, tokenizer), said

    return Guard(Reopening([corpus, *others], opened))


class _Beside(NamedTuple):
    """Inputs of the viewer other than the corpus."""

    corpus: Corpus
    digest: str
    run: Path | None
    compared: Path | None

    def seen(self) -> SeenPages | None:
        return None if self.run is None else SeenPages(self.corpus, self.run)

    def verdict(self) -> CorpusVerdict | None:
        return None if self.compared is None else read_verdict(self.compared).seen_from(self.digest)

    @staticmethod
    def known(ask: Callable[[], T], again: bool, said: list[str]) -> T | None:
        """What the viewer uses of them. They may not fit a reopened corpus, and are then left out with a notice."""
        try:
            return ask()
        except C4Error as error:
            if not again:
                raise
            said.append(f"Left out from here on: {error}")
            return None


def _routed(
    viewer: Viewer, given: Sequence[Path], others: Sequence[Corpus], tokenizer: NamedTokenizer | None
) -> Starlette:
    """The addresses of a viewer."""
    corpus, seen = viewer.corpus, viewer.seen
    lists, single, whynot = Lists(viewer), SinglePages(viewer), WhyNot(viewer)
    held = HeldTexts(viewer, corpus, seen)
    owners, domains = Owners(viewer, corpus, given), DomainPages(viewer, tokenizer)
    routes = [
        Route("/", lists.pages),
        Route("/counts", lists.counts),
        Route("/page", single.page),
        Route("/page/{path:path}/{row}", single.moved),
        Route("/step", lists.step),
        Route("/holding", held.holding),
        Route("/text", single.text),
        Route("/text/{path:path}/{row}", single.moved),
        Route("/stands", owners.stands),
        Route("/stands/{path:path}/{row}", single.moved),
        Route("/owner/{name}", owners.owner),
        Route("/owners", owners.owners),
        Route("/rule/{code}", whynot.rule),
        Route("/why", whynot.why, methods=["GET", "POST"]),
        Route("/export", lists.export),
        Route("/repeated", RepeatPages(viewer).repeated),
        *WordPages(viewer).routes,
        *domains.routes,
        *ComparedCorpora(viewer, others, given).routes,
        *SqlPage(viewer, domains.tokens).routes,
        *LossPages(viewer).routes,
        Route("/flow", FlowView(viewer).flow),
        *EveryPreset(viewer, given, others).routes,
        Route("/static/{name}", static),
    ]
    handlers: dict[Any, Any] = {
        HTTPException: viewer.refused,
        C4Error: viewer.wrong,
        duckdb.Error: viewer.unreadable,
        AnswerStillMadeError: viewer.still_made,
    }
    return Starlette(routes=routes, exception_handlers=handlers)


async def static(request: Request) -> Response:
    """The style sheet, the script and the icon."""
    name = request.path_params["name"]
    if name == "icon.svg":
        return Response(_ICON, media_type="image/svg+xml")
    if name not in {path.name for path in _STATIC.iterdir()}:
        raise HTTPException(404)
    return Response((_STATIC / name).read_bytes(), media_type=_TYPES[Path(name).suffix])
