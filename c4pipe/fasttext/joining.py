"""How a page becomes the one line that a classifier was trained on: its makers decide, and scores depend on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_MARKS = re.compile(r"([.!?,'/()])")
_WORD = re.compile(r"\w+")


def lines_by_blanks(text: str) -> str:
    r"""Lines joined by blanks, whatever the line breaks.

    >>> lines_by_blanks(" One.\nTwo\u2028three. ")
    'One. Two three.'
    """
    return " ".join(text.strip().splitlines())


def lines_run_together(text: str) -> str:
    r"""Lines joined by nothing, so that two words become one at each line break.

    >>> lines_run_together("One.\nTwo. ")
    'One.Two.'
    """
    return text.strip().replace("\n", "")


def words_alone(text: str) -> str:
    r"""Words in lower case, without marks.

    >>> words_alone("It's\nOne, two!")
    'it s one two'
    """
    return " ".join(_WORD.findall(text)).lower()


def marks_apart(text: str) -> str:
    r"""In lower case, with blanks around marks.

    >>> marks_apart("Well (so),\nit's.")
    "well  ( so )  ,  it ' s . "
    """
    return _MARKS.sub(r" \1 ", text.replace("\n", " ")).lower()


JOININGS: Mapping[str, tuple[Callable[[str], str], str]] = {  # name -> the function, its origin
    "dclm": (lines_by_blanks, "mlfoundations/dclm, quality_prediction_enrichers_calc_fasttext.py"),
    "datatrove": (lines_run_together, "datatrove FastTextClassifierFilter, its default newline_replacement"),
    "finemath": (words_alone, "huggingface/cosmopedia, math_classifier/3_predict.py"),
    "tutorial": (marks_apart, "fastText's tutorial of text classification, its sed and tr"),
}
