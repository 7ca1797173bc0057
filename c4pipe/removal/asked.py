"""What a removal request lists: URLs, domains and page codes.

    https://example.com/a/b   a page, and all pages that URL dedup treats as the same
    https://example.com/a/*   all pages whose URL begins so, as in `files.exclusion_lists`
    example.com               a domain and its subdomains, with and without `www.`, in Punycode and in its own script
    b30d4f59eb97517b          a page, by the code with which inspect and the rejected table name it as an owner: the
                              code stands for its URL

Lines that begin with `#`, and text after a blank and a `#`, are comments.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.errors import ConfigError
from c4pipe.files.exclusion_lists import Form, listed_url
from c4pipe.files.lists import list_file_lines
from c4pipe.text.hosts import address_of, authority_of, in_script, listed_host, parents_of, plain_host, without_www
from c4pipe.text.urls import is_public_suffix, listed_keys, url_key

BY_URL, BY_PREFIX, BY_DOMAIN, BY_CODE = "url", "prefix", "domain", "id"  # kinds of entries
OPTIONS = {BY_URL: "--urls", BY_PREFIX: "--urls", BY_DOMAIN: "--domains", BY_CODE: "--ids"}

_COMMENT = re.compile(r"(^|\s+)#.*")
_CODE = re.compile(r"[0-9a-f]{16}", re.IGNORECASE)
_OTHER = re.compile(r"[a-z][a-z0-9+.-]*:(?!//|\d)|[^/?#]*@", re.IGNORECASE)  # begins mailto:, tel:, an e-mail address
# Written so that nobody follows the link: hxxps://a.example, a[.]example, a(dot)example.
_DEFANGED = re.compile(r"hxxps?\b|[^/?#]*(?://)?[^/?#]*(?:[\[({]\.[\])}]|[\[({]dot[\])}]|\[:\])", re.IGNORECASE)
_PORT = re.compile(r"[^/?#]*:\d+/?")
_EXPECTED = {
    BY_URL: "neither a page URL, such as https://example.com/a/b, nor a URL prefix, "
    "such as https://example.com/a/*; list a domain with its subdomains (example.com) with --domains",
    BY_DOMAIN: "not a domain, such as example.com; list a page or a URL prefix with --urls",
    BY_CODE: "not the code of a page: 16 hexadecimal digits, as shown by inspect",
    "": "not a URL, domain or code of a page",
}


class Wish(NamedTuple):
    """One entry of a list."""

    kind: str  # BY_URL, BY_PREFIX, BY_DOMAIN or BY_CODE
    text: str  # as written in the list
    names: tuple[str, ...]  # URL keys, a URL prefix, a host or a code: any of them matches; the usual spelling is first

    @property
    def digest(self) -> str:
        """sha256 of its kind, a blank and its usual spelling: how logs identify it."""
        return hashlib.sha256(f"{self.kind} {self.names[0]}".encode()).hexdigest()


@dataclass(frozen=True)
class Wishes:
    """All entries, one for each spelling. Numbers are indexes into `wishes`."""

    wishes: tuple[Wish, ...]
    urls: Mapping[str, int]  # by URL key
    domains: Mapping[str, int]  # by host
    codes: Mapping[str, int]
    prefixes: Mapping[str, Mapping[str, int]]  # by host, then by prefix
    lines: int  # that were read

    @classmethod
    def of(cls, wishes: Sequence[Wish]) -> Wishes:
        merged: dict[tuple[str, str], Wish] = {}
        for wish in wishes:
            known = merged.setdefault((wish.kind, wish.names[0]), wish)
            merged[wish.kind, wish.names[0]] = known._replace(names=tuple(dict.fromkeys(known.names + wish.names)))
        once = tuple(merged.values())
        by: dict[str, dict[str, int]] = {BY_URL: {}, BY_PREFIX: {}, BY_DOMAIN: {}, BY_CODE: {}}
        for number, wish in enumerate(once):
            for name in wish.names:
                by[wish.kind].setdefault(name, number)
        prefixes: dict[str, dict[str, int]] = {}
        for name, number in by[BY_PREFIX].items():
            prefixes.setdefault(authority_of(name).host, {})[name] = number
        return cls(once, by[BY_URL], by[BY_DOMAIN], by[BY_CODE], prefixes, len(wishes))

    def by_host(self, host: str) -> list[int]:
        """The entries for a host or for a domain that contains it."""
        return [self.domains[name] for name in parents_of(plain_host(host)) if name in self.domains]

    def by_prefix(self, url: str) -> list[int]:
        """The entries that are a prefix of a URL's address."""
        host, rest = address_of(url)
        address, prefixes = f"{host}{rest}/", self.prefixes.get(host, {})
        cuts = (address[:length] for length in self._lengths.get(host, ()) if length <= len(address))
        return [prefixes[cut] for cut in cuts if cut in prefixes]

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """The lengths of the prefixes, by host."""
        return {host: sorted({*map(len, prefixes)}) for host, prefixes in self.prefixes.items()}

    @cached_property
    def homes(self) -> dict[str, int]:
        """The entries for the home page of a host, by host."""
        return {plain_host(key): number for key, number in self.urls.items() if not set(key) & set("/?#:")}


