"""The words that moved the scores of a page, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from c4pipe.inspect.moved import ShownWord, strongest_words
from c4pipe.inspect.terminal import Screen, StyledText
from c4pipe.stages.explaining import WordShare, WordShares


def show_moved(screen: Screen, moved: Sequence[dict[str, Any]]) -> None:
    """Prints nothing for a page without a score."""
    for each in moved:
        shares = tuple(WordShare(**word) for word in each["words"])
        words = strongest_words(WordShares(**{**each, "words": shares}))
        said = f"logit {words.logit}, the sum of all contributions; --json has all words"
        screen.head(f"Words that moved its score of {words.of} at {words.stage}", said)
        rows: list[list[StyledText]] = [[("raise it", "dim"), "", "", ("lower it", "dim"), "", ""]]
        pairs = zip_longest(words.raising, words.lowering)
        rows += [[*_cells(up, "green"), *_cells(down, "red")] for up, down in pairs]
        screen.table(rows, "<>><>>")
        if words.others:
            screen.say((f"  {words.others:,} other words contribute {words.others_share}", "dim"))
        if words.rest:
            screen.say((f"  the other labels of the model contribute {words.rest}", "dim"))


def _cells(word: ShownWord | None, style: str) -> list[StyledText]:
    if word is None:
        return ["", "", ""]
    return [word.word, (word.share, style), (f"×{word.times:,}" if word.times > 1 else "", "dim")]
