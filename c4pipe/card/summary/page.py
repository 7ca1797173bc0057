"""`summary.html`: the answers on one page that opens from disk, loads nothing, and can be printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby

import jinja2
from markupsafe import Markup, escape

from c4pipe.card.standalone import styled, templates_of
from c4pipe.card.summary.answers import Subject, SummaryPart
from c4pipe.card.words import TO_FILL_IN
from c4pipe.text import many, visible

CHAPTERS = {"1": "General information", "2": "Data sources", "3": "Data processing"}  # of the template
TEMPLATE = "https://digital-strategy.ec.europa.eu/en/library/explanatory-notice-and-template-public-summary-training-content-general-purpose-ai-models"
_ADDRESS = re.compile(r"https://[^\s,;()]+(?<![.:])")


def gaps_of(parts: Sequence[SummaryPart]) -> list[str]:
    """What remains to be filled in by hand, in page order.

    >>> from c4pipe.card.summary.answers import Reply
    >>> gaps_of([SummaryPart("1.2", "Model", (Reply("Names", gap="which"), Reply("Size", ("9 bytes",))))])
    ['1.2 Names: which']
    """
    return [f"{part.number} {answer.asked}: {answer.gap}" for part in parts for answer in part.answers if answer.gap]


def render_summary(subject: Subject, parts: Sequence[SummaryPart]) -> str:
    """The page. The same corpus and the same publication yield the same bytes."""
    css = (files(__package__) / "templates" / "summary.css").read_text(encoding="utf-8")
    chapters = [
        (number, CHAPTERS[number], [*found]) for number, found in groupby(parts, key=lambda part: part.number[:1])
    ]
    return styled(
        _environment().get_template("summary.html"),
        css,
        subject=subject,
        chapters=chapters,
        gaps=gaps_of(parts),
        to_fill_in=TO_FILL_IN,
        template=TEMPLATE,
    )


@cache
def _environment() -> jinja2.Environment:
    environment = templates_of("c4pipe.card.summary")
    environment.filters |= {"seen": _seen, "linked": _linked, "many": many}
    return environment


def _seen(text: str) -> Markup:
    """A foreign word: control and bidi characters escaped, its direction isolated."""
    return Markup("<bdi>{}</bdi>").format(visible(text))


def _linked(text: str) -> Markup:
    """A sentence of ours, its addresses as links."""
    parts, at = Markup(), 0
    shown = visible(text)
    for found in _ADDRESS.finditer(shown):
        parts += escape(shown[at : found.start()]) + Markup('<a href="{0}">{0}</a>').format(found[0])
        at = found.end()
    return parts + escape(shown[at:])
