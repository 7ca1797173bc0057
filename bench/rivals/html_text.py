"""The text of HTML pages, decoded and in memory: all visible text, menus included, without scripts and styles.

Answers are compared by their letters, without spaces and line ends. c4pipe uses resiliparse, so on the same work it
cannot be faster. In addition it measures each page first, so that pages that would cost resiliparse minutes or
gigabytes never reach its parser.

resiliparse does less: it accepts any page. So does selectolax, whose `text` concatenates the text nodes: it knows no
blocks, so a line ends at every <b>; it keeps hidden text; and it cannot extract the main content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bench.rivals.contest import Work, take_part


def c4pipe() -> Work:
    """By `text_of`, as in the WARC reader."""
    from c4pipe.html.extract import text_of

    return lambda pages: [text_of(page, "all", page.encode())[0] for page in pages]


def resiliparse() -> Work:
    """By `extract_plain_text`, with the same options."""
    from resiliparse.extract.html2text import extract_plain_text

    told = dict.fromkeys(("alt_texts", "comments", "form_fields", "links", "list_bullets", "noscript"), False)
    told |= {"preserve_formatting": True, "main_content": False}
    return lambda pages: [extract_plain_text(page, **told) for page in pages]


def selectolax() -> Work:
    """By lexbor, which resiliparse uses, too."""
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
    """A digest of each text without white space."""
    return [hashlib.md5("".join(text.split()).encode("utf-8", "replace")).hexdigest() for text in texts]


if __name__ == "__main__":
    take_part({"c4pipe": c4pipe, "resiliparse": resiliparse, "selectolax": selectolax}, {}, letters)
