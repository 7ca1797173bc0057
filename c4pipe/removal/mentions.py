"""Where a text mentions listed pages and domains. The time does not depend on the number of entries.

A mention begins with a *head*: a host, or the code of a page. Each head of a text is looked up; the text behind it is
compared with the listed addresses that begin with this head.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from c4pipe.removal.asked import Wishes

_AHEAD = r"(?<![\w.%-])"
_WORD = r"[\w%-]+(?:\.\w[\w%-]*)*"
_HEAD = re.compile(rf"{_AHEAD}(?:{_WORD}|[^\s\w.%-])")
_USUAL = re.compile(_AHEAD + _WORD)  # all heads but those of addresses such as `[::1]/x`
_BEHIND = re.compile(r"(?![\w%/-]|\.\w)")
_BEHIND_HOST = re.compile(r"(?![\w%-]|\.\w)")
_BEHIND_HOME = re.compile(r"(?![\w%/-]|\.\w)|/(?![^\s\"'<>`),;\]])")
_TAIL = re.compile(r"[^\s\"'<>`]*")
_SCHEME = re.compile(rf"{_AHEAD}https?://(?:www\.)?", re.IGNORECASE)
_LONGEST_SCHEME = len("https://www.")


class Mention(NamedTuple):
    """A place in a text."""

    start: int
    text: str


class Mentions:
    """Listed entries by their heads, all in lower case."""

    def __init__(self, asked: Wishes):
        pages = {key for key in asked.urls if "/" in key} | asked.codes.keys()
        self._pages = _by_head(pages)
        self._prefixes = _by_head(name for names in asked.prefixes.values() for name in names)
        self._homes = {key.lower() for key in asked.urls if "/" not in key}
        odd = any(_USUAL.match(head) is None for head in (*self._pages, *self._prefixes))
        self._heads = _HEAD if odd else _USUAL
        self._domains = {host.lower() for host in asked.domains}

    def pages(self, text: str) -> Iterator[Mention]:
        """URLs, by key or prefix, and codes; the URL of a home page only with its scheme, because its key is a host,
        which also appears for the host's other pages."""
        if not (self._pages or self._prefixes or self._homes):
            return
        done = 0
        for found in self._heads.finditer(text):
            if found.start() >= done and (mention := self._page(text, found.start(), found[0].lower(), done)):
                yield mention
                done = mention.start + len(mention.text)

    def sites(self, text: str) -> Iterator[Mention]:
        """Hosts that are listed as domains or are below one, by themselves or in a URL."""
        for found in _USUAL.finditer(text) if self._domains else ():
            if self._is_listed(found[0].lower()) and _BEHIND_HOST.match(text, found.end()):
                yield Mention(found.start(), found[0])

    def _is_listed(self, host: str) -> bool:
        below = ""
        while host not in self._domains:
            label, dot, host = host.partition(".")
            below += label
            if not dot or "%" in below:
                return False
        return True

    def _page(self, text: str, start: int, head: str, done: int) -> Mention | None:
        for at, name in ((start, head), (start + 4, head[4:]) if head.startswith("www.") else (start, head)):
            for length, keys in self._pages.get(name, {}).items():
                if text[at : at + length].lower() in keys and _BEHIND.match(text, at + length):
                    return Mention(start, text[start : at + length])
            for length, keys in self._prefixes.get(name, {}).items():
                if text[at : at + length].lower() in keys:
                    return Mention(start, text[start : _end(text, at + length)])
            if name in self._homes and _BEHIND_HOME.match(text, at + len(name)):
                for scheme in _SCHEME.finditer(text, max(done, at - _LONGEST_SCHEME), at):
                    if scheme.end() == at:
                        return Mention(scheme.start(), text[scheme.start() : at + len(name)])
        return None


def _by_head(names: Iterable[str]) -> Mapping[str, Mapping[int, set[str]]]:
    """head -> length -> names of this length, the shortest first."""
    found: dict[str, dict[int, set[str]]] = defaultdict(dict)
    for name in sorted(names, key=len):
        if head := _HEAD.match(name):
            found[head[0].lower()].setdefault(len(name), set()).add(name.lower())
    return found


def _end(text: str, start: int) -> int:
    tail = _TAIL.match(text, start)
    return start if tail is None else tail.end()
