"""NLTK's Punkt: where its data is, and its sentences in a twentieth of the time."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from c4pipe.errors import AssetError

NLTK_DATA = Path("assets") / "nltk_data"  # below the folder a command runs in; what `make assets` fills
PUNKT = "tokenizers/punkt_tab/english"  # below a folder of NLTK's data
PUNKT_FILES = ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt")


def find_punkt(fetched: Path = NLTK_DATA) -> Path | None:
    """The folder with English Punkt's parameters, or None. NLTK's own loaders search it from then on.

    Searched in this order: NLTK_DATA, what `make assets` has `fetched`, NLTK's usual places.
    """
    import nltk.data  # here, not above: importing it takes a third of a second

    named = [folder for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    if fetched.is_dir():
        named.append(str(fetched.absolute()))
    nltk.data.path[:] = dict.fromkeys([*named, *nltk.data.path])
    try:
        return Path(str(nltk.data.find(f"{PUNKT}/")))
    except LookupError:
        return None


@cache
def punkt(language: str, folder: Path | None = None) -> Callable[[str], Iterator[str]]:
    """The splitter for a language, with the parameters in this folder, or those found. Raises AssetError if there are
    none."""
    found = folder or find_punkt()
    if found is None or not (place := found.parent / language).is_dir():
        raise AssetError(
            f"this preset needs NLTK's Punkt data (punkt_tab, {language.capitalize()}) to be exact, and it was not "
            "found. Run `make assets`, or set NLTK_DATA to a folder that holds tokenizers/punkt_tab/english."
        )
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    known = _parameters(place)
    special = known.abbrev_types.union(first for first, _ in known.collocations)

    class Tokenizer(PunktSentenceTokenizer):  # type: ignore[misc]  # which knows a plain stop when it sees one
        def text_contains_sentbreak(self, text: str) -> bool:
            found = _PLAIN_STOP.match(text)
            if found is not None and (found[2] != "." or found[1].lower() not in special):
                return True
            return bool(super().text_contains_sentbreak(text))

    tokenizer = Tokenizer()
    tokenizer._params = known

    def split(text: str) -> Iterator[str]:
        # Spans are found one by one, for callers that only need to know whether there are three.
        return (text[start:end] for start, end in tokenizer.span_tokenize(text))

    return split


def _parameters(folder: Path) -> Any:
    """What Punkt has learnt of a language. NLTK's own loader reads it, but takes no folder other than NLTK's."""
    from nltk.tabdata import PunktDecoder
    from nltk.tokenize.punkt import PunktParameters

    decoder, known = PunktDecoder(), PunktParameters()
    readers = (decoder.txt2set, decoder.tab2tups, decoder.tab2intdict, decoder.txt2set)
    for name, read in zip(PUNKT_FILES, readers, strict=True):
        with (folder / name).open(encoding="utf-8") as lines:
            setattr(known, name.partition(".")[0], read(lines))
    known.collocations = set(known.collocations)
    return known


# A word (not an initial or a number), a mark, and something behind it: Punkt ends a sentence there unless it has
# learnt otherwise of the word. Asking Punkt takes twenty times as long.
_PLAIN_STOP = re.compile("([^\\W\\d_]{2,})([.?!])(?:[ \n]+[^\\s.]|[\"')\\]}\u2018\u2019\u201c\u201d\xab\xbb])")
