"""Numbers with a plan or a sum behind them: IBANs, cards, phones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn

# Countries whose numbers are known as phone numbers without a "+": each costs time, and mistakes.
REGIONS = ("US", "GB")

_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_DASHES = "\\-\u2010-\u2015\u2212\uff0d"

# Each looks back from its first character, and not ahead to it: a pattern that begins with one is searched for fast.
_IBAN = re.compile(r"[A-Z](?<![^\W_].)[A-Z][0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![^\W_])")

# ISO/IEC 7812: the first digits that the networks have, and how many digits a number of theirs has. Visa's old ones of
# 13 are left out: a tenth of the articles in shops would be such.
_CARDS = (
    (re.compile(r"4"), (16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile(r"30[0-5]|3[689]"), (14, 16, 19)),  # Diners
    (re.compile(r"35(?:2[89]|[3-8])"), (16, 19)),  # JCB
    (re.compile(r"62|81"), (16, 17, 18, 19)),  # UnionPay
)
_CARD = re.compile(
    r"[0-9](?<![\w.,/+$€£-].)(?:[0-9]{13,18}"
    rf"|[0-9]{{3}}([ {_DASHES}])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{1,4}}(?:\1[0-9]{{3}})?"
    rf"|[0-9]{{3}}([ {_DASHES}])[0-9]{{6}}\2[0-9]{{4,5}})(?![\w/-]|[.,]\w)"
)

_BETWEEN = rf"[ ()./\u00a0\u202f{_DASHES}]"
_STRETCH = re.compile(rf"[0-9](?:{_BETWEEN}{{0,4}}[0-9]){{6,40}}")  # where a phone number may stand
_PLUS = re.compile(r"[+\uff0b][ (]{0,2}\Z")
_SHORTEST = 10  # digits of a number of REGIONS, with what is dialled in front of it
_AROUND = 24  # characters that the check of a number sees on both sides: letters, currencies, extensions


def in_ascii_digits(text: str) -> str:
    """The text with the digits of all scripts as those of ASCII, so that places stay.

    >>> in_ascii_digits("٠٢ 7946")
    '02 7946'
    """
    if text.isascii() or not _OTHER_DIGIT.search(text):
        return text
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0])), text)


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Where IBANs stand, in one piece or in fours, whose country, length and sum are right."""
    for found in _IBAN.finditer(text):
        # Words in capitals may follow: of the groups the most that are an IBAN.
        ends = [found.end(), *(found.start() + cut.start() for cut in [*re.finditer(" ", found[0])][::-1])]
        for end in ends:
            if iban.is_valid(text[found.start() : end], check_country=False):
                yield found.start(), end
                break


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, in one piece or in groups, whose network, length and last digit are right."""
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        known = any(len(digits) in lengths and first.match(digits) for first, lengths in _CARDS)
        if known and luhn.is_valid(digits):
            yield found.span()


def phones(text: str, regions: Sequence[str] = REGIONS) -> Iterator[tuple[int, int]]:
    """Where phone numbers stand: with a "+" those of all countries, else those of `regions` parted as there."""
    done = 0
    for stretch in _STRETCH.finditer(text):
        first, last = stretch.span()
        start, end = max(done, first - _AROUND), min(len(text), last + _AROUND)
        for region in _asked(text[max(done, first - 3) : first], stretch[0], regions):
            leniency = Leniency.STRICT_GROUPING if region else Leniency.VALID
            for match in PhoneNumberMatcher(text[start:end], region, leniency):
                if done <= start + match.start < last:
                    done = start + match.end
                    yield start + match.start, done


def _asked(before: str, written: str, regions: Sequence[str]) -> Sequence[str | None]:
    """The countries whose number a stretch may be, None for that which it names itself."""
    if _PLUS.search(before):
        return (None,)
    digits = sum(map(str.isdigit, written))
    return regions if _SHORTEST <= digits < len(written) else ()
