"""What C4 reads off a URL: the key that deduplicates it, its registered domain, its split."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import NamedTuple

_SCHEME = re.compile(r"https?://(www\.)?")
_TRACKING = re.compile(r"\?(?:utm_|ref|feed).*")


def url_key(url: str) -> str:
    """The form under which two URLs count as one page (TFDS c4_utils.normalize_url).

    The scheme and a `www.` behind it go wherever they stand, not only in front; so does a query that begins with
    a tracking parameter, up to the end of its line; then slashes at the end.

    >>> url_key("https://www.a.example/news/?utm_source=x")
    'a.example/news'
    """
    return _TRACKING.sub("", _SCHEME.sub("", url)).rstrip("/")


_HOST = re.compile(r"\s*(https?://)?(www\.)?([^/?#\s]*)(\S*)", re.IGNORECASE)


def listed_keys(url: str) -> tuple[str, ...]:
    """The keys of pages that a line of a list of URLs may mean: its own, and that of the address as crawlers write it.

    >>> listed_keys("HTTPS://WWW.A.example/News/"), listed_keys("http://a.example/x")
    (('HTTPS://WWW.A.example/News', 'a.example/News'), ('a.example/x',))
    """
    found = _HOST.match(url)
    plain = url if found is None else f"http://{found[3].lower()}{found[4]}"
    return tuple(dict.fromkeys((url_key(url), url_key(plain))))


@cache
def listed_domain(entry: str) -> str:
    """The registered domain that an entry of a list means, "" where it is none.

    >>> [listed_domain(entry) for entry in ("https://www.BBC.co.uk/", ".bbc.co.uk", "news.bbc.co.uk", "bbc")]
    ['bbc.co.uk', 'bbc.co.uk', '', '']
    """
    found = _HOST.match(entry)
    name = "" if found is None else found[3].lower().strip(".")
    return name if name and not name.endswith(".") and domain_of(name).registered == name else ""


def md5_number(text: str) -> int:
    """MD5 of the UTF-8 text as an integer of 128 bits: the hash behind every decision C4 makes by URL."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest(), "big")


def split_of(key: str) -> str:
    """The split of a page, from its `url_key`: one in a thousand is validation (TFDS c4.py, `_split_generators`)."""
    return "validation" if md5_number(key) % 1000 == 0 else "train"


class Domain(NamedTuple):
    """`news.bbc.co.uk` is the registered domain `bbc.co.uk` with the subdomain `news`."""

    registered: str
    subdomain: str


@cache
def _extractor():  # type: ignore[no-untyped-def]
    import tldextract

    # The snapshot of the public suffix list inside the pinned package: a worker never touches the network.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def domain_of(url: str) -> Domain:
    """The domain by the public suffix list; for an address without a suffix the name ends in a dot, as in TFDS."""
    parts = _extractor()(url)
    return Domain(f"{parts.domain}.{parts.suffix}", parts.subdomain)
