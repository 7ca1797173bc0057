"""The templates, with the functions for words and numbers that they use."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from c4pipe.corpus.removed import told_removed
from c4pipe.facts.shares import told_between
from c4pipe.inspect.explain import Tried
from c4pipe.inspect.quoted import fold_codes
from c4pipe.inspect.rule_pages import name_parts, rule_page_path
from c4pipe.inspect.serve.markdown import markdown_html
from c4pipe.inspect.serve.shown import is_link, marked, spelt
from c4pipe.languages.tags import direction, language_tag
from c4pipe.text import in_english, many, percent, printable

_TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """A Jinja2 environment that escapes everything and fails on an undefined name."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "spelt": spelt,
        "marked": marked,
        "number": number,
        "pages": pages,
        "lines": partial(many, noun="line"),
        "files": partial(many, noun="file"),
        "chars": chars,
    }
    made.filters |= {"speech": speech, "counted": in_english}
    made.filters |= {"folded": fold_codes, "broken": broken_name}
    made.globals |= {"between": told_between, "removed_since": told_removed}
    made.filters |= {"flat": flat, "percent": percent, "printable": printable, "by_stage": by_stage, "stages": stages}
    made.filters |= {"rule_page_path": rule_page_path, "markdown": markdown_html}
    made.tests["link"] = is_link
    return made


def number(value: int) -> str:
    """With commas between thousands."""
    return f"{value:,}"


def broken_name(name: str) -> Markup:
    """A name of several parts that may wrap: after `/`, `_` and `.`, but not inside a word.

    >>> print(broken_name("clean/few_words"))
    clean/<wbr>few_<wbr>words
    """
    return Markup("<wbr>").join(spelt(part) for part in name_parts(name))


def pages(value: int) -> str:
    """A number of pages."""
    return many(value, "page")


def chars(size: int) -> str:
    """The lengths of a bin, 2**size to 2**(size+1)-1 characters.

    >>> chars(0), chars(10)
    ('0–1', '1,024–2,047')
    """
    return f"{(1 << size) if size else 0:,}–{(2 << size) - 1:,}"


def speech(language: str) -> Markup:
    """The attributes of an element with text in a language, from any label of that.

    >>> print(speech("iw"), speech("und"))
    lang="he" dir="rtl" lang="" dir="auto"
    """
    return Markup('lang="%s" dir="%s"') % (language_tag(language), direction(language))


def flat(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def by_stage(outcomes: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Outcomes as `stage/reason`, grouped by stage, in order."""
    return [(stage, list(found)) for stage, found in groupby(outcomes, lambda outcome: outcome.partition("/")[0])]


def stages(tried: Iterable[Tried]) -> list[tuple[str, list[Tried]]]:
    """Rules, grouped by stage, in order."""
    return [(stage, list(rules)) for stage, rules in groupby(tried, lambda rule: rule.stage)]
