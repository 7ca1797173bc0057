"""NLTK's Punkt: where its data lies, and its sentences in a twentieth of the time."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from c4pipe.errors import AssetError
from c4pipe.files.assets import DEFAULT_FOLDER, PUNKT


def find_punkt(nltk_data: Path | None = None) -> Path | None:
    """The folder with English Punkt's parameters, or None; NLTK's own loaders find it from now on.

    Looked through, in this order: NLTK_DATA, `nltk_data` or else `./assets/nltk_data`, NLTK's usual places.
    """
    import nltk.data  # here, not above: it costs a third of a second

    named = [folder for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    ours = nltk_data or DEFAULT_FOLDER / "nltk_data"
    if ours.is_dir():
        named.append(str(ours.absolute()))
    nltk.data.path[:] = dict.fromkeys([*named, *nltk.data.path])
    try:
        return Path(str(nltk.data.find(f"{PUNKT}/")))
    except LookupError:
        return None


@cache
def punkt(language: str) -> Callable[[str], Iterator[str]]:
    """The splitter for a language, by the data at hand. AssetError without it."""
    folder = find_punkt()
    if folder is None:
        raise AssetError(
            "this preset needs NLTK's Punkt data (punkt_tab, English) to be exact, and it was not found. "
            "Run `make assets`, or point NLTK_DATA to a folder that holds tokenizers/punkt_tab/english."
        )
    from nltk.tokenize.punkt import PunktTokenizer

    class Tokenizer(PunktTokenizer):  # type: ignore[misc]  # which knows a plain stop when it sees one
        def text_contains_sentbreak(self, text: str) -> bool:
            found = _PLAIN_STOP.match(text)
            if found is not None and (found[2] != "." or found[1].lower() not in special):
                return True
            return bool(super().text_contains_sentbreak(text))

    tokenizer = Tokenizer(language)
    known = tokenizer._params
    special = known.abbrev_types.union(first for first, _ in known.collocations)

    def split(text: str) -> Iterator[str]:
        # Spans are found one by one: whoever wants to know whether there are three stops after the third.
        return (text[start:end] for start, end in tokenizer.span_tokenize(text))

    return split


# A word, no initial and no number, a mark, and something behind it: for Punkt a sentence ends there unless
# it has learnt otherwise of the word. To ask it takes twenty times as long.
_PLAIN_STOP = re.compile("([^\\W\\d_]{2,})([.?!])(?:[ \n]+[^\\s.]|[\"')\\]}\u2018\u2019\u201c\u201d\xab\xbb])")
