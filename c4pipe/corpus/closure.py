"""From modules to the files of all that they import. Only the syntax is read; nothing is imported.

Modules named only in tables of strings, such as `langid.IDENTIFIERS`, must be listed. Libraries are never entered.
"""

from __future__ import annotations

import importlib.util
import os.path
import sysconfig
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from c4pipe.corpus.source import CodeFile, read_source
from c4pipe.errors import ConfigError

OURS = ("c4pipe", "beam_jobs")
_LIBRARIES = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]


def closure(modules: Iterable[str], stop: Collection[str] = ()) -> dict[str, Path]:
    """The modules, and all modules by the same author that these import: name -> source file, sorted.

    These are the top-level package of each module, and what is next to it if that is neither c4pipe nor a library.
    `from package import name` leads to where the name is defined if `package/__init__.py` merely passes it on: the
    other imports of that file do not count, and the file itself counts only if it is a user's. ConfigError for a module
    without a source.
    """
    found = {module: path for walk in walks_of(modules, stop) for module, path in walk.found.items()}
    return dict(sorted(found.items()))


def walks_of(modules: Iterable[str], stop: Collection[str]) -> list[ImportWalk]:
    """The walks that `closure` makes: one for ours, one for each folder of a user's."""
    walks: dict[tuple[Path, str], ImportWalk] = {}
    for module in sorted({*modules}):
        folder = folder_of(module)
        top = module.partition(".")[0]
        only = top if top in OURS or is_library(folder) else ""
        walks.setdefault((folder, only), ImportWalk(folder, only, frozenset(stop))).add(module)
    return list(walks.values())


@dataclass
class ImportWalk:
    """A walk over the modules below one folder."""

    folder: Path
    only: str  # the one top-level package that counts; empty: all in the folder but ours
    stop: frozenset[str]
    found: dict[str, Path] = field(default_factory=dict)
    passed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # c4pipe package -> `name = origin`
    _whole: set[str] = field(default_factory=set)  # those whose imports count, too
    _todo: list[str] = field(default_factory=list)
    _files: dict[str, Path | None] = field(default_factory=dict)
    _sources: dict[str, CodeFile] = field(default_factory=dict)
    _followed: set[tuple[str, str]] = field(default_factory=set)
    _ran: set[str] = field(default_factory=set)

    def add(self, module: str) -> None:
        """Counts a module and all that it imports."""
        self._enter(module)
        while self._todo:
            self._imports_of(self._todo.pop())

    def _enter(self, module: str) -> None:
        path = self._file(module)
        if path is not None and module not in self._whole:
            self._whole.add(module)
            self.found[module] = path
            self._todo.append(module)
            self._run(module.rpartition(".")[0])

    def _imports_of(self, module: str) -> None:
        path = self.found[module]
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for item in self._source(module).imports:
            target = item.seen_from(package)
            if item.name == "":  # after `import a.b`, everything in `a` may be used, too
                for name in _prefixes(target):
                    self._may_enter(name)
            elif item.name == "*":
                self._may_enter(target)
            else:
                self._follow(target, item.name)

    def _may_enter(self, module: str) -> None:
        if not self._stopped(module):
            self._enter(module)

    def _follow(self, module: str, name: str) -> None:
        """Counts what `from module import name` leads to."""
        while (module, name) not in self._followed and not self._stopped(module):
            self._followed.add((module, name))
            self._run(module)
            bound = self._source(module).bound
            item = bound.get(name)
            origin = (item.seen_from(module), item.name) if item else (module, name)
            if origin == (module, name):
                own = f"{module}.{name}"
                if self._file(own):
                    self._may_enter(own)
                if not self._file(own) or (name in bound and item is None):
                    self._enter(module)
            elif self.only in OURS:
                self.passed[module].add(f"{name} = {':'.join(origin)}")
            module, name = origin

    def _run(self, module: str) -> None:
        """Counts the `__init__.py` of a package and of those above it, which run before anything in it.

        One that only binds names counts by these names, which are followed. A user's counts as a file, too.
        """
        if module in self._ran:
            return
        self._ran.add(module)
        for name in _prefixes(module):
            path = self._file(name)
            if path is None or path.name != "__init__.py" or self._stopped(name):
                continue
            if self._source(name).runs:
                self._enter(name)
            elif self.only not in OURS:
                self.found.setdefault(name, path)

    def _source(self, module: str) -> CodeFile:
        if module not in self._sources:
            path = self._file(module)
            self._sources[module] = read_source(path) if path else _NOTHING
        return self._sources[module]

    def _file(self, module: str) -> Path | None:
        """The source of a module that may count, or None."""
        if module not in self._files:
            top = module.partition(".")[0]
            inside = top == self.only if self.only else top not in ("", *OURS)
            find = _file_of_ours if self.only in OURS else file_in
            self._files[module] = find(self.folder, module) if inside else None
        return self._files[module]

    def _stopped(self, module: str) -> bool:
        return any(name in self.stop for name in _prefixes(module))


_NOTHING = CodeFile("", {}, (), runs=False, bound={})


def _prefixes(module: str) -> Iterator[str]:
    """`a`, `a.b`, `a.b.c`; of an empty name, nothing."""
    parts = module.split(".")
    return (".".join(parts[: i + 1]) for i in range(len(parts)) if module)


def file_in(folder: Path, module: str) -> Path | None:
    """The source of a module by its full name, below the folder of its top-level package."""
    base = os.path.join(folder, *module.split("."))
    found = next(filter(os.path.isfile, (os.path.join(base, "__init__.py"), f"{base}.py")), None)
    return Path(found) if found else None


_file_of_ours = cache(file_in)  # c4pipe's modules do not change while this process runs; a user's may


def homes_of(top: str) -> list[Path]:
    """The folders of a top-level module: none if it has no file, several for a namespace package."""
    try:
        spec = importlib.util.find_spec(top) if top != "__main__" else None  # which workers lack
    except ValueError:
        return []
    if spec is None:
        return []
    inside = [Path(place) for place in spec.submodule_search_locations or ()]
    if spec.origin and spec.has_location and not inside:
        return [Path(spec.origin).parent]
    return [place.parent for place in inside]


def folder_of(module: str) -> Path:
    """The folder of a module's top-level package. ConfigError if the module has no source."""
    for home in homes_of(module.partition(".")[0]):
        if file_in(home, module):
            return home
    raise ConfigError(
        f"module {module} has no source file, so later builds could not tell whether its code changed. Put it in a "
        "module, such as my_rules.py, and import it from there."
    )


def is_library(folder: Path) -> bool:
    """Whether the contents of a folder were installed: then their version identifies them."""
    return bool({"site-packages", "dist-packages"} & {*folder.parts}) or any(map(folder.is_relative_to, _LIBRARIES))
