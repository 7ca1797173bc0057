"""Columns of URLs: their keys and hosts, without a loop over the rows."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc


def keys_of(urls: Any) -> Any:
    """`text.urls.url_key` of a column: both regular expressions stop at a newline, in RE2 as in Python."""
    urls = pc.replace_substring_regex(urls, r"https?://(www\.)?", "")
    return pc.utf8_rtrim(pc.replace_substring_regex(urls, r"\?(?:utm_|ref|feed).*", ""), "/")


def hosts_of(urls: Any) -> Any:
    """The hosts of a column of URLs, as written."""
    found = pc.extract_regex(urls, r"^\s*(?:(?i:[a-z][a-z0-9+.-]*):)?(?://)?(?:[^/?#@]*@)?(?P<host>[^/?#:]*)")
    return pc.struct_field(found, "host")
