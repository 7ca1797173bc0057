"""The words that moved a score most, for all views of a page: those that raise it, those that lower it, and the
rest."""

from __future__ import annotations

from typing import NamedTuple

from c4pipe.stages.explaining import WordShare, WordShares

WORDS_SHOWN = 10  # in each direction
LONGEST_WORD = 60  # characters
_END = "</s>"


class ShownWord(NamedTuple):
    """A word for display."""

    word: str
    share: str  # "+0.312"
    times: int


class StrongestWords(NamedTuple):
    """A score in words: all shares and the rest add up to the logit."""

    stage: str
    of: str
    logit: str
    raising: list[ShownWord]  # the strongest first
    lowering: list[ShownWord]
    others: int  # words not shown
    others_share: str
    rest: str  # "" if there is none


def strongest_words(moved: WordShares, most: int = WORDS_SHOWN) -> StrongestWords:
    """At most so many words in each direction.

    >>> moved = WordShares("classifier", "hq", 0.5, 0.0, (WordShare("one", 1.5, 2), WordShare("two", -1.0, 1)))
    >>> strongest_words(moved).raising
    [ShownWord(word='one', share='+1.500', times=2)]
    """
    raising = [each for each in moved.words if each.share > 0][:most]
    lowering = [each for each in reversed(moved.words) if each.share < 0][:most]
    others = sum(each.share for each in moved.words) - sum(each.share for each in (*raising, *lowering))
    return StrongestWords(
        moved.stage,
        moved.of,
        _signed(moved.logit),
        [*map(_shown, raising)],
        [*map(_shown, lowering)],
        len(moved.words) - len(raising) - len(lowering),
        _signed(others),
        _signed(moved.rest) if moved.rest else "",
    )


def told_words(words: StrongestWords) -> str:
    """In one line: "raise it: one +1.500; lower it: two -1.000"."""
    ways = [("raise it", words.raising), ("lower it", words.lowering)]
    told = [f"{way}: {', '.join(f'{each.word} {each.share}' for each in found)}" for way, found in ways if found]
    told += [f"{words.others:,} others: {words.others_share}"] if words.others else []
    told += [f"the other labels: {words.rest}"] if words.rest else []
    return "; ".join(told)


def _shown(share: WordShare) -> ShownWord:
    word = "(end of the text)" if share.word == _END else share.word
    word = word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 1]}…"
    return ShownWord(word, _signed(share.share), share.times)


def _signed(number: float) -> str:
    return f"{number:+.3f}".replace("-0.000", "0.000").replace("+0.000", "0.000")
