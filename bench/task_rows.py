"""Random rows of every task, made of odd pieces of text, which `bench.tasks` passes to T5 and to us."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
PIECES = (
    "", " ", "it", "He", "the cat", "a", "Ada Byron", "don't", "U.S.", "3.14", "(so)", "[x]", "\"quoted\"", "'s", "X",
    "it's", "<br>", "<b>bold</b>", "</b>", "@highlight", "\n@highlight\n", ".\n@highlight\n", "?\n@highlight\n",
    "@placeholder", "{name}", "%s", "\\1", "a_b", "naïve", "Straße", "日本語", "ﷺ", "e\u0301", "\u00a0", "\u2028", "…",
    "¿qué?", "«oui»", "١٢", "😀", "\t", "\n", "\r\n", "a\x0bb", "$ 5", "50 %", "C++", "A*B", "x|y", "^", "end.", "end,",
    "what!", "why?", "—", "İ", "ǅ",
)  # fmt: skip
WORDS = (
    "the", "a", "cat", "dog", "Mia", "Tom", "hat", "garden", "big", "saw", "took", "it", "he", "she", "they", "his",
    "them", "because", "and", "in", "of", "end.", "well,", "so!", "Why?",
)  # fmt: skip
SAFE = ("cat", "the cat", "dog", "mia", "u.s.", "end.", "", "(so)", "a b", "straße", "well , so", "c++", "x|y", "3.14")


def text(draw: random.Random, most: int = 8) -> str:
    return " ".join(draw.choice(PIECES) for _ in range(draw.randint(0, most)))


def plain(draw: random.Random, least: int = 3, most: int = 10) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(least, most)))


def classed(*features: str, labels: int = 2) -> Callable[[random.Random], Row]:
    return lambda draw: {**{name: text(draw) for name in features}, "label": draw.randint(-1, labels - 1), "idx": 7}


def scored(draw: random.Random) -> Row:
    score = draw.choice([-1.0, 2.5, 3.1, 0.5, 1.7, 4.9, draw.randint(0, 500) / 100, draw.uniform(0, 5)])
    return {"sentence1": text(draw), "sentence2": text(draw), "label": score, "idx": 7}


def multirc(draw: random.Random) -> Row:
    idx = {"paragraph": 1, "question": 2, "answer": 3}
    return {**classed("paragraph", "question", "answer")(draw), "idx": idx}


def record(draw: random.Random) -> Row:
    entities, answers = ([text(draw, 2) for _ in range(draw.randint(0, 4))] for _ in range(2))
    found = {"passage": text(draw, 16), "query": text(draw), "entities": entities, "answers": answers}
    return {**found, "idx": {"passage": 1, "query": 2}}


def winograd(draw: random.Random) -> Row:
    words = [draw.choice([*WORDS, "X", "", "é"]) for _ in range(draw.randint(2, 9))]
    place = draw.randint(1, len(words) - 1)
    words[place] = draw.choice(["it", "he", "them"])
    spans = {"span1_text": text(draw, 2), "span1_index": 0, "span2_text": words[place], "span2_index": place}
    return {"text": " ".join(words), **spans, "label": draw.randint(-1, 1) if draw.random() < 0.5 else 1, "idx": 7}


def right_winograd(draw: random.Random) -> Row:
    return {**winograd(draw), "label": draw.randint(0, 1)}  # T5 treats -1 as true; it does not occur in training


def inferred(draw: random.Random) -> Row:
    premise = plain(draw)
    place = draw.randrange(len(premise.split()))
    words = premise.split()
    words[place] = draw.choice(["the big dog", "Tom", "Mia's hat", "the hat"])
    hypothesis = " ".join(words[draw.randint(0, place) : draw.randint(place + 1, len(words))])
    return {
        "sentence1": premise,
        "sentence2": draw.choice([hypothesis, f"{hypothesis}.", plain(draw)]),
        "label": 1,
        "idx": 7,
    }


def pronoun(draw: random.Random) -> Row:
    found = {"sentence": f"{text(draw)} {plain(draw)}", "pronoun": draw.choice(["it", "he", "they", "them"])}
    return {**found, "candidates": [text(draw, 2), text(draw, 2)], "label": draw.randint(0, 1)}


def asked(draw: random.Random) -> Row:
    answers = {"text": [text(draw, 3) for _ in range(draw.randint(1, 3))]}
    return {"id": "1", "question": text(draw), "context": text(draw, 16), "answers": answers}


def trivia(draw: random.Random) -> Row:
    pages = [[draw.choice([plain, text])(draw) for _ in range(draw.randint(0, 2))] for _ in range(2)]
    return {
        "question": text(draw),
        "answer": {"normalized_aliases": [draw.choice(SAFE) for _ in range(draw.randint(1, 4))]},
        "entity_pages": {"wiki_context": pages[0]},
        "search_results": {"search_context": pages[1]},
    }


def nested_xnli(draw: random.Random) -> Row:
    texts = {code: text(draw) for code in ("ar", "de", "en")}
    hypothesis = {"language": [*texts], "translation": [text(draw) for _ in texts]}
    return {"premise": texts, "hypothesis": hypothesis, "label": draw.randint(0, 2)}


def named(draw: random.Random) -> Row:
    tokens = [draw.choice(PIECES) for _ in range(draw.randint(1, 6))]
    spans = [f"{draw.choice(['PER', 'LOC'])}: {draw.choice(PIECES)}" for _ in range(draw.randint(0, 3))]
    return {"tokens": tokens, "tags": ["O" for _ in tokens], "langs": ["en" for _ in tokens], "spans": spans}


def translated(to: str) -> Callable[[random.Random], Row]:
    return lambda draw: {"en": text(draw), to: text(draw)}


def by_heart(column: str) -> Callable[[random.Random], Row]:
    return lambda draw: {"question": text(draw), column: [text(draw, 3) for _ in range(draw.randint(1, 3))]}


def trivia_by_heart(draw: random.Random) -> Row:
    return {"question": text(draw), "answer": {"value": text(draw, 2) or "x", "aliases": [text(draw, 2)]}}


_NLI, _PAIR = ("hypothesis", "premise"), ("sentence1", "sentence2")
ROWS: dict[str, Callable[[random.Random], Row]] = {
    "cola": classed("sentence"),
    "sst2": classed("sentence"),
    "mrpc": classed(*_PAIR),
    "qqp": classed("question1", "question2"),
    "stsb": scored,
    "mnli": classed(*_NLI, labels=3),
    "mnli_mismatched": classed(*_NLI, labels=3),
    "qnli": classed("question", "sentence"),
    "rte": classed(*_PAIR),
    "wnli": inferred,
    "ax": classed(*_NLI, labels=3),
    "boolq": classed("passage", "question"),
    "cb": classed(*_NLI, labels=3),
    "copa": classed("choice1", "choice2", "premise", "question"),
    "multirc": multirc,
    "record": record,
    "superglue_rte": classed(*_NLI),
    "wic": classed(*_PAIR, "word"),
    "axb": classed(*_NLI),
    "axg": classed(*_NLI),
    "wsc": right_winograd,
    "wsc, evaluated": winograd,
    "dpr": pronoun,
    "squad": asked,
    "triviaqa": trivia,
    "wmt_ende": translated("de"),
    "wmt_enfr": translated("fr"),
    "wmt_enro": translated("ro"),
    "cnn_dailymail": lambda draw: {"article": text(draw, 16), "highlights": text(draw)},
    "pawsx": classed(*_PAIR),
    "xnli": lambda draw: {"premise": text(draw), "hypothesis": text(draw), "label": draw.randint(0, 2)},
    "xnli/de": nested_xnli,
    "xquad": asked,
    "ner": named,
    "nq_open": by_heart("answer"),
    "webquestions": by_heart("answers"),
    "triviaqa_open": trivia_by_heart,
}
# What models may write, and what the target may be.
READINGS = {
    "wsc": (
        "",
        "The cat",
        "cat",
        "cats",
        "Mia's hat",
        "Mia",
        "the",
        "the big  dog",
        "dog big",
        " Hat ",
        "his hat",
        "é",
    ),
    "stsb": ("", "3.8", " 2.0 ", "-1", "five", "1e1", "nan", "inf", "3,8", "１.5", "1_0", "<unk>"),
    "mnli": ("", "entailment", "Entailment", " neutral", "contradiction", "0", "<unk>"),
    "boolq": ("", "True", "False", "true", "1", "True False"),
}
