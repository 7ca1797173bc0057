"""Every rule there is, in the order of the docs. A new rule is one class in this package and its name here."""

from c4pipe.rules.badwords import BadWords
from c4pipe.rules.base import LineEdit, LineRule, PageRule
from c4pipe.rules.exclusion import NotExcluded
from c4pipe.rules.lines import (
    END_MARKS,
    EndMark,
    MaxWordLength,
    MinWords,
    NoBrace,
    NoJavascript,
    NoLoremIpsum,
    NoPolicy,
    StripCitations,
)
from c4pipe.rules.pages import ListedDomain, ListedSubdomain, ListedUrl, MaxChars, MinParagraphs, MinSentences
from c4pipe.rules.robots import RobotsAllow

RULES: tuple[type[LineRule | LineEdit | PageRule], ...] = (
    NotExcluded,
    RobotsAllow,
    MaxChars,
    ListedDomain,
    ListedSubdomain,
    ListedUrl,
    MinParagraphs,
    MaxWordLength,
    StripCitations,
    EndMark,
    MinWords,
    NoLoremIpsum,
    NoJavascript,
    NoBrace,
    NoPolicy,
    MinSentences,
    BadWords,
)

__all__ = [
    "END_MARKS",
    "RULES",
    "BadWords",
    "EndMark",
    "LineEdit",
    "LineRule",
    "ListedDomain",
    "ListedSubdomain",
    "ListedUrl",
    "MaxChars",
    "MaxWordLength",
    "MinParagraphs",
    "MinSentences",
    "MinWords",
    "NoBrace",
    "NoJavascript",
    "NoLoremIpsum",
    "NoPolicy",
    "NotExcluded",
    "PageRule",
    "RobotsAllow",
    "StripCitations",
]
