"""The documentation of a reason in docs/rules: its path, and its text if the checkout has it."""

from __future__ import annotations

import re
from pathlib import Path

from c4pipe.corpus.catalogue import known_reasons

_JOINTS = re.compile(r"(?<=[/_.])(?=.)")
_FOLDER = Path(__file__).parents[2] / "docs" / "rules"


def rule_page_path(code: str) -> str:
    """The path of the page in the project; "" for a reason of a user's own rule, which has none.

    >>> rule_page_path("few_words"), rule_page_path("my_rule")
    ('docs/rules/few_words.md', '')
    """
    return f"docs/rules/{code}.md" if code in known_reasons() else ""


def rule_page(code: str) -> str:
    """Its text, in Markdown; in an installed package, which has no docs, its declaration. "" for an unknown reason."""
    known = known_reasons().get(code)
    if known is None:
        return ""
    path = _FOLDER / f"{code}.md"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    told = known.told
    return f"# `{code}`\n\nA {told.unit.value} that {told.words}.\n\nSource: {told.source}\n"


def name_parts(name: str) -> list[str]:
    """The parts of a name between which a line may break, so that none breaks inside a word.

    >>> name_parts("clean/few_words"), name_parts("edits at clean")
    (['clean/', 'few_', 'words'], ['edits at clean'])
    """
    return _JOINTS.split(name)