def read_asked(urls: Sequence[str], domains: Sequence[str], codes: Sequence[str], mixed: Sequence[str] = ()) -> Wishes:
    """The entries of these lists; in `mixed` lists the form of a line tells its kind.

    ConfigError for a line that is not an entry or is a public suffix, with its number, and for lists without any entry.
    """
    lists = [*((BY_URL, path) for path in urls), *((BY_DOMAIN, path) for path in domains)]
    lists += [*((BY_CODE, path) for path in codes), *(("", path) for path in mixed)]
    wishes = [wish for kind, path in lists for wish in _entries(kind, path)]
    if not wishes:
        raise ConfigError(f"{', '.join(path for _, path in lists)}: no entries. Expected one per line.")
    return Wishes.of(wishes)


def _entries(kind: str, path: str) -> Iterator[Wish]:
    option = OPTIONS.get(kind, "--prove")
    if not Path(path).is_file():
        raise ConfigError(f"{option} {path} is not a file. Expected a list, one entry per line.")
    for number, line in enumerate(list_file_lines(path, f"{option} {path}"), 1):
        if line := _COMMENT.sub("", line):
            wish = wish_of(kind or _kind(line), line)
            if wrong := _wrong(kind, line, wish):
                raise ConfigError(f"{option} {path}, line {number}: {line[:80]!r} {wrong}.")
            assert wish is not None
            yield wish


def _wrong(kind: str, line: str, wish: Wish | None) -> str:
    """What is wrong with a line, "" for an entry."""
    if _DEFANGED.match(line):
        return "is written so that it is not a link. Write https:// and a plain dot"
    if wish is None and (kind or _kind(line)) == BY_DOMAIN and _PORT.fullmatch(line):
        return "has a port. Leave out the port: a domain covers all ports"
    if wish is None:
        return f"is {_EXPECTED[kind]}"
    if wish.kind == BY_DOMAIN and is_public_suffix(wish.names[0]):
        return (
            "is a public suffix: domains of many owners end in it. List the domain of one owner, such as "
            f"example.{wish.names[0]}"
        )
    return ""


def _kind(line: str) -> str:
    if _CODE.fullmatch(line):
        return BY_CODE
    return BY_URL if "/" in line else BY_DOMAIN


def wish_of(kind: str, line: str) -> Wish | None:
    """The entry on a line of such a list; None if it is not one.

    >>> wish_of(BY_DOMAIN, "www.Bücher.example").names, wish_of(BY_URL, "https://a.example/x?utm_source=y").names
    (('xn--bcher-kva.example',), ('a.example/x',))
    """
    if kind == BY_CODE:
        return Wish(kind, line, (line.lower(),)) if _CODE.fullmatch(line) else None
    if kind == BY_URL and (_OTHER.match(line) or "*" in authority_of(line).host):
        return None
    if kind == BY_URL and line.endswith("*"):
        found = listed_url(line) if "/" in line else None
        return Wish(BY_PREFIX, line, (found.text,)) if found is not None and found.form is Form.PREFIX else None
    names = _domain(line) if kind == BY_DOMAIN else _keys(line)
    return Wish(kind, line, names) if names else None


def wishes_for(url: str) -> Iterator[Wish]:
    """All entries that match a URL, of every kind."""
    for key in found.names if (found := wish_of(BY_URL, url.removesuffix("*"))) else (url_key(url),):
        yield Wish(BY_URL, url, (key,))
    yield Wish(BY_CODE, url, (owner_of(page_priority(url)),))
    host, rest = address_of(url)
    address = f"{host}{rest}/"
    yield from (Wish(BY_PREFIX, url, (address[:end],)) for end in range(len(host) + 1, len(address) + 1))
    yield from (Wish(BY_DOMAIN, url, (name,)) for name in parents_of(authority_of(url).host))


def _domain(line: str) -> tuple[str, ...]:
    host = listed_host(re.sub(r"^(https?://|\*?\.)", "", line).removesuffix("/"))
    return (without_www(host),) if host else ()


def _keys(line: str) -> tuple[str, ...]:
    """The keys that a page's URL may have: with its host as written, in Punycode, and in its own script."""
    scheme, host, port, rest = authority_of(line)
    if not host or (not scheme and not listed_host(host)) or any(map(str.isspace, line)):
        return ()
    hosts = (host, *in_script(host))
    usual = (url_key(f"http://{name}{':' if port else ''}{port}{rest}") for name in hosts)
    found = tuple(dict.fromkeys((*usual, *listed_keys(line))))
    return found if all(found) else ()  # nothing matches a page without a URL
