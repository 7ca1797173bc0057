"""The viewer of the corpus that is in its folder now: one that was built anew, mended or removed from is opened again.

Each request looks at the file of the manifest first, and once more before its answer is sent: an answer that was made
while the corpus changed is made again. A page that is open says by a header of which build it is, so that its script
puts no numbers of another build into it; and its script names the build in its address and in its links.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

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

_LINK: ContextVar[str] = ContextVar("link")

MakeApp = Callable[[Sequence[Corpus], str, bool], tuple[ASGIApp, list[str]]]


def notices() -> list[str]:
    """What the page that is being made has to say of the build it shows."""
    return _NOTICES.get(list)()


def link_of_view() -> str:
    """The address of the page that is being made, with the build that it shows; "" where it has none to give."""
    return _LINK.get("")


class SeenManifest(NamedTuple):
    """The file of a manifest as it was when it was looked at."""

    mark: tuple[int, ...] | None  # () where there is none; None while it may change within a tick of the clock
    digest: str  # its sha256; "" where there is none
    written: str = ""  # when it was, "2024-05-22 10:11 UTC"

    @classmethod
    def of(cls, folder: Path) -> SeenManifest:
        """As it is now."""
        try:
            mark = mark_of((folder / MANIFEST).stat())
            written = datetime.fromtimestamp(mark[1] / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")
            digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        except OSError:
            return cls((), "")
        return cls(mark if max(mark[1:3]) + TICK < time.time_ns() else None, digest, written)

    @property
    def told(self) -> str:
        """What tells people which build it is."""
        return f"{self.written}, digest {self.digest[:BUILD_DIGITS]}" if self.digest else "none"

    def holds(self, folder: Path) -> bool:
        """Whether it is the same now, as far as a look at the file tells."""
        if self.mark is None:
            return SeenManifest.of(folder).digest == self.digest
        try:
            return mark_of((folder / MANIFEST).stat()) == self.mark
        except OSError:
            return self.mark == ()


class OpenedCorpora(NamedTuple):
    """A viewer of corpora as they were when they were opened."""

    app: ASGIApp
    seen: tuple[SeenManifest, ...]  # of each corpus, that which is shown first

    @property
    def digests(self) -> list[str]:
        return [each.digest for each in self.seen]

    @property
    def build(self) -> str:
        """What links call it."""
        return self.seen[0].digest[:BUILD_DIGITS]


class Reopening:
    """A viewer that opens its corpora anew when one has changed."""

    def __init__(self, corpora: Sequence[Corpus], make: MakeApp):
        """`corpora` are the one that is shown and those that it is held against. `make(corpora, digest, again)` is the
        viewer of them, and what is to be said of it; `again` where there was one before, and what was given beside it
        may be of that one."""
        self._corpora, self._make = corpora, make
        self._lock = Lock()
        self._rebuilt, self._news = "", list[str]()  # of the corpus that is shown; of all else, which is said once
        self._past = dict[str, SeenManifest]()  # digest of a build that was shown -> when it was made
        seen = self._look()
        self._opened = OpenedCorpora(make(corpora, seen[0].digest, False)[0], seen)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._opened.app(scope, receive, send)
            return
        for left in range(_TRIES - 1, -1, -1):
            try:
                opened = self._opened if self._is_as_opened() else await run_in_threadpool(self._reopen)
            except C4Error as error:
                await _away(self._corpora[0].folder, error)(scope, receive, send)
                return
            asked = Headers(scope=scope).get(BUILD_HEADER, opened.build)
            if asked != opened.build:
                await PlainTextResponse(_REBUILT, 409)(scope, receive, send)
                return
            _LINK.set(_with_build(scope, opened.build))
            _NOTICES.set(partial(self._said, _asked_build(scope), opened.seen[0]))
            repeats = left > 0 and scope["method"] in ("GET", "HEAD")
            answer = _Answer(send, partial(self._is_still, opened) if repeats else None)
            await opened.app(scope, receive, answer)
            if not answer.stale:
                return

    def _look(self) -> tuple[SeenManifest, ...]:
        return tuple(SeenManifest.of(corpus.folder) for corpus in self._corpora)

    def _is_as_opened(self) -> bool:
        """Whether all manifests are those that were opened."""
        opened = self._opened
        if not all(seen.holds(corpus.folder) for seen, corpus in zip(opened.seen, self._corpora, strict=True)):
            return False
        if any(seen.mark is None for seen in opened.seen):
            self._settle(opened)
        return True

    def _settle(self, opened: OpenedCorpora) -> None:
        """Notes the marks of files that do not change any more within a tick, so that a look at these is enough."""
        seen = self._look()
        with self._lock:
            if self._opened is opened and [each.digest for each in seen] == opened.digests:
                self._opened = opened._replace(seen=seen)

    def _is_still(self, opened: OpenedCorpora) -> bool:
        """Whether that one is not out of date."""
        return self._opened.app is opened.app and self._is_as_opened()

    def _reopen(self) -> OpenedCorpora:
        """The viewer of the corpora that are there now. C4Error where the first is none, or one keeps changing."""
        with self._lock:
            for _ in range(_TRIES):
                before, seen = self._opened, self._look()
                digests = [each.digest for each in seen]
                if digests == before.digests:
                    self._opened = before._replace(seen=seen)
                    return self._opened
                corpora, said = self._open()
                if [each.digest for each in self._look()] == digests:
                    app, more = self._make(corpora, digests[0], True)
                    self._opened = OpenedCorpora(app, seen)
                    self._note(before.seen, [*said, *more])
                    return self._opened
            raise BuildError(f"{self._corpora[0].folder} changes while it is opened.")

    def _open(self) -> tuple[list[Corpus], list[str]]:
        """The corpora, without those of the others that cannot be opened, and what is said of these."""
        first, *others = self._corpora
        opened, said = [open_corpus(first.folder)._replace(elsewhere=first.elsewhere)], list[str]()
        for other in others:
            try:
                opened.append(open_corpus(other.folder)._replace(elsewhere=other.elsewhere))
            except C4Error as error:
                said.append(f"A corpus that this one was held against is left out: {error}")
        return opened, said

    def _note(self, before: Sequence[SeenManifest], said: list[str]) -> None:
        """Notes what became of the corpora since, a sentence each."""
        changed = [
            f"{f'The corpus {corpus.folder}' if number else 'The corpus in this folder'} was built anew or changed "
            f"while the viewer was open. What you see is of the one that is there now ({now.told}); before there was "
            f"another ({then.told})."
            if now.digest != then.digest and now.digest
            else ""
            for number, (corpus, now, then) in enumerate(zip(self._corpora, self._opened.seen, before, strict=True))
        ]
        self._rebuilt = changed[0] or self._rebuilt
        self._past[before[0].digest] = before[0]
        self._news = [*filter(None, changed[1:]), *said]

    def _said(self, asked: str, shown: SeenManifest) -> list[str]:
        """What a page has to say first. Links of a page and its address name its build, so that whoever has an older
        one open is told with the next thing they ask for; as is, each time, who names none."""
        news, self._news = self._news, []
        if not asked:
            return [*filter(None, [self._rebuilt]), *news]
        if shown.digest.startswith(asked):
            return news
        past = next((seen.told for digest, seen in self._past.items() if digest.startswith(asked)), "")
        of = past or f"digest {asked[:64]}"
        here = f"What you see is of the one that is here now ({shown.told})."
        return [f"This link was made of another build ({of}). {here}", *news]


class _Answer:
    """Sends an answer on, unless the corpus has changed before its first byte: then it is stale, and nobody gets it."""

    def __init__(self, send: Send, holds: Callable[[], bool] | None):
        self._send, self._holds, self.stale = send, holds, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._holds is not None:
            self.stale = not self._holds()
        if not self.stale:
            await self._send(message)


def _asked_build(scope: Scope) -> str:
    """The build that a link names."""
    query: str = scope["query_string"].decode("latin-1")
    return parse_qs(query).get("build", [""])[-1]


def _with_build(scope: Scope, build: str) -> str:
    if scope["method"] != "GET":
        return ""
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = urlencode([(name, value) for name, value in asked if name != "build"] + [("build", build)])
    return f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}{quote(scope['path'])}?{query}"


def _away(folder: Path, error: C4Error) -> HTMLResponse:
    """A page that says why there is no corpus to show."""
    page = environment().get_template("away.html").render(folder=folder, says=str(error))
    return HTMLResponse(page, 503, headers={"Retry-After": "5"})
