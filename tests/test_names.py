"""One word for one thing: no public name of a module is defined in another one, except those listed with a reason.

Names with a leading underscore are a module's own. c4pipe/README.md has a glossary of the words that are shared.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Name -> why two modules may define it: they mean the same by it.
SHARED = {
    "EPILOG": "every command has one",
    "main": "every command has one",
    "parse": "every command has one",
    "parser": "every command has one",
    "run": "every command has one: what it does with parsed arguments",
    "predict": "what a command says to --dry-run",
    "T": "a type variable",
}


def names(body: list[ast.stmt]) -> Iterator[str]:
    """What the statements of a module define: classes, functions, constants, aliases; imports define nothing."""
    for node in body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Assign():
                yield from (n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If() | ast.Try():
                yield from names([*node.body, *node.orelse])


def clashes() -> dict[str, list[str]]:
    """Public names that several modules define, with the modules."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in ("c4pipe", "beam_jobs", "model"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in names(ast.parse(path.read_text(encoding="utf-8")).body):
                if not name.startswith("_"):
                    found[name].add(path.relative_to(ROOT).as_posix())
    return {name: sorted(paths) for name, paths in sorted(found.items()) if len(paths) > 1}


def test_a_public_name_means_one_thing() -> None:
    assert {name: paths for name, paths in clashes().items() if name not in SHARED} == {}


@pytest.mark.parametrize("name", SHARED)
def test_an_exception_is_needed(name: str) -> None:
    assert name in clashes()


def test_what_counts_as_a_name() -> None:
    source = "import A\nB = 1\nC, D = B\nE: int = 1\nclass F: g = 1\ndef h(): i = 1\nif B:\n    j = 1\n_k = 1\n"
    assert [*names(ast.parse(source).body)] == ["B", "C", "D", "E", "F", "h", "j", "_k"]
