"""Hosts and addresses in one spelling: lower case, Punycode for names in other scripts, no user, no dot at the end."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

import idna

from c4pipe.text.urls import is_public_suffix, url_key

_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PARTS = re.compile(
    r"\s*(?:([a-z][a-z0-9+.-]*):)?//(?:[^/?#\\@]*@)?(\[[^\]/?#]*\]|[^/?#\\:\s]*)(?::(\d*))?(.*)",
    re.IGNORECASE | re.DOTALL,
)
# What a host may be: ASCII letters, digits, `-`, `_`, anything beyond ASCII, and `%` for what a crawler left encoded.
_NAME = re.compile(r"(?:[\w%-]|[^\x00-\x7f\s])+(?:\.(?:[\w%-]|[^\x00-\x7f\s])+)*")
_PORTS = {"http": "80", "https": "443"}


class Authority(NamedTuple):
    """The authority of a URL, by RFC 3986: `http://me@A.example:80/x?y` is ("http", "a.example", "", "/x?y")."""

    scheme: str  # in lower case, "" if none is written
    host: str  # as `plain_host` returns it, "" if there is none
    port: str  # "" for the scheme's default
    rest: str  # path, query and fragment, as written


def authority_of(url: str) -> Authority:
    """The parts of the URL; one without a scheme begins with its host."""
    found = _PARTS.fullmatch(url if _SCHEME.match(url) else f"//{url.lstrip()}")
    assert found is not None  # the pattern matches any text
    scheme = (found[1] or "").lower()
    port = found[3] or ""
    return Authority(scheme, plain_host(found[2]), "" if port == _PORTS.get(scheme) else port, found[4])


@lru_cache(maxsize=1 << 16)
def plain_host(name: str) -> str:
    """A host in its one spelling: IDN as UTS 46 and IDNA 2008 write it; what these reject, label by label.

    >>> plain_host("WWW.B%C3%BCcher.example."), plain_host("I❤.example")
    ('www.xn--bcher-kva.example', 'xn--i-7iq.example')
    """
    name = name.strip(".").lower()
    if name.isascii() and "%" not in name:
        return name
    name = unquote(name, errors="replace").lower().strip(".")
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        labels = re.split("[.。．｡]", unicodedata.normalize("NFKC", name))
        return ".".join(
            label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}" for label in labels
        )


def in_script(host: str) -> list[str]:
    """A host in its own script, as in IDNA 2008 and as in IDNA 2003; nothing for one in ASCII.

    >>> in_script("xn--strae-oqa.example"), in_script("a.example")
    (['straße.example'], [])
    """
    found = []
    with suppress(idna.IDNAError, UnicodeError):
        found.append(idna.decode(host))
    with suppress(UnicodeError):
        found.append(host.encode().decode("idna"))
    return [name for name in dict.fromkeys(found) if name != host]


def listed_host(entry: str) -> str:
    """The host that an entry of a list means, "" if it is none: one with a dot, of letters, digits, `-` and `_`.

    >>> listed_host("Example.com."), listed_host("Bücher.example"), listed_host("example.com:80"), listed_host("word")
    ('example.com', 'xn--bcher-kva.example', '', '')
    """
    name = entry.removesuffix(".")
    return plain_host(name) if "." in name and _NAME.fullmatch(name) else ""


def without_www(host: str) -> str:
    """A host without a `www.` in front, if what is left is a name with one owner: not for `www.gov.uk`.

    >>> without_www("www.bbc.co.uk"), without_www("www.gov.uk")
    ('bbc.co.uk', 'www.gov.uk')
    """
    bare = host.removeprefix("www.")
    return host if bare == host or "." not in bare or is_public_suffix(bare) else bare


def address_of(url: str) -> tuple[str, str]:
    """(host, rest) of a URL's key, which all its copies share: host as `plain_host`, less `www.`.

    >>> address_of("HTTPS://www.Bücher.example/A/?utm_source=x")
    ('xn--bcher-kva.example', '/A')
    """
    _, host, port, rest = authority_of(url_key(url))
    return host.removeprefix("www."), (f":{port}" if port and port not in _PORTS.values() else "") + rest.rstrip("/")


def parents_of(host: str) -> list[str]:
    """The host and the domains that contain it, the nearest first.

    >>> parents_of("a.b.example")
    ['a.b.example', 'b.example', 'example']
    """
    found = [host]
    while (at := host.find(".")) >= 0:
        host = host[at + 1 :]
        found.append(host)
    return found
