"""The viewer of the corpus that is in its folder now: one that was built anew, mended or removed from is opened again.

Each request looks at the file of the manifest first, and once more before its answer is sent: an answer that was made
while the corpus changed is made again. A page that is open says by a header of which build it is, so that its script
puts no numbers of another build into it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from c4pipe.errors import BuildError, C4Error
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.serve.rendering import environment
from c4pipe.shards import MANIFEST
from c4pipe.shards.sums import TICK, mark_of

BUILD_HEADER = "c4-build"  # what a script says of the page that it is on
BUILD_DIGITS = 16  # of the sha256 of a manifest, in links
_TRIES = 5  # of an answer, while the corpus changes under it
_REBUILT = "The corpus was built anew or changed since this page was made. Load the page again.\n"
_NOTICES: ContextVar[Callable[[], list[str]]] = ContextVar("notices")

MakeApp = Callable[[Corpus, str, bool], tuple[ASGIApp, list[str]]]


def notices() -> list[str]:
    """What the page that is being made has to say of the build it shows; each is said once, or of its link."""
    return _NOTICES.get(list)()


class OpenedCorpus(NamedTuple):
    """A viewer of a corpus as it was when it was opened."""

    app: ASGIApp
    digest: str  # sha256 of its manifest
    mark: tuple[int, ...] | None  # of that file; None while it may change within a tick of the clock

    @property
    def build(self) -> str:
        """What links call it."""
        return self.digest[:BUILD_DIGITS]


class Reopening:
    """A viewer that opens its corpus anew when it has changed."""

    def __init__(self, corpus: Corpus, make: MakeApp):
        """`make(corpus, digest, again)` is the viewer of a corpus, and what is to be said of it; `again` where there
        was one before, and what was given beside it may be of that one."""
        self._corpus, self._make = corpus, make
        self._lock, self._news = Lock(), list[str]()
        mark, digest = self._seen()
        self._opened = OpenedCorpus(make(corpus, digest, False)[0], digest, mark)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._opened.app(scope, receive, send)
            return
        for left in range(_TRIES - 1, -1, -1):
            try:
                opened = self._opened if self._is_as_opened() else await run_in_threadpool(self._reopen)
            except C4Error as error:
                await _away(self._corpus.folder, error)(scope, receive, send)
                return
            asked = Headers(scope=scope).get(BUILD_HEADER, opened.build)
            if asked != opened.build:
                await PlainTextResponse(_REBUILT, 409)(scope, receive, send)
                return
            _NOTICES.set(partial(self._said, _of_link(scope, opened)))
            repeats = left > 0 and scope["method"] in ("GET", "HEAD")
            answer = _Answer(send, partial(self._is_still, opened) if repeats else None)
            await opened.app(scope, receive, answer)
            if not answer.stale:
                return

    def _seen(self) -> tuple[tuple[int, ...] | None, str]:
        """The mark of the manifest, None where it may not hold yet, and its digest."""
        path = self._corpus.folder / MANIFEST
        try:
            mark = mark_of(path.stat())
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise BuildError(f"{path} cannot be read ({error.strerror or error}).") from None
        return (mark if max(mark[1:3]) + TICK < time.time_ns() else None), digest

    def _is_as_opened(self) -> bool:
        """Whether the manifest is the one that was opened, as far as a look at the file tells."""
        opened = self._opened
        try:
            if opened.mark is not None:
                return opened.mark == mark_of((self._corpus.folder / MANIFEST).stat())
            mark, digest = self._seen()
        except (OSError, BuildError):
            return False
        with self._lock:
            if self._opened is opened and digest == opened.digest:
                self._opened = opened._replace(mark=mark)
        return digest == opened.digest

    def _is_still(self, opened: OpenedCorpus) -> bool:
        """Whether that one is not out of date."""
        return self._opened.app is opened.app and self._is_as_opened()

    def _reopen(self) -> OpenedCorpus:
        """The viewer of the corpus that is there now. C4Error where none is, or it changes all the time."""
        with self._lock:
            for _ in range(_TRIES):
                mark, digest = self._seen()
                if digest == self._opened.digest:
                    self._opened = self._opened._replace(mark=mark)
                    return self._opened
                corpus = open_corpus(self._corpus.folder)._replace(elsewhere=self._corpus.elsewhere)
                if self._seen()[1] == digest:
                    app, said = self._make(corpus, digest, True)
                    before, self._opened = self._opened, OpenedCorpus(app, digest, mark)
                    self._news = [
                        f"The corpus in this folder was built anew or changed while the viewer was open. What you see "
                        f"from here on is of the one that is there now (digest {self._opened.build}, before "
                        f"{before.build}).",
                        *said,
                    ]
                    return self._opened
            raise BuildError(f"{self._corpus.folder} changes while it is opened.")

    def _said(self, of_link: list[str]) -> list[str]:
        news, self._news = self._news, []
        return of_link + news


class _Answer:
    """Sends an answer on, unless the corpus has changed before its first byte: then it is stale, and nobody gets it."""

    def __init__(self, send: Send, holds: Callable[[], bool] | None):
        self._send, self._holds, self.stale = send, holds, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._holds is not None:
            self.stale = not self._holds()
        if not self.stale:
            await self._send(message)


def _of_link(scope: Scope, opened: OpenedCorpus) -> list[str]:
    """What is to be said of a link that names the build it was made of."""
    (build,) = parse_qs(scope["query_string"].decode("latin-1")).get("build", [""])[-1:]
    if not build or opened.digest.startswith(build) or build.startswith(opened.digest):
        return []
    return [
        f"This link was made of another build (digest {build[:64]}); the corpus that is here now has {opened.build}."
    ]


def _away(folder: Path, error: C4Error) -> HTMLResponse:
    """A page that says why there is no corpus to show."""
    page = environment().get_template("away.html").render(folder=folder, says=str(error))
    return HTMLResponse(page, 503, headers={"Retry-After": "5"})
