"""Pages whose URLs differ from a listed one only in spelling. They are never removed, only reported.

Which URLs are the same page is decided by `text.urls.url_key`, in builds and in removals. People copy URLs with other
fragments, ports, letter cases and encodings: these pages are probably meant, but only the user can tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from c4pipe.removal.asked import BY_URL, Wish, Wishes
from c4pipe.removal.columns import hosts_of
from c4pipe.text.hosts import address_of, authority_of, plain_host
from c4pipe.text.urls import url_key

_TRAILING = "/.,;:!?'\")>]}*"  # behind a URL in a sentence
_SLASHES = re.compile("//+")


def spelling_key(url: str) -> str:
    """The same for URLs that differ only in spelling: without fragment, port, percent-encoding, letter case, doubled
    slashes, dot segments, and punctuation at the end. Looser than what `inspect --url` computes in SQL.

    >>> spelling_key("https://A.example:8443/b/..//M%C3%BCll.#top"), spelling_key("a.example/%7Ex?Q=1,")
    ('a.example/müll', 'a.example/~x?q=1')
    """
    _, host, _, rest = authority_of(url_key(url.strip().replace("\\", "/")))
    path, mark, query = unicodedata.normalize("NFC", unquote(rest.partition("#")[0])).partition("?")
    steps: list[str] = []
    for step in _SLASHES.sub("/", path).split("/")[1:]:
        if step == "..":
            del steps[-1:]
        elif step != ".":
            steps.append(step)
    return f"{host.removeprefix('www.')}{'/' if steps else ''}{'/'.join(steps)}{mark}{query}".rstrip(
        _TRAILING
    ).casefold()


class Near(NamedTuple):
    """Pages that differ from an entry only in spelling."""

    wish: Wish
    urls: frozenset[str]

    @property
    def prefix(self) -> str:
        """The entry that lists all of them with this one, such as `a.example/x*`; "" if there is none."""
        host, rest = address_of(self.wish.names[0])
        begin = host + rest.partition("#")[0]
        covered = rest and all("".join(address_of(url)).startswith(begin) for url in self.urls)
        return f"{begin}*" if covered and begin != host else ""


class Spellings:
    """Collects pages with the loose key of a listed URL that are not listed themselves."""

    def __init__(self, asked: Wishes):
        self._asked = asked
        self._numbers: dict[str, list[int]] = defaultdict(list)  # of entries, by loose key
        for number, wish in enumerate(asked.wishes):
            if wish.kind == BY_URL:
                self._numbers[spelling_key(wish.names[0])].append(number)
        self._hosts = {key.partition("/")[0].partition("?")[0] for key in self._numbers}
        self._found: dict[int, set[str]] = defaultdict(set)

    def add(self, urls: Any, listed: NDArray[np.bool_]) -> None:
        """Looks at a column of URLs, except the listed ones. Only URLs on the hosts of the entries take time."""
        if not self._numbers:
            return
        hosts = hosts_of(urls)
        names = pc.unique(hosts).to_pylist()
        ours = [name for name in names if name and plain_host(name).removeprefix("www.").casefold() in self._hosts]
        mine = pc.is_in(hosts, pa.array(ours, pa.string())).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(mine & ~listed).tolist():
            url = urls[row].as_py()
            for number in self._numbers.get(spelling_key(url), ()):
                self._found[number].add(url)

    def near(self) -> Mapping[int, Near]:
        """By the number of the entry."""
        wishes = self._asked.wishes
        return {number: Near(wishes[number], frozenset(self._found[number])) for number in sorted(self._found)}
