"""E-mail addresses, and public IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from c4pipe.text.characters import JOINED
from c4pipe.text.hosts import plain_host
from c4pipe.text.urls import domain_of

LONGEST_LOCAL, LONGEST_HOST = 64, 253  # characters; RFC 5321, 4.5.3.1; RFC 1035, 2.3.4

# The surroundings of an "@": the unquoted characters of RFC 5322, with letters of any script (RFC 6531).
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*\Z")
_ENCODED_LOCAL = re.compile(r"(?:[\w~+-]|%2[Bb])+(?:\.(?:[\w~+-]|%2[Bb])+)*\Z")  # in a query, with other characters
_HOST = re.compile(r"(?:[^\W_]+(?:-+[^\W_]+)*\.)+[^\W\d_][^\W_]*(?:-+[^\W_]+)*")

# An ASCII address begins after letters of scripts without blanks between words, and ends before them.
_ONE_JOINED = re.compile(f"[{JOINED}]")
_BEHIND_JOINED = re.compile(r"[!-~]+\Z")

# Each pattern begins with its first character and looks back from there, so that the search is fast.
_IPV4 = re.compile(rf"[0-9](?<![^\W{JOINED}].)(?<![.-].)[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}}(?![^\W{JOINED}]|-|\.\w)")
_IPV6 = re.compile(r"[23](?<![\w:.].)[0-9A-Fa-f]{3}:[0-9A-Fa-f:]*[0-9A-Fa-f:](?![\w:])")
_UNICAST = ipaddress.IPv6Network("2000::/3")  # everything that IANA has allocated
# After one of these words on its line, four numbers are something else.
_NUMBERED = re.compile(
    r"(?:\b(?:v|ver|version|release|build|firmware|chapter|section|clause|table|figure|rfc|oid"
    r"|versi(?:ón|one|e)|versão|wersj[aię]|верси[яию]|art(?:icle|ikel|icolo|igo|ículo|\.)?)|バージョン|§)[^\w\n\r\v\f\x1c-\x1e\x85\u2028\u2029]{0,3}\Z",
    re.IGNORECASE,
)
_PRODUCT = re.compile(r"(?<![\w./-])[A-Z][A-Za-z]*/\Z")  # "Firefox/12.0.0.1"
_PORT = re.compile(r":[1-9][0-9]{1,4}(?!\w|\.\w)")  # "8.8.4.4:443"
_WORD_BEFORE = 16  # characters that are read


def emails(text: str) -> Iterator[tuple[int, int]]:
    """The places of addresses whose domain ends in a public suffix, unlike `icon@2x.png`. The account of a server does
    not count, `git@github.com:foo/bar.git`. The sign may be `%40`, as in a URL."""
    done = 0
    for at, sign, pattern in _signs(text):
        first = max(done, at - LONGEST_LOCAL)
        behind = at + len(sign)
        last = behind + LONGEST_HOST
        if not text.isascii():
            first, last = _ascii_around(text, first, at, behind, last)
        local = pattern.search(text[first:at])
        host = _HOST.match(text, behind, last)
        if local and host and local[0].rpartition("/")[2] != "git" and _has_suffix(host[0]):
            done = host.end()
            yield first + local.start(), done


def _ascii_around(text: str, first: int, at: int, behind: int, last: int) -> tuple[int, int]:
    """The bounds of a possible address. If it is ASCII next to its "@", it is ASCII up to a letter of a script without
    blanks."""
    before = text[first:at]
    run = _BEHIND_JOINED.search(before)
    if run and run.start() and _ONE_JOINED.match(before, run.start() - 1):
        first += run.start()
    if text[behind : behind + 1].isascii() and (joined := _ONE_JOINED.search(text, behind, last)):
        last = joined.start()
    return first, last


def _signs(text: str) -> Iterator[tuple[int, str, re.Pattern[str]]]:
    """(place, spelling, what may precede it) of each "@", in order."""
    found = [(at, "@", _LOCAL) for at in _places(text, "@")]
    encoded = [(at, "%40", _ENCODED_LOCAL) for at in _places(text, "%40")]
    yield from sorted(found + encoded, key=lambda one: one[0]) if encoded else found


def _places(text: str, sign: str) -> Iterator[int]:
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


def ip_addresses(text: str) -> Iterator[tuple[int, int]]:
    """The places of public internet addresses. Four numbers of one digit each outside a URL and without a port, and
    those called a version or a section, are ambiguous and do not count."""
    for found in _IPV4.finditer(text) if text.count(".") > 2 else ():
        before = text[max(0, found.start() - _WORD_BEFORE) : found.start()]
        alone = not before.endswith("://") and not _PORT.match(text, found.end())
        short = len(found[0]) == len("1.2.3.4") and alone
        if not short and not _NUMBERED.search(before) and not _PRODUCT.search(before) and _is_public(found[0]):
            yield found.span()
    for found in _IPV6.finditer(text) if text.count(":") > 1 else ():
        written = found[0] if found[0].endswith("::") else found[0].rstrip(":")
        if _is_public(written):
            yield found.start(), found.start() + len(written)


@lru_cache(maxsize=1 << 12)
def _has_suffix(host: str) -> bool:
    registered = domain_of(plain_host(host)).registered
    return not registered.startswith(".") and not registered.endswith(".")


def _is_public(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and (address.version == 4 or address in _UNICAST)
