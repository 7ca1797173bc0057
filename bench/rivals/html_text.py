"""The text of HTML pages, decoded and in memory: all that a reader sees of them, menus too, without scripts and styles.

Answers are compared by their letters, blanks and line ends left out. c4pipe has resiliparse make the text, so on the
same work it cannot be ahead of it: what it does more is to measure each page first, so that none that would cost
resiliparse minutes or gigabytes reaches its parser.

resiliparse does less: it takes any page. So does selectolax, whose `text` gives the text nodes one behind the other: it
knows no blocks, so a line ends at every <b>, it keeps what is hidden, and there is no main content to ask for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bench.rivals.contest import Work, take_part


def c4pipe() -> Work:
    """By `text_of`, as the reader of WARC does."""
    from c4pipe.html.extract import text_of

    return lambda pages: [text_of(page, "all", page.encode())[0] for page in pages]


def resiliparse() -> Work:
    """By `extract_plain_text`, told the same."""
    from resiliparse.extract.html2text import extract_plain_text

    told = dict.fromkeys(("alt_texts", "comments", "form_fields", "links", "list_bullets", "noscript"), False)
    told |= {"preserve_formatting": True, "main_content": False}
    return lambda pages: [extract_plain_text(page, **told) for page in pages]


def selectolax() -> Work:
    """By lexbor, the parser that is resiliparse's as well."""
    from selectolax.lexbor import LexborHTMLParser

    def texts(pages: Sequence[str]) -> list[str]:
        found = []
        for page in pages:
            tree = LexborHTMLParser(page)
            tree.strip_tags(["script", "style", "noscript", "template"])
            found.append(tree.body.text(separator="\n") if tree.body else "")
        return found

    return texts


def letters(texts: list[str]) -> list[str]:
    """A digest of each text without its blanks."""
    return [hashlib.md5("".join(text.split()).encode("utf-8", "replace")).hexdigest() for text in texts]


if __name__ == "__main__":
    take_part({"c4pipe": c4pipe, "resiliparse": resiliparse, "selectolax": selectolax}, {}, letters)
