"""The pages of docs/rules as HTML: their headings, tables, lists, fenced lines, code and links.

All text is escaped, and no link leads out of the viewer: links to pages of other reasons are adapted, of others only
the words are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from typing import NamedTuple

from markupsafe import Markup

from c4pipe.inspect.rule_pages import rule_page_path
from c4pipe.inspect.serve.shown import spelt

_FENCE = "```"
_HEADING = re.compile(r"(#{1,6}) +(.*)")
_RULER = re.compile(r"\|(?: *:?-+:? *\|)+")  # the line below the header of a table
_ITEM = re.compile(r"[*-] +(.*)")
_INLINE = re.compile(r"``(?P<double>.+?)``|`(?P<code>[^`]+)`|\[(?P<words>[^\[\]]+)\]\((?P<to>[^()\s]+)\)")
_ESCAPED = re.compile(r"\\([|`\\*_\[\]])")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


class MarkdownBlock(NamedTuple):
    """A separate block of a page."""

    kind: str  # "heading", "fence", "table", "list" or "text"
    lines: list[str]


def markdown_html(text: str, title: bool = True) -> Markup:
    """The text as HTML, without its first heading if a page has a `title` of its own.

    >>> print(markdown_html("## Two\\n\\n* `a` & b\\n", title=False))
    <h2>Two</h2>
    <ul>
    <li><code>a</code> &amp; b</li>
    </ul>
    """
    blocks = list(_blocks(text.splitlines()))
    if title and blocks and blocks[0].kind == "heading":
        del blocks[0]
    return Markup("\n").join(_WRITTEN[block.kind](block.lines) for block in blocks)


def _blocks(lines: Sequence[str]) -> Iterator[MarkdownBlock]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.startswith(_FENCE):
            inside = list(takewhile(lambda each: not each.startswith(_FENCE), lines[at + 1 :]))
            yield MarkdownBlock("fence", inside)
            at += len(inside) + 2
        else:
            kind = _kind(line)
            _, alike = next(groupby(lines[at:], _kind))
            found = [line] if kind == "heading" else list(alike)
            yield MarkdownBlock(kind, found)
            at += len(found)


def _kind(line: str) -> str:
    """The kind of block that a line belongs to; "" for one that ends any block."""
    if not line.strip() or line.startswith(_FENCE):
        return ""
    if _HEADING.fullmatch(line):
        return "heading"
    return "table" if line.startswith("|") else "list" if _ITEM.fullmatch(line) else "text"


def _heading(lines: list[str]) -> Markup:
    found = _HEADING.fullmatch(lines[0])
    assert found is not None
    return Markup("<h{0}>{1}</h{0}>").format(len(found[1]), _inline(found[2]))


def _fence(lines: list[str]) -> Markup:
    return Markup("<pre>%s</pre>") % Markup("\n").join(map(spelt, lines))


def _list(lines: list[str]) -> Markup:
    items = (Markup("<li>%s</li>\n") % _inline(_ITEM.sub(r"\1", line)) for line in lines)
    return Markup("<ul>\n%s</ul>") % Markup("").join(items)


def _text(lines: list[str]) -> Markup:
    return Markup("<p>%s</p>") % _inline(" ".join(lines))


def _table(lines: list[str]) -> Markup:
    """A table; one with an empty header labels its rows by their first cells."""
    if len(lines) < 2 or not _RULER.fullmatch(lines[1].strip()):
        return _text(lines)
    head, right = _cells(lines[0]), [cell.endswith(":") for cell in _cells(lines[1])]
    named = any(head)
    rows = [Markup("").join(_cell(cell, n, named, right) for n, cell in enumerate(_cells(line))) for line in lines[2:]]
    top = Markup("").join(
        Markup('<th scope="col"%s>%s</th>') % (_right(n, right), _inline(cell)) for n, cell in enumerate(head)
    )
    body = Markup("").join(Markup("<tr>%s</tr>\n") % row for row in rows)
    thead = Markup("<thead><tr>%s</tr></thead>\n") % top if named else ""
    return Markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
        '<table class="plain-table">%s<tbody>\n%s</tbody></table></div>'
    ) % (thead, body)


def _cell(text: str, number: int, named: bool, right: Sequence[bool]) -> Markup:
    if number == 0:
        return Markup('<th scope="row">%s</th>') % _inline(text)
    return Markup("<td%s>%s</td>") % (_right(number, right) if named else "", _inline(text))


def _right(number: int, right: Sequence[bool]) -> Markup:
    return Markup(' class="num"') if number < len(right) and right[number] else Markup("")


def _cells(line: str) -> list[str]:
    """The cells of a row; a bar after a backslash does not end one."""
    cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _inline(text: str) -> Markup:
    pieces, end = [], 0
    for match in _INLINE.finditer(text):
        if match.start() and text[match.start() - 1] == "\\":
            continue
        pieces += [_plain(text[end : match.start()]), _span(match)]
        end = match.end()
    return Markup("").join([*pieces, _plain(text[end:])])


def _span(match: re.Match[str]) -> Markup:
    if match["words"] is None:
        code = match["double"] or match["code"]
        return Markup("<code>%s</code>") % spelt(code.strip() if match["double"] else code)
    words, code = _inline(match["words"]), match["to"].removesuffix(".md")
    return Markup('<a href="/rule/%s">%s</a>') % (code, words) if rule_page_path(code) else words


def _plain(text: str) -> Markup:
    """Text between spans: Markdown's entities and backslash escapes are resolved."""
    bare = _ESCAPED.sub(r"\1", text)
    for entity, char in _ENTITIES.items():
        bare = bare.replace(entity, char)
    return spelt(bare)


_WRITTEN = {"heading": _heading, "fence": _fence, "table": _table, "list": _list, "text": _text}
