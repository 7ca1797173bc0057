"""Salient spans of a sentence, found by their shape: dates, numbers with a unit, names.

It is not a tagger and has learnt nothing; the published salient spans are BERT's names, and dates found by patterns.
Names are runs of capitalised words, so they are found only in scripts with capitals (Latin, Greek, Cyrillic, Armenian);
all German nouns count as names. Months, units and the small words that start a sentence are English. Dates in digits,
and those of Chinese, Japanese and Korean, are found in any text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import takewhile

Bounds = tuple[int, int]  # start and end in characters of a sentence, end excluded

TITLE = 2 / 3  # share of words after the first: with more capitalised it is a heading, where capitals mean nothing
LONGEST_NAME = 6  # words: a longer run is a list or a heading

_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?"
_NUMBER = r"[0-9]{1,3}(?:[,.\u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)?"
_SCALE = r"(?:hundred|thousand|million|billion|trillion|lakh|crore)"
_UNIT = (
    r"(?:°\s?[CF]?|%|percent|per cent|[kcmµn]?m[²³]?|[kmµ]?g|[kMGT]B|[kMG]?Hz|[kMG]?W|k?V|km/h|mph|hPa"
    r"|acres?|bytes|calories|centimet(?:er|re)s?|cents?|days?|degrees?|dollars?|euros?|feet|foot|ft|gallons?|grams?"
    r"|ha|hectares?|hours?|inch(?:es)?|kilograms?|kilomet(?:er|re)s?|lbs?|lit(?:er|re)s?|met(?:er|re)s?|miles?"
    r"|minutes?|months?|ounces?|oz|people|pounds?|seconds?|tons?|tonnes?|watts?|weeks?|yards?|years?)"
)
_CURRENCY = r"(?:(?:US|C|A|NZ|HK)?\$|[€£¥₹₩₽])"
_EDGE = r"(?<![\w.,/:-])", r"(?!\w|[-/:.,][0-9])"  # around a number that is not part of a longer one

_NUMBERS = re.compile(
    rf"{_EDGE[0]}(?:{_CURRENCY}\s?(?:{_NUMBER})(?:\s{_SCALE}|(?:bn|[kKmM])\b)?"
    rf"|(?:{_NUMBER})(?:\s?[€£]|(?:\s{_SCALE})?[\s-]?{_UNIT}|\s{_SCALE})){_EDGE[1]}"
)
_DATES = re.compile(
    rf"{_EDGE[0]}(?:{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?|{_MONTH} {_DAY}(?:, ?{_YEAR})?|{_MONTH},? {_YEAR}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-3]?[0-9]([./])[0-3]?[0-9]\1(?:[0-9]{4}|[0-9]{2})"
    rf"|{_YEAR}s|{_YEAR}\s?[–-]\s?{_YEAR}|{_YEAR}(?!\s?(?:{_UNIT}|{_SCALE}|[€£])(?!\w))){_EDGE[1]}"
    r"|(?<![0-9])[0-9]{1,4}(?:年(?:\s?[0-9]{1,2}月(?:\s?[0-9]{1,2}日)?)?|月\s?[0-9]{1,2}日"
    r"|년(?:\s?[0-9]{1,2}월(?:\s?[0-9]{1,2}일)?)?|월\s?[0-9]{1,2}일)"
)

_DIGIT = re.compile("[0-9]")
_WORD = re.compile(r"[^\W\d_]+")
# Words that are capitalised because they start a sentence or a quotation: no name begins with them
_OPENING_WORDS = """
A About After All Although Also An And Another Any Are As At Because Before Both But By Can Could Did Do Does During
Each Even Every Few First For From Had Has Have He Her Here His How However If In Instead Is It Its Just Last Later
Let Like Many May Maybe Meanwhile More Most Much My No Nor Not Now Of On Once One Only Or Other Our Out Over Perhaps
Please See She Should Since So Some Such That The Their Then There These They This Those Though Through Thus To Today
Two Under Unlike Until Up Was We Were What When Where Whether Which While Who Whose Why Will With Would Yes Yet You
Your
"""
_OPENERS = frozenset(_OPENING_WORDS.split())
_BEFORE_OPENING = ("", *"“”„«»‘\"':.!?…|•*–—")  # after these any word may be capitalised


def _names(sentence: str, ordinary: Collection[str]) -> list[Bounds]:
    name, run = _patterns()
    runs = [_words_of(found, name) for found in run.finditer(sentence)]
    if sum(map(len, runs)) - 1 > TITLE * (len(_WORD.findall(sentence)) - 1):
        return []
    kept = []
    for spans in runs:
        opens = sentence[: spans[0][0]].rstrip()[-1:] in _BEFORE_OPENING
        first = sentence[slice(*spans[0])]
        if opens and (len(spans) == 1 or first.lower() in ordinary):
            del spans[0]
        while spans and sentence[slice(*spans[0])].capitalize() in _OPENERS:
            del spans[0]
        if 0 < len(spans) <= LONGEST_NAME:
            kept.append((spans[0][0], spans[-1][1]))
    return kept


def _words_of(run: re.Match[str], name: re.Pattern[str]) -> list[Bounds]:
    """The capitalised words of a run: searched in the whole sentence, since word boundaries depend on what follows."""
    words = (match.span() for match in name.finditer(run.string, run.start()))
    return [*takewhile(lambda span: span[1] <= run.end(), words)]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A capitalised word, and a run of them, with the small words that occur inside names."""
    capital = "[" + "".join(filter(_is_capital, map(chr, range(0x3000)))) + "]"
    letters = r"[^\W_\u2e80-\uffdc]|[\u0300-\u036f]"  # letters of scripts with capitals, and combining marks
    word = rf"{capital}(?:{letters})*(?:[-'’&](?!s\b)(?:{letters})+)*"
    name = rf"(?<![\w@#/\\.&-])(?!I\b(?!\.))(?:(?:{capital}\.){{2,}}|{capital}\.(?= {capital})|{word})"
    inside = (
        "(?:of the|of|de la|de los|de|del|della|di|da|do|dos|du|la|van der|van den|van|von der|von|zu|bin|ibn|al|&)"
    )
    return re.compile(name), re.compile(rf"{name}(?: (?:{inside} )?{name})*")


