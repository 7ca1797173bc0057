"""Pronoun resolution: WSC, DPR and WNLI, with the pronoun in stars and the referent as the target.

The question is about `*it*`; the answer of WSC and WNLI is the label, 1 if the target is the referent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from model.errors import ConfigError
from model.tasks.base import UNLABELLED, DataRow, Format, Task, TaskExample, TaskLayout, label_number

_SOURCE = "PyPI t5 0.9.4: wsc_simple, wnli_simple and definite_pronoun_resolution_simple; Raffel et al. 2020, 2.4"
_PREFIX = "wsc: "
_DETERMINERS = {
    "a", "an", "few", "her", "his", "each", "every", "many", "much", "my", "our", "some", "that", "the", "their",
    "these", "this", "those", "which", "whose", "your",
}  # fmt: skip
_PRONOUNS = {"he", "she", "they", "it", "her", "his", "their", "them", "him"}
_MARKS = ".,!?"


@dataclass(frozen=True)
class Referent(Format):
    """WSC: the pronoun is given by its word number in the text; the referent is given, right or wrong.

    Training uses only right ones: the model learns to generate referents, and is scored on whether it generates this
    one.
    """

    labels: tuple[str, ...] = ("False", "True")

    @property
    def columns(self) -> tuple[str, ...]:
        return ("text", "span1_text", "span2_text", "span2_index")

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("label",)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        number = label_number(row.get("label"), self.labels)
        if training and number != 1:
            return []
        inputs = _PREFIX + starred(row["text"], row["span2_text"], int(row["span2_index"]))
        return [TaskExample(inputs, row["span1_text"], None if number < 0 else number)]

    def read(self, written: str, example: TaskExample) -> int:
        return is_referent(written, example.targets)


class WinogradInference(Referent):
    """WNLI: the hypothesis is the premise's last part with the referent in the pronoun's place; both are found."""

    @property
    def columns(self) -> tuple[str, ...]:
        return ("sentence1", "sentence2")

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        if training:
            return []
        number = label_number(row.get("label"), self.labels)
        text, referent = found_referent(row["sentence1"], row["sentence2"])
        return [TaskExample(_PREFIX + text, referent, None if number < 0 else number)]


@dataclass(frozen=True)
class Candidates(Format):
    """DPR: the first mention of the pronoun, and two candidates."""

    @property
    def columns(self) -> tuple[str, ...]:
        return ("sentence", "pronoun", "candidates")

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("label",)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        mention = rf" ({re.escape(row['pronoun'])})( |\.|,)"
        inputs = _PREFIX + re.sub(mention, r" *\1*\2", row["sentence"], count=1)
        candidates = [*row["candidates"]]
        number = label_number(row.get("label"), candidates)
        if number < 0:
            return [TaskExample(inputs, UNLABELLED)]
        return [TaskExample(inputs, candidates[number], candidates[number])]


def starred(text: str, pronoun: str, number: int) -> str:
    """The text with word `number`, counted from 0 between single spaces, in stars.

    >>> starred("Mia asked Tom if he could sing.", "he", 4)
    'Mia asked Tom if *he* could sing.'

    If that word is another one, the nearest word that is the pronoun, or begins with it, is used, and the rest of that
    word is split off: this reproduces the two sentences that T5 treats as exceptions. ConfigError if there is none.
    """
    words = text.split(" ")
    if 0 < number < len(words) and words[number] == pronoun:
        before, after = " ".join(words[:number]), " ".join(words[number + 1 :])
        return f"{before} X {after}".replace(" X ", f" *{pronoun}* ")  # T5 treats any word X as the pronoun
    mention = re.compile(rf"{re.escape(pronoun)}(\W*)")
    near = [place for place, word in enumerate(words) if place and mention.fullmatch(word)]
    if not near:
        raise ConfigError(f"the pronoun {pronoun!r} is not a word of {text!r}")
    place = min(near, key=lambda place: abs(place - number))
    end = words[place][len(pronoun) :]
    return " ".join([*words[:place], f"*{pronoun}*", *filter(None, [end]), *words[place + 1 :]]).rstrip()


def is_referent(written: str, referent: str) -> int:
    """1 if one is among the words of the other, ignoring case and determiners; 0 if not; -1 if nothing is written.

    >>> is_referent("The fuzzy bunny", "bunny"), is_referent("Mia", "Mia's hat"), is_referent("the", "bunny")
    (1, 0, -1)
    """
    said, meant = _bare(written), _bare(referent)
    if not said:
        return -1
    if ("'" in said) != ("'" in meant):
        return 0
    these, those = set(said.split(" ")), set(meant.split(" "))
    return int(these <= those or those <= these)


def _bare(text: str) -> str:
    return " ".join(word for word in text.strip().lower().split(" ") if word not in _DETERMINERS)


class _Mention(NamedTuple):
    score: int  # words around the pronoun that are also around a gap in the hypothesis
    place: int  # of the pronoun, among the words of the premise
    referent: str  # what fills the gap, in lower case


def found_referent(premise: str, hypothesis: str) -> tuple[str, str]:
    """The premise with a pronoun in stars, and the hypothesis's words in its place.

    >>> found_referent("The fish ate the worm. It was tasty.", "The worm was tasty.")
    ('The fish ate the worm. *It* was tasty.', 'The worm')

    The pronoun is the one around which most words agree. ConfigError if there is none, or nothing in its place.
    """
    words, others = _small_words(premise), _small_words(hypothesis)
    mentions = [_mention(words, others, place) for place, word in enumerate(words) if word in _PRONOUNS]
    if not mentions:
        raise ConfigError(f"no pronoun in {premise!r}: expected one of {', '.join(sorted(_PRONOUNS))}")
    best = max(mentions, key=lambda mention: mention.score)
    return _in_stars(premise, best.place), _as_written(best.referent, hypothesis)


def _small_words(text: str) -> list[str]:
    return [word for each in text.strip().lower().split(" ") if (word := re.sub(r"[.,?!]$", "", each))]


def _mention(words: Sequence[str], others: Sequence[str], place: int) -> _Mention:
    before, after = words[:place], words[place + 1 :]
    common_after = _shared(after, others)
    common_before = _shared(before[::-1], others[::-1])
    if not common_before + common_after:
        return _Mention(0, place, "")
    left, right = before[len(before) - common_before :], after[:common_after]
    # The words are used as patterns without escaping, as in T5.
    gaps = ([*left, "(.+)", *right], ["^(.+)", *right], [*left, "(.+)$"])
    found = next((match for gap in gaps if (match := re.search(" ".join(gap), " ".join(others)))), None)
    return _Mention(common_before + common_after, place, found[1] if found else "")


def _shared(words: Sequence[str], others: Sequence[str]) -> int:
    """How many of the first words occur consecutively among the others, which are compared as a string."""
    text = " ".join(others)
    return next((n for n in range(len(words)) if " ".join(words[: n + 1]) not in text), len(words))


def _in_stars(text: str, place: int) -> str:
    words = text.split(" ")
    word, mark = (words[place][:-1], f" {words[place][-1]}") if words[place][-1:] in [*_MARKS] else (words[place], "")
    return " ".join([*words[:place], f"*{word}*{mark}", *words[place + 1 :]])


def _as_written(referent: str, hypothesis: str) -> str:
    """The referent from its last article, in the case of the hypothesis, without final punctuation or genitive."""
    words = referent.split(" ")
    words = words[max([words.index(article) for article in ("a", "an", "the") if article in words] or [0]) :]
    pattern = " ".join(rf"{re.escape(word)}[.,?!]?" for word in words)
    found = re.search(pattern, hypothesis, re.IGNORECASE)
    if not found:
        raise ConfigError(f"{' '.join(words)!r} is not in {hypothesis!r}")
    text = found[0][:-1] if found[0][-1:] in [*_MARKS] else found[0]
    return text.removesuffix("'") if text.endswith("'") else text.removesuffix("'s")


def referent_rows(record: DataRow) -> Iterable[DataRow]:
    """A record of SuperGLUE's JSONL with its spans as columns, corrected as in TFDS's `wsc.fixed`; a flat row stays."""
    if not isinstance(record.get("target"), Mapping):
        return [record]
    target: dict[str, Any] = {**record["target"]}
    for span in ("span1", "span2"):
        target[f"{span}_text"] = _mended(target[f"{span}_text"], record["text"], target[f"{span}_index"])
    return [{**record, **target}]


def _mended(span: str, text: str, number: int) -> str:
    """The span as in the text: with its case there, without a full stop or line end."""
    words = text.split()
    if span in text or not 0 <= number < len(words):
        return span
    first = str.lower if words[number][0].islower() else str.upper
    mended = (first(span[:1]) + span[1:]).rstrip(".").replace("\n", " ")
    return mended if mended in text else span


WNLI = WinogradInference()
PRONOUNS = (
    Task("wsc", Referent(), ("accuracy",), source=_SOURCE, layout=TaskLayout(unnest=referent_rows)),
    Task("dpr", Candidates(), ("accuracy",), source=_SOURCE),
)
