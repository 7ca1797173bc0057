"""What the tests of cleaning share: texts that are alive to every rule and to every short cut, and all of a verdict."""

from __future__ import annotations

from hypothesis import strategies as st

from c4pipe.page import Page, Verdict

GOOD = "This line has five words."


def page(text: str) -> Page:
    return Page("http://a.example/", text, "2024-05-22T10:11:12Z")


def told(verdict: Verdict) -> tuple[object, ...]:
    """Everything in a verdict, its type included, for a Kept and a Rejected may be equal tuples."""
    return type(verdict), *verdict[:-2], dict(verdict.tally), dict(verdict.chars)


MARKS = [".", "?", "!", '"', "...", "....", ".[3]", ". [3]", ".[", "[]", "[edit]", "[citation needed]", "[", "]", ":"]
MARKS += ["[٣]", "[é1]", "[edit[1]]"]  # other digits, none, and a citation within one
BREAKS = ["\n", "\n", "\n", "\n\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
SPACES = [" ", " ", "\t", "\u00a0", "\u1680", "\u2002", "\u202f", "\u205f", "\u3000", "\x1f", "\u200b", "\ud800"]
WORDS = [
    "a",
    "I",
    "word",
    "long-word",
    "é",
    "。",
    "{",
    "}",
    "lorem ipsum",
    "Lorem",
    "ipsum",
    "JavaScript",
    "Javascrİpt",
    "\u212aings use coo\u212aies",
]
PHRASES = ["terms of use", "Privacy Policy", "use cookies", "five words stand in here", "x" * 12, "x" * 1001]
PIECES = st.one_of(*map(st.sampled_from, (MARKS, BREAKS, SPACES, WORDS, PHRASES)))
LINE = st.lists(st.sampled_from([*WORDS, *PHRASES]), max_size=7).map(" ".join)
LINES = st.lists(st.tuples(LINE, st.sampled_from(["", *MARKS]), st.sampled_from(["\n"] * 9 + BREAKS)), max_size=8)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=20).map("".join),
    LINES.map(lambda lines: "".join(part for line in lines for part in line)),
    st.text(st.sampled_from("ab. [1]{\n\"'\x85\u2028"), max_size=40),
)
