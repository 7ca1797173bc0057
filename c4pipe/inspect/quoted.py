"""The text for which a page was dropped, in its context: the sentence around a word, and words with long lists
folded."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

LEAD, TRAIL = 160, 220  # characters of a sentence shown before and after the quoted words
PLACES, PROSE_WORDS = 20, 6  # examined to find one in a sentence of so many words
FEWEST_FOLDED = 13  # languages that are replaced by their number
_ENDS = re.compile(r"[.!?…。！？؟۔।]+[\"'”’)\]]*\s+|[。！？]|\n+")
_CODE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?"
_CODES = re.compile(rf"\b(?:languages )?({_CODE}(?:, {_CODE}){{{FEWEST_FOLDED - 1},}})(?![\w-])")


class Quote(NamedTuple):
    """A place in a text with the sentence around it."""

    before: str
    words: str
    after: str
    begins: bool  # whether the text before it begins a sentence
    ends: bool  # whether the text after it ends one


class Folded(NamedTuple):
    """Words without a long list of languages, and that list."""

    words: str
    codes: tuple[str, ...]


def ways_to_stand(words: str) -> list[re.Pattern[str]]:
    """Patterns for words in a text, in any case: as whole words, or else anywhere, as in scripts without blanks. None
    for blank words."""
    plain = re.escape(words.strip())
    return [re.compile(way, re.IGNORECASE) for way in (rf"(?<!\w){plain}(?!\w)", plain)] if plain else []


def sentence_around(text: str, words: str) -> Quote | None:
    """The first place of the words in prose, or else the first one, with its sentence, shortened if long. None if the
    text does not have them.

    >>> sentence_around("Home Menu. A bad word here! More.", "bad")
    Quote(before='A ', words='bad', after=' word here!', begins=True, ends=True)
    """
    for pattern in ways_to_stand(words):
        quotes = [_around(text, *match.span()) for match in islice(pattern.finditer(text), PLACES)]
        if quotes:
            return next((quote for quote in quotes if _is_prose(quote)), quotes[0])
    return None


def _is_prose(quote: Quote) -> bool:
    """Whether it is a sentence and not a menu entry."""
    return len(f"{quote.before}{quote.words}{quote.after}".split()) >= PROSE_WORDS


def _around(text: str, start: int, stop: int) -> Quote:
    first = max(0, start - LEAD)
    breaks = [match.end() for match in _ENDS.finditer(text, first, start)]
    begin = breaks[-1] if breaks else first
    last = min(len(text), stop + TRAIL)
    end = next((match.end() for match in _ENDS.finditer(text, stop, last)), last)
    return Quote(
        text[begin:start],
        text[start:stop],
        text[stop:end].rstrip(),
        bool(breaks) or not begin,
        end < last or end == len(text),
    )


def fold_codes(words: str) -> Folded:
    """The description of a rule, with a long list of languages replaced by their number.

    >>> fold_codes("is in none of the languages en, de").words
    'is in none of the languages en, de'
    """
    match = _CODES.search(words)
    if match is None:
        return Folded(words, ())
    codes = tuple(match[1].split(", "))
    return Folded(f"{words[: match.start()]}{len(codes)} languages{words[match.end() :]}", codes)
