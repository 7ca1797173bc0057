"""How many lines a text has."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4)  # of a page that falls each of several corpora asks
def count_lines(text: str) -> int:
    """Lines as `str.splitlines` cuts them, which is how the line rules see them."""
    if any(map(text.__contains__, _ODD_ASCII if text.isascii() else _ODD_BREAKS)):
        return len(text.splitlines())
    return text.count("\n") + (text[-1:] not in ("", "\n"))


_ODD_ASCII = "\r\x0b\x0c\x1c\x1d\x1e"
_ODD_BREAKS = _ODD_ASCII + "\x85\u2028\u2029"  # where it cuts beside "\n"
