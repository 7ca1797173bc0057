"""What C4 reads off a URL: the key that deduplicates it, its registered domain, its split."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import NamedTuple

from c4pipe.page import Page

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


def md5_number(text: str) -> int:
    """MD5 of the UTF-8 text as an integer of 128 bits: the hash behind every decision C4 makes by URL."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest(), "big")


def split_of(key: str) -> str:
    """The split of a page, from its `url_key`: one in a thousand is validation (TFDS c4.py, `_split_generators`)."""
    return "validation" if md5_number(key) % 1000 == 0 else "train"


def stand_in(page: Page) -> str:
    """What stands for a page where C4 decides by URL: its URL, and where it has none the MD5 of its text as read.

    So no file's name, and no place in one, decides anything.
    """
    return page.url or page.text_md5


def as_read(page: Page) -> Page:
    """A page as a reader gives it: without a URL it bears the MD5 of its text."""
    return page if page.url else page._replace(text_md5=f"{md5_number(page.text):032x}")


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
