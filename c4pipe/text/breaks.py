"""How many lines a text has."""

from __future__ import annotations

# The two texts counted last with their lines, newest first: replaced as one tuple, so that threads see all or none.
_known = [("", 0, "", 0)]


def count_lines(text: str) -> int:
    """Lines as `str.splitlines` cuts them, which is how the line rules see them. The two most recent texts, such as
    those before and after a stage, are recognised by identity: a cache lookup by hash would take a third of the time
    of counting."""
    later, lines, earlier, lines_before = _known[0]
    if later is text:
        return lines
    return lines_before if earlier is text else know_lines(text, _count(text))


def know_lines(text: str, lines: int) -> int:
    """Records a text's number of lines for `count_lines`, for callers that have walked its lines anyway; returns it."""
    later, lines_of_it, *_ = _known[0]
    _known[0] = text, lines, later, lines_of_it
    return lines


def _count(text: str) -> int:
    if any(map(text.__contains__, _ODD_ASCII if text.isascii() else _ODD_BREAKS)):
        return len(text.splitlines())
    return text.count("\n") + (text[-1:] not in ("", "\n"))


_ODD_ASCII = "\r\x0b\x0c\x1c\x1d\x1e"
_ODD_BREAKS = _ODD_ASCII + "\x85\u2028\u2029"  # where it cuts, other than at "\n"
