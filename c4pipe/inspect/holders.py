"""The pages that hold a text: what `--text` and the viewer show of them."""

from __future__ import annotations

from typing import Any

from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus
from c4pipe.textindex.index import open_index
from c4pipe.textindex.searching import Holder, Holders, search_text

AROUND = 300  # characters in front of the place, and behind it, that are shown
MAKE = "python -m c4pipe.textindex makes an index, by which it takes no time"


def held_by(corpus: Corpus, text: str, limit: int) -> Holders:
    """The first pages that hold a text; BuildError where shards that are searched are not what the manifest says."""
    if open_index(corpus.folder) is None:
        corpus.check(["pages"])
    return search_text(corpus.folder, text, limit)


def look_for(corpus: Corpus, text: str, limit: int) -> dict[str, Any]:
    """What `--text` shows. BuildError where no page holds it."""
    found = held_by(corpus, text, limit)
    if not found.number:
        raise BuildError(f"no page of {corpus.folder} holds {text[:100]!r}: capitals and blanks count, and every mark.")
    pages = [as_shown(page, text) for page in found.pages]
    return {"text": text, "number": found.number, "exact": found.exact, "indexed": found.indexed, "pages": pages}


def as_shown(page: Holder, text: str) -> dict[str, Any]:
    """A page without most of its text."""
    end = page.start + len(text)
    around = {"before": page.text[max(0, page.start - AROUND) : page.start], "after": page.text[end : end + AROUND]}
    facts = page._asdict()
    del facts["text"]
    return facts | around


def number_words(number: int, exact: bool) -> str:
    """How many pages hold a text.

    >>> number_words(2, True), number_words(31000, False)
    ('2 pages hold it', 'at most 31,000 pages hold it')
    """
    return f"{'' if exact else 'at most '}{number:,} {'page holds' if number == 1 else 'pages hold'} it"
