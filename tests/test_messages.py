"""What commands, reports and the viewer say: plain English, in the words of the field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wetfiles import ROOT

ROOMS = [ROOT / "beam_jobs", *sorted(path for path in (ROOT / "c4pipe").iterdir() if path.is_dir()), ROOT / "model"]
# What is not said, and what is said instead.
MENDED = {
    r"(?<![Tt]here )\bis no (file(?! of the format)|folder|list|corpus|table|checkpoint|run\b|JSON:|tokenizer|place)": (
        "is not a ..."
    ),
    r"\bis there (twice|already)\b": "is listed twice, already exists",
    r"\bcannot be had\b": "cannot be fetched",
    r"\b(is|are) not to be found\b": "was not found",
    r"\banew\b": "again; rebuilt, rewritten",
    r"\b(some|no)body\b": "name who it is, or use the passive",
    r"\bsame command (goes on|begins|makes)\b": "Run the same command again to resume",
    r"\bhang(s|ing)? together\b": "are linked",
    r"\bbits a byte\b": "bits per byte",
    r"\btaken out\b": "removed",
    r"\bon the average\b": "on average",
    r"\bin the place of\b": "instead of",
    r"\bfrom end to end\b": "completely",
    r"\bwhither\b|\bthereof\b|\bwherein\b": "where, of it, in which",
}


def strings_of(path: Path) -> Iterator[str]:
    """The texts in a module that are no docstring, with X for what is filled in; a template without its tags."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", text, flags=re.DOTALL)
        yield " ".join(text.split())
        return
    tree = ast.parse(text)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_docstrings_and_code_are_left_aside(tmp_path: Path) -> None:
    module, page = tmp_path / "a.py", tmp_path / "a.html"
    module.write_text('"""Of a module."""\nx = f"{y} is no file"  # a remark\n')
    page.write_text("{# a remark #}<p class='no'>two\n {{ x }} words</p>")
    assert [*strings_of(module)] == ["X is no file", " is no file"]
    assert [*strings_of(page)] == ["two words"]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(ROOT).as_posix())
def test_the_words_of_messages_are_those_of_the_field(room: Path) -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), match[0]): say
        for path in sorted([*room.rglob("*.py"), *room.rglob("*.html")])
        for text in strings_of(path)
        for pattern, say in MENDED.items()
        for match in re.finditer(pattern, text)
    }
    assert found == {}
