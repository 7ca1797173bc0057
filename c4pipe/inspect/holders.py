"""The pages that contain a text: the results of `--text` and of the viewer."""

from __future__ import annotations

from typing import Any

from c4pipe.command import as_called
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus
from c4pipe.textindex.index import open_index
from c4pipe.textindex.searching import Holder, Holders, search_index, search_shards

AROUND = 300  # characters before and after the place that are shown
MAKE = "python -m c4pipe.textindex makes an index, which makes this fast"


def held_by(corpus: Corpus, text: str, limit: int) -> tuple[Holders, str]:
    """The first pages that contain a text, and why an existing index was not used; "" if there was no index, or it was
    used.

    BuildError if the searched shards differ from the manifest.
    """
    fault = ""
    try:
        if (index := open_index(corpus.folder)) is not None:
            return search_index(index, text, limit), ""
    except BuildError as error:
        fault = str(error)
    corpus.check(["pages"])
    return search_shards(corpus.folder, text, limit), fault


def scan_words(fault: str) -> str:
    """That a corpus was searched without an index, and why."""
    return f"The whole corpus was searched: {as_called(fault or MAKE)}."


def look_for(corpus: Corpus, text: str, limit: int) -> dict[str, Any]:
    """The results of `--text`."""
    found, fault = held_by(corpus, text, limit)
    pages = [as_shown(page, text) for page in found.pages]
    return {"text": text} | found._asdict() | {"fault": fault, "pages": pages}


def as_shown(page: Holder, text: str) -> dict[str, Any]:
    """A page without most of its text."""
    end = page.start + len(text)
    around = {"before": page.text[max(0, page.start - AROUND) : page.start], "after": page.text[end : end + AROUND]}
    facts = page._asdict()
    del facts["text"]
    return facts | around


def check_held(folder: str, text: str, number: int) -> None:
    """BuildError if no page contains a text."""
    if not number:
        raise BuildError(f"no page of {folder} holds {text[:100]!r}: case, blanks and punctuation must match.")


def number_words(number: int, exact: bool) -> str:
    """How many pages contain a text.

    >>> number_words(2, True), number_words(31000, False)
    ('2 pages contain this text', 'at most 31,000 pages contain this text')
    """
    return f"{'' if exact else 'at most '}{number:,} {'page contains' if number == 1 else 'pages contain'} this text"
