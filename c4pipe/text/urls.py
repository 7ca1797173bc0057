"""What C4 derives from a URL: the key that deduplicates it, its registered domain, its split."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from functools import cache
from typing import NamedTuple

from c4pipe.page import Page

_SCHEME = re.compile(r"https?://(www\.)?")
_TRACKING = re.compile(r"\?(?:utm_|ref|feed).*")

# What signs a URL: AWS and Google (both versions), CloudFront, Azure's shared access signatures, plain tokens.
_SIGNING = re.compile(
    r"x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|signature|expires|policy|key-pair-id|sig|se|sp|sv|sr|st|spr|sks\w*"
    r"|skt|ske|skv|skoid|sktid|token|access_token|security-token|hdnea|hdnts|__token__",
    re.IGNORECASE,
)


def url_key(url: str) -> str:
    """The form in which two URLs count as one page (TFDS c4_utils.normalize_url).

    Removes a scheme and a `www.` behind it wherever they are, not only in front; a query that begins with a tracking
    parameter, up to the end of its line; then slashes at the end.

    >>> url_key("https://www.a.example/news/?utm_source=x")
    'a.example/news'
    """
    return _TRACKING.sub("", _SCHEME.sub("", url)).rstrip("/")


_HOST = re.compile(r"\s*(https?://)?(www\.)?([^/?#\s]*)(\S*)", re.IGNORECASE)


def listed_keys(url: str) -> tuple[str, ...]:
    """The keys of pages that a line of a URL list may mean: its own, and that of the address as crawlers write it.

    >>> listed_keys("HTTPS://WWW.A.example/News/"), listed_keys("http://a.example/x")
    (('HTTPS://WWW.A.example/News', 'a.example/News'), ('a.example/x',))
    """
    found = _HOST.match(url)
    plain = url if found is None else f"http://{found[3].lower()}{found[4]}"
    return tuple(dict.fromkeys((url_key(url), url_key(plain))))


@cache
def listed_domain(entry: str) -> str:
    """The registered domain that an entry of a list means, "" if it is none.

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


def stand_in(page: Page) -> str:
    """What represents a page where C4 decides by URL: its URL, or the MD5 of its text as read if it has none.

    So decisions never depend on a file's name or on a position in a file.
    """
    return page.url or page.text_md5


def as_read(page: Page) -> Page:
    """A page as a reader yields it: without a URL, it carries the MD5 of its text."""
    return page if page.url else page._replace(text_md5=f"{md5_number(page.text):032x}")


def public(url: str) -> str:
    """What may be published of a URL: no user, password, query or fragment, which may grant access.

    In a bucket a `?` may be part of a name: there a query is removed if it signs. Other paths are unchanged.

    >>> public("https://me:pass@host.example/a.wet.gz?X-Amz-Signature=1f2e"), public("gs://b/who?.wet"), public("a?b")
    ('https://host.example/a.wet.gz', 'gs://b/who?.wet', 'a?b')
    """
    scheme, is_url, rest = url.partition("://")
    if not is_url:
        return url
    host, slash, path = rest.partition("/")
    if not slash:  # a query may follow the host directly
        host, mark, query = rest.partition("?")
        path = mark + query
    name, _, query = path.partition("?")
    if scheme in ("http", "https"):
        path = name.partition("#")[0]
    elif any(_SIGNING.fullmatch(part.partition("=")[0]) for part in query.split("&")):
        path = name
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def hushed(text: str, url: str) -> str:
    """A text that quotes a URL, or a part of it, without what `public` removes from the URL.

    >>> hushed("s3://me:pass@b/x/** is not there", "s3://me:pass@b/x")
    's3://b/x/** is not there'
    """
    plain = public(url)
    if plain == url:
        return text
    host, _, path = url.partition("://")[2].partition("/")
    user = host.rpartition("@")[0]
    text = text.replace(url, plain).replace(f"{user}@", "") if user else text.replace(url, plain)
    asked = f"{host}/{path}".partition("?")[2]
    return text.replace(f"?{asked}", "").replace(asked, "") if asked and "?" not in plain else text


def unsigned(url: str) -> str:
    """A URL without its signature: equal if it is signed again. Only for hashing, since it may still hold secrets.

    >>> unsigned("https://host.example/get?file=a.wet&Expires=5&sig=x")
    'https://host.example/get?file=a.wet'
    """
    plain = public(url)
    if plain == url:
        return url
    asked = [part for part in urllib.parse.urlsplit(url).query.split("&") if part]
    left = [part for part in asked if not _SIGNING.fullmatch(part.partition("=")[0])]
    return plain + ("?" + "&".join(left) if left else "")


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


def is_public_suffix(host: str) -> bool:
    """Whether names of many owners are below a host: `co.uk`, `github.io`."""
    return not _extractor()(host, include_psl_private_domains=True).domain


def top_level_domains() -> frozenset[str]:
    """The last labels of all public suffixes, in lower case and ASCII: `com`, `uk`, `xn--p1ai`."""
    names = (suffix.rpartition(".")[2] for suffix in _extractor().tlds)
    return frozenset(name for name in names if name.isascii())
