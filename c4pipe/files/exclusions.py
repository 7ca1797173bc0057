"""Which pages lists exclude: entries are sorted hashes, looked up by the host and the address of a page.

    lists --Exclusions--> offence_of(url) -> "example.com (opt-out.txt)" | None

Lookups use `text.urls.url_key`, so either all copies of a page are excluded or none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from c4pipe.files.exclusion_lists import Form, ListEntry, entries_of, words_in
from c4pipe.files.lists import NamedList
from c4pipe.text import hash64
from c4pipe.text.hosts import address_of, parents_of

if TYPE_CHECKING:
    import numpy
    import numpy.typing

_MARKS = {Form.DOMAIN: ".", Form.HOST: "=", Form.URL: "/"}  # prefixed before hashing, so that forms never collide
SOFT_WORDS = 2  # so many soft words exclude a page
SPARSE = 4  # at most one of 2**SPARSE bits of the filter is set


class Exclusions:
    """The entries of all lists. A domain or URL takes 12 to 14 bytes: 8 of its hash, 2 of the number of its list, the
    rest of a filter. 64-bit hashes wrongly exclude one page in 1e13 for a million entries."""

    def __init__(self, lists: Iterable[tuple[str, Iterable[ListEntry]]]) -> None:
        """`lists`: the name of each and its entries; if two lists share an entry, the first one is named."""
        import numpy

        names, parts = [], []
        prefixes: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._soft: dict[str, str] = {}
        for name, entries in lists:
            hashes = []
            for form, text in entries:
                if form in _MARKS:
                    hashes.append(hash64(_MARKS[form] + text))
                else:
                    kept = {Form.PREFIX: prefixes, Form.WORD: self._words, Form.SOFT_WORD: self._soft}[form]
                    kept.setdefault(text, name)
            names.append(name)
            parts.append(numpy.array(hashes, dtype=numpy.uint64))
        self._names = names
        every = numpy.concatenate([numpy.empty(0, dtype=numpy.uint64), *parts])
        number = numpy.repeat(numpy.arange(len(parts), dtype=numpy.uint16), [len(part) for part in parts])
        self._hashes, first = numpy.unique(every, return_index=True)
        self._lists: numpy.typing.NDArray[numpy.uint16] = number[first]
        size = len(self._hashes).bit_length() + SPARSE
        self._shift = 64 - size
        bits = numpy.zeros(1 << size, dtype=bool)
        bits[self._hashes >> numpy.uint64(self._shift)] = True
        self._filter = numpy.packbits(bits, bitorder="little").tobytes()
        self._prefixes = _without_longer(prefixes)
        self._of_prefix = [prefixes[prefix] for prefix in self._prefixes]

    def offence_of(self, url: str) -> str | None:
        """The entry that excludes a page and, in brackets, its list; None for a page that is kept, or has no URL."""
        if not url:
            return None
        host, rest = address_of(url)
        return self._listed(host, rest) or self._begins(f"{host}{rest}/") or self._worded(host + rest)

    def _listed(self, host: str, rest: str) -> str | None:
        """By domain, by the whole host, by the whole address."""
        for name in parents_of(host):
            if (of := self._list_with(f".{name}")) is not None:
                return f"{name} ({of})"
        if (of := self._list_with(f"={host}")) is not None:
            return f"www.{host} ({of})"
        of = self._list_with(f"/{host}{rest}")
        return None if of is None else f"{host}{rest} ({of})"

    def _list_with(self, marked: str) -> str | None:
        """The list that has an entry. The bits of a filter rule most out in a tenth of the time."""
        value = hash64(marked)
        place = value >> self._shift
        if not self._filter[place >> 3] >> (place & 7) & 1:
            return None
        wanted = self._hashes.dtype.type(value)
        at = int(self._hashes.searchsorted(wanted))
        return self._names[self._lists[at]] if at < len(self._hashes) and self._hashes[at] == wanted else None

    def _begins(self, address: str) -> str | None:
        """By prefix. No stored prefix begins with another one, so only the last one that is not greater can match."""
        at = bisect_right(self._prefixes, address) - 1
        if at < 0 or not address.startswith(self._prefixes[at]):
            return None
        return f"{self._prefixes[at]}* ({self._of_prefix[at]})"

    def _worded(self, address: str) -> str | None:
        if not (self._words or self._soft):
            return None
        words = words_in(unquote(address, errors="replace"))
        for word in words:
            if word in self._words:
                return f"{word} ({self._words[word]})"
        soft = [word for word in dict.fromkeys(words) if word in self._soft][:SOFT_WORDS]
        if len(soft) < SOFT_WORDS:
            return None
        return f"{' + '.join(soft)} ({', '.join(dict.fromkeys(self._soft[word] for word in soft))})"


def _without_longer(prefixes: Iterable[str]) -> list[str]:
    """The sorted prefixes, less those that begin with another one."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept


class ReadLists(NamedTuple):
    """The contents of list files."""

    exclusions: Exclusions
    entries: dict[str, int]  # by the name of the list: the number of entries, invalid ones included
    strange: dict[str, list[str]]  # the invalid lines


@cache
def read_exclusions(lists: tuple[NamedList, ...]) -> ReadLists:
    """The entries of these files, read once per process. Raises AssetError as `entries_of`."""
    counts: dict[str, int] = {}
    strange: dict[str, list[str]] = {listed.name: [] for listed in lists}

    def counted(listed: NamedList) -> Iterator[ListEntry]:
        number = 0
        for entry in entries_of(listed, listed.path.read_bytes(), strange[listed.name]):
            number += 1
            yield entry
        counts[listed.name] = number + len(strange[listed.name])

    return ReadLists(Exclusions((listed.name, counted(listed)) for listed in lists), counts, strange)
