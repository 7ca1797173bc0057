"""Which files code opens, by Python's audit events, so that a custom part cannot read files unnoticed."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from c4pipe.errors import C4Error, ConfigError
from c4pipe.own import failed_import, import_own

_CODE = {".py", ".pyc", ".pyd", ".so", ".pth"}
_watchers: list[set[Path]] = []
_imported: set[Path] = set()


@contextmanager
def opened() -> Iterator[set[Path]]:
    """The files opened for reading in the block, filled in while it runs. Code, libraries' own files and anything but
    regular files do not count; neither does what a compiled library opens without Python."""
    _listen()
    found: set[Path] = set()
    _watchers.append(found)
    try:
        yield found
    finally:
        _watchers[:] = [each for each in _watchers if each is not found]  # two empty sets are equal


def import_watched(name: str) -> ModuleType:
    """Imports a user's module; records the files that it and its imports open meanwhile."""
    with opened() as found:
        module = import_own(name)
    _imported.update(path for path in found if path.is_file())
    return module


def own_value(spec: str, said: str, expected: str) -> Any:
    """What a user's module calls NAME, for MODULE:NAME. ConfigError if there is none, or the module cannot be imported.

    Args:
        said, expected: how the message begins and ends.
    """
    module, _, name = spec.partition(":")
    if not module or module.startswith("."):
        raise ConfigError(f"{said}: no module is named. {expected}")
    try:
        found = import_watched(module)
    except C4Error as error:
        raise ConfigError(f"{said}: {error}") from None
    except Exception as error:
        if fault := failed_import(error, module):
            raise ConfigError(f"{said}: {fault}") from None
        if isinstance(error, ImportError):
            raise ConfigError(f"{said}: {error}. {expected}") from None
        raise
    try:
        return getattr(found, name)
    except AttributeError as error:
        raise ConfigError(f"{said}: {error}. {expected}") from None


def read_by_imports() -> frozenset[Path]:
    """The files that users' modules opened while they were imported."""
    return frozenset(path for path in _imported if path.is_file())


@cache
def _listen() -> None:
    """An audit hook is permanent, so it is only added with the first watcher."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watchers or event != "open" or not isinstance(arguments[0], str | os.PathLike):
        return
    flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
    if flags & (os.O_WRONLY | os.O_RDWR):
        return
    path = Path(os.path.abspath(os.fspath(arguments[0])))
    if _is_data(path):
        for watcher in _watchers:
            watcher.add(path)


def _is_data(path: Path) -> bool:
    return path.suffix not in _CODE and path.is_file() and not any(map(path.is_relative_to, _libraries()))


@cache
def _libraries() -> tuple[Path, ...]:
    places = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev", "/etc"}
    return tuple(Path(place) for each in places if each != os.sep for place in {each, os.path.realpath(each)})
