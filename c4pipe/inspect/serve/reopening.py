"""The viewer of the current corpus in its folder: one that was rebuilt, repaired or removed from is opened again.

Each request checks the manifest file first, and again before its answer is sent: if the corpus changed meanwhile, the
answer is computed again. An open page sends the build that it shows in a header, so that its script inserts no numbers
of another build; and its script puts the build into its address and its links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from c4pipe.errors import BuildError, C4Error
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.serve.builds import BuildHistory, PageBuilds, SeenManifest
from c4pipe.inspect.serve.rendering import environment

BUILD_HEADER = "c4-build"  # in which a script sends the build of its page
_TRIES = 5  # for an answer, while the corpus keeps changing
_REBUILT = "The corpus was rebuilt or changed since this page was made. Reload the page.\n"

MakeApp = Callable[[Sequence[Corpus], str, bool], tuple[ASGIApp, list[str]]]


class OpenedCorpora(NamedTuple):
    """A viewer of corpora as they were when opened."""

    app: ASGIApp
    seen: tuple[SeenManifest, ...]  # of each corpus, the displayed one first

    @property
    def digests(self) -> list[str]:
        return [each.digest for each in self.seen]


class Reopening:
    """A viewer that opens its corpora again when one has changed."""

    def __init__(self, corpora: Sequence[Corpus], make: MakeApp):
        """`corpora` are the displayed one and those compared with. `make(corpora, digest, again)` returns their viewer,
        and notices about it; with `again` there was one before, and the further inputs may belong to that one."""
        self._corpora, self._make = corpora, make
        self._lock = Lock()
        self._folders, self._history = [corpus.folder for corpus in corpora], BuildHistory()
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
            builds = PageBuilds.asked(scope, dict(zip(self._folders, opened.seen, strict=True)), self._history)
            if not builds.holds(Headers(scope=scope).get(BUILD_HEADER, "")):
                await PlainTextResponse(_REBUILT, 409)(scope, receive, send)
                return
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
        """Stores the marks of files that can no longer change within a tick, so that checking their metadata is
        enough."""
        seen = self._look()
        with self._lock:
            if self._opened is opened and [each.digest for each in seen] == opened.digests:
                self._opened = opened._replace(seen=seen)

    def _is_still(self, opened: OpenedCorpora) -> bool:
        """Whether that one is still current."""
        return self._opened.app is opened.app and self._is_as_opened()

    def _reopen(self) -> OpenedCorpora:
        """The viewer of the current corpora. C4Error if the first is not one, or if one keeps changing."""
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
            raise BuildError(f"{self._corpora[0].folder} changed while it was being opened.")

    def _open(self) -> tuple[list[Corpus], list[str]]:
        """The corpora, without further ones that cannot be opened, and notices about these."""
        first, *others = self._corpora
        opened, said = [open_corpus(first.folder)._replace(elsewhere=first.elsewhere)], list[str]()
        for other in others:
            try:
                opened.append(open_corpus(other.folder)._replace(elsewhere=other.elsewhere))
            except C4Error as error:
                said.append(f"A corpus compared with this one is left out: {error}")
        return opened, said

    def _note(self, before: Sequence[SeenManifest], said: list[str]) -> None:
        """Records what has happened to the corpora since, one sentence each."""
        for number, (corpus, now, then) in enumerate(zip(self._corpora, self._opened.seen, before, strict=True)):
            if now.digest != then.digest and now.digest:
                name = f"The corpus {corpus.folder}" if number else "The corpus in this folder"
                self._history.rebuilt[corpus.folder] = (
                    f"{name} was rebuilt or changed while the viewer was open. This page shows the current one "
                    f"({now.told}); before, it was another ({then.told})."
                )
            self._history.past[then.digest] = then
        self._history.news, self._history.left_out = list(said), said


class _Answer:
    """Sends an answer, unless the corpus has changed before its first byte: then it is outdated, and is not sent."""

    def __init__(self, send: Send, holds: Callable[[], bool] | None):
        self._send, self._holds, self.stale = send, holds, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._holds is not None:
            self.stale = not self._holds()
        if not self.stale:
            await self._send(message)


def _away(folder: Path, error: C4Error) -> HTMLResponse:
    """A page that says why there is no corpus to show."""
    page = environment().get_template("away.html").render(folder=folder, says=str(error))
    return HTMLResponse(page, 503, headers={"Retry-After": "5"})