def _is_capital(character: str) -> bool:
    return character.isupper() or character.istitle()


SPAN_KINDS = ("dates", "numbers", "names")


def spans_by_shape(
    sentence: str, kinds: Collection[str] = SPAN_KINDS, ordinary: Collection[str] = frozenset()
) -> list[Bounds]:
    """The spans of a sentence, in order. Of two that overlap, the one whose kind is first in `SPAN_KINDS` stays.

    >>> sentence = "In March 1998 Ada Lovelace paid 3 million dollars to the University of Cambridge."
    >>> [sentence[slice(*span)] for span in spans_by_shape(sentence)]
    ['March 1998', 'Ada Lovelace', '3 million dollars', 'University of Cambridge']

    The first word of a sentence, or after a colon or quotation mark, is part of a name only before another capitalised
    word, and not if it starts many sentences ("The") or is in `ordinary`, the lower-case words of a text.
    """
    found: list[Bounds] = []
    digits = _DIGIT.search(sentence) is not None
    if digits and "dates" in kinds:
        found += [match.span() for match in _DATES.finditer(sentence)]
    if digits and "numbers" in kinds:
        found += _apart(found, (match.span() for match in _NUMBERS.finditer(sentence)))
    if "names" in kinds:
        found += _apart(found, _names(sentence, ordinary))
    return sorted(found)


def _apart(taken: Sequence[Bounds], spans: Iterable[Bounds]) -> list[Bounds]:
    """The spans that overlap none of `taken`."""
    return [span for span in spans if all(span[1] <= start or end <= span[0] for start, end in taken)]
