"""The content of one source file, whatever its layout: a digest of its syntax tree, its classes, what it imports.

Comments, docstrings, layout and the spelling of literals do not count; everything else does, even unused code. The same
code has the same digest under Python 3.11, 3.12 and 3.13.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.errors import ConfigError
from c4pipe.native.cache import cached

_OWN = Path(__file__).read_bytes()  # cached results depend on this file
DIGITS = 16  # of 64 hexadecimal ones: 64 bits make a collision of two versions negligible
# A name's position shows whether it is loaded or stored, u"" equals "", and type comments are comments.
_SAYS_NOTHING = {"ctx", "kind", "type_comment"}
_DISPLAYS = (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.expr_context)


class Import(NamedTuple):
    """`import module` where `name` is empty, else `from module import name`; `level` counts the dots before it."""

    level: int
    module: str
    name: str

    def seen_from(self, package: str) -> str:
        """The module in full, as seen from a package. Empty if the dots lead above the top."""
        if not self.level:
            return self.module
        parts = package.split(".")
        above = parts[: len(parts) - self.level + 1]
        return ".".join([*above, self.module] if self.module and above else above)


class CodeFile(NamedTuple):
    """A parsed file."""

    digest: str
    classes: Mapping[str, str]  # qualified name -> digest of the statement, decorators and all
    imports: tuple[Import, ...]  # anywhere in the file
    runs: bool  # false for an `__init__.py` that only binds names
    bound: Mapping[str, Import | None]  # those names, each with the import that it is re-exported from, if any


def digest_of_source(source: bytes | str, name: str = "<source>") -> str:
    """16 hexadecimal digits, the same for code that differs only in layout. ConfigError where it is not Python."""
    return _read(source, name).digest


def digest_of(*words: str) -> str:
    """16 hexadecimal digits over words without a newline."""
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:DIGITS]


def read_source(path: str | Path) -> CodeFile:
    """A Python file, parsed once per process while it does not change. ConfigError where it is not Python."""
    known = os.stat(path)
    return _read_file(os.fspath(path), known.st_mtime_ns, known.st_size)


@cache
def _read_file(path: str, _modified: int, _bytes: int) -> CodeFile:
    source = Path(path).read_bytes()
    made_of = [sys.version.encode(), _OWN, os.path.basename(path).encode(), source]
    return _unpacked(cached("source", b"\0".join(made_of), lambda: _packed(_read(source, path))))


def _packed(source: CodeFile) -> bytes:
    return json.dumps(source).encode()


def _unpacked(data: bytes) -> CodeFile:
    digest, classes, imports, runs, bound = json.loads(data)
    passed = {name: found and Import(*found) for name, found in bound.items()}
    return CodeFile(digest, classes, tuple(Import(*found) for found in imports), runs, passed)


def _read(source: bytes | str, name: str) -> CodeFile:
    # Trees hold no cycles, and searching them for cycles takes as long as parsing. They are freed before collection
    # resumes.
    running = gc.isenabled()
    gc.disable()
    try:
        return _read_tree(source, name)
    finally:
        if running:
            gc.enable()


def _read_tree(source: bytes | str, name: str) -> CodeFile:
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the last two: nested too deep
        raise ConfigError(f"{name} is not valid Python: {str(error) or type(error).__name__}.") from None
    runs = os.path.basename(name) != "__init__.py" or not all(map(_binds_only, tree.body))
    return CodeFile(*_digests(tree), runs, {} if runs else _bound(tree))


def _digests(tree: ast.Module) -> tuple[str, dict[str, str], tuple[Import, ...]]:
    """The digest of a tree, those of its classes, and its imports.

    The tree is written as words, each node before its fields, so that different trees have different words. It is
    walked with an explicit stack, since a long sum is a deep tree.
    """
    words: list[str] = []
    classes: dict[str, list[str]] = defaultdict(list)
    imports: set[Import] = set()
    scopes = [""]
    put = words.append
    stack: list[Any] = [tree]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind is ast.Name:
            put(item.id)
        elif kind is str:
            put(item)
        elif kind is list:
            put("[")
            stack.append("]")
            stack += item
        elif kind is ast.Constant:
            put(f"={item.value:#x}" if type(item.value) is int else f"={item.value!r}")  # repr fails for long integers
        elif kind is tuple:  # a scope ends
            name, start = item
            scopes.pop()
            if name:
                classes[name] += words[start:]
        elif kind not in _NODES:  # None, True, the number of a conversion
            put(repr(item))
        elif kind is ast.Expr and _is_text(item):
            continue
        else:
            if kind in _SCOPES:
                stack.append((scopes[-1] + item.name if kind is ast.ClassDef else "", len(words)))
                scopes.append(scopes[-1] + item.name + (".<locals>." if kind is not ast.ClassDef else "."))
            elif kind in _IMPORTS:
                imports.update(_imports(item))
            tag, fields = _NODES[kind]
            put(tag)
            stack += fields(item)
    found = {name: digest_of(*said) for name, said in classes.items()}
    return digest_of(*words), found, tuple(sorted(imports))


def _node(kind: type[ast.AST]) -> tuple[str, Any]:
    """What a kind of node is written as, a word that cannot be a name, and a function from a node to its fields."""
    names = [name for name in kind._fields if name not in _SAYS_NOTHING]
    if "type_params" in names:  # from 3.12 on; a definition without any has the digest that it has before 3.12
        others = attrgetter(*(name for name in names if name != "type_params"))
        return f".{kind.__name__}", lambda node: [*others(node), *([node.type_params] if node.type_params else ())]
    if len(names) > 1:
        return f".{kind.__name__}", attrgetter(*names)
    return f".{kind.__name__}", lambda node: [getattr(node, name) for name in names]


_NODES = {
    kind: _node(kind) for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)
}  # fmt: skip
_SCOPES = {ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef}
_IMPORTS = {ast.Import, ast.ImportFrom}


def _is_text(statement: ast.AST) -> bool:
    """A string as a statement: a docstring, or one below a field."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _imports(node: ast.AST) -> Iterator[Import]:
    match node:
        case ast.Import(names=names):
            yield from (Import(0, alias.name, "") for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            yield from (Import(level, module or "", alias.name) for alias in names)


def _binds_only(statement: ast.stmt) -> bool:
    """Whether a statement only binds names and calls nothing: an import, a plain assignment, a function."""
    match statement:
        case ast.Import():
            return True
        case ast.ImportFrom(names=names):
            return all(alias.name != "*" for alias in names)
        case ast.Assign(targets=targets, value=value):
            return all(isinstance(target, ast.Name) for target in targets) and _is_display(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or _is_display(value)
        case ast.FunctionDef(decorator_list=[], args=arguments):
            inside = (isinstance(node, ast.Global) for node in ast.walk(statement))
            return not any(inside) and all(
                map(_is_display, filter(None, [*arguments.defaults, *arguments.kw_defaults]))
            )
    return _is_text(statement)


def _is_display(value: ast.expr) -> bool:
    return all(isinstance(node, _DISPLAYS) for node in ast.walk(value))


def _bound(tree: ast.Module) -> dict[str, Import | None]:
    """The names that a module of plain statements binds, and for one that a single import binds, that import."""
    names: list[tuple[str, Import | None]] = []
    for statement in tree.body:
        match statement:
            case ast.Import(names=aliases):
                names += [(alias.asname or alias.name.partition(".")[0], None) for alias in aliases]
            case ast.ImportFrom(module=module, names=aliases, level=level):
                names += [(alias.asname or alias.name, Import(level, module or "", alias.name)) for alias in aliases]
            case ast.FunctionDef(name=name):
                names.append((name, None))
            case ast.Assign() | ast.AnnAssign():
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                names += [(target.id, None) for target in targets if isinstance(target, ast.Name)]
    often = Counter(name for name, _ in names)
    return {name: found if often[name] == 1 else None for name, found in names}
