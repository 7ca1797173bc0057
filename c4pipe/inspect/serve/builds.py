"""The builds that a page of the viewer shows, and the builds that its link names.

    ?build=DIGEST  or, of a page about two corpora,  ?build=DIGEST-DIGEST

The first is of the displayed corpus, the second of the one it is compared with, each given by as many digits of the
sha256 of its manifest. A page whose link names a build other than the current one says so, every time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from c4pipe.shards import MANIFEST
from c4pipe.shards.sums import TICK, mark_of

BUILD_DIGITS = 16  # of the sha256 of a manifest, in links
_COMPARING = "/compare"  # prefix of the addresses about two corpora
_PAGE: ContextVar[PageBuilds] = ContextVar("page")


class SeenManifest(NamedTuple):
    """A manifest file as it was when it was read."""

    mark: tuple[int, ...] | None  # () if missing; None while it may change within a tick of the clock
    digest: str  # its sha256; "" if missing
    written: str = ""  # when it was written, "2024-05-22 10:11 UTC"

    @classmethod
    def of(cls, folder: Path) -> SeenManifest:
        """The current state."""
        try:
            mark = mark_of((folder / MANIFEST).stat())
            written = datetime.fromtimestamp(mark[1] / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")
            digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        except OSError:
            return cls((), "")
        return cls(mark if max(mark[1:3]) + TICK < time.time_ns() else None, digest, written)

    @property
    def told(self) -> str:
        """The description of the build for people."""
        return f"{self.written}, digest {self.digest[:BUILD_DIGITS]}" if self.digest else "none"

    def holds(self, folder: Path) -> bool:
        """Whether it is unchanged, as far as the file's metadata show."""
        if self.mark is None:
            return SeenManifest.of(folder).digest == self.digest
        try:
            return mark_of((folder / MANIFEST).stat()) == self.mark
        except OSError:
            return self.mark == ()


class BuildHistory:
    """What happened to corpora while their viewer was open."""

    def __init__(self) -> None:
        self.past = dict[str, SeenManifest]()  # digest of a build that was shown -> when it was made
        self.rebuilt = dict[Path, str]()  # for each folder whose corpus has changed, a sentence
        self.left_out = list[str]()  # notices about what is no longer available, shown on pages about two corpora
        self.news = list[str]()  # the same, for the next page of any kind


class PageBuilds:
    """The notices about builds for a page in preparation."""

    def __init__(self, address: str, build: str, path: str, seen: Mapping[Path, SeenManifest], history: BuildHistory):
        """`address` is that of the page without a build, "" if it has none, `build` the one in its link, and `seen` the
        open corpora, the displayed one first."""
        self._address, self._path, self._seen, self._history = address, path, seen, history
        self._named = build.split("-")
        self._shown, self._beside = [*seen][:1], ""

    @classmethod
    def asked(cls, scope: Scope, seen: Mapping[Path, SeenManifest], history: BuildHistory) -> PageBuilds:
        """Those for the page of a request; `page_builds` returns them from here on."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        rest = urlencode([pair for pair in query if pair[0] != "build"])
        host = Headers(scope=scope).get("host", "")
        address = f"{scope['scheme']}://{host}{quote(scope['path'])}?{rest}" if scope["method"] == "GET" else ""
        build = next((value for name, value in reversed(query) if name == "build"), "")
        found = cls(address, build, scope["path"], seen, history)
        _PAGE.set(found)
        return found

    def beside(self, folder: Path, name: str) -> None:
        """Adds the corpus in this folder, under that name, to the page."""
        self._shown, self._beside = [*self._shown[:1], folder], name

    @property
    def compared(self) -> Mapping[str, str]:
        """The name of the corpus compared with on this page -> the sha256 of its manifest."""
        digests = [self._seen[folder].digest for folder in self._shown[1:] if folder in self._seen]
        return {self._beside: digests[0]} if digests else {}

    @property
    def build(self) -> str:
        """The builds on the page, as its links name them."""
        seen = [self._seen[folder] for folder in self._shown if folder in self._seen]
        return "-".join(one.digest[:BUILD_DIGITS] for one in seen)

    @property
    def link(self) -> str:
        """The address of the page, with its builds; "" if it has none."""
        if not self._address:
            return ""
        return f"{self._address}{'' if self._address.endswith('?') else '&'}build={self.build}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The parameters of the address, without the builds."""
        return parse_qsl(urlsplit(self._address).query, keep_blank_values=True)

    def holds(self, named: str) -> bool:
        """Whether a page may be filled with data: all builds that it names are current, or it names none."""
        digests = [one.digest[:BUILD_DIGITS] for one in self._seen.values()]
        first, *others = named.split("-")
        return not named or (first == digests[0] and all(other in digests[1:] for other in others))

    @property
    def older(self) -> bool:
        """Whether the link names a build that is no longer the current one."""
        return any(self._others())

    def notices(self) -> list[str]:
        """Notices at the top of the page. Its links and address name its builds, so a user with an older build open is
        told on the next request; requests that name an old build are told every time."""
        rebuilt = self._history.rebuilt
        unnamed = self._shown[len(self._named) if self._named[0] else 0 :]
        found = [rebuilt[folder] for folder in unnamed if folder in rebuilt] + self._others()
        if self._path.startswith(_COMPARING):
            return [*found, *self._history.left_out]
        news, self._history.news = self._history.news, []
        return found + news

    def _others(self) -> list[str]:
        """A sentence for each build in the link that is no longer current."""
        said = []
        for number, (folder, named) in enumerate(zip(self._shown, self._named, strict=False)):
            now = self._seen.get(folder)
            if named and now and not now.digest.startswith(named):
                past = next((one.told for digest, one in self._history.past.items() if digest.startswith(named)), "")
                whose = f" of the corpus {folder}" if number else ""
                said.append(
                    f"This link was made from another build{whose} ({past or f'digest {named[:64]}'}). This page shows "
                    f"the current one ({now.told})."
                )
        return said


def page_builds() -> PageBuilds:
    """Those for the page in preparation."""
    return _PAGE.get(PageBuilds("", "", "", {}, BuildHistory()))
