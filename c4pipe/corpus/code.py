"""The code that decides the bytes of a corpus, as digests by name: they identify staged work and finished corpora.

    classes of rules and stages, modules --closure--> files --digests--> {"my_rules:NoShouting": ..., "my_rules": ...}

Libraries count by their versions, which the manifest records.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from importlib import metadata

from c4pipe.corpus.closure import OURS, file_in, folder_of, homes_of, is_library, walks_of
from c4pipe.corpus.source import digest_of, read_source
from c4pipe.errors import ConfigError


def code_of(classes: Iterable[type], modules: Iterable[str] = (), stop: Collection[str] = ()) -> dict[str, str]:
    """The code as a manifest records it: `module:Class` and `module` -> digest, sorted, the same on every machine.

    Args:
        classes: rules, stages and levels. Their modules, those of their bases, and what these import count.
        modules: further modules that decide.
        stop: modules and packages that are imported but decide nothing.

    A package of ours that only re-exports names has the digest of the names used. ConfigError as in
    `digest_of_class` and `closure`.
    """
    classes = list(classes)
    known = {f"{each.__module__}:{each.__qualname__}": digest_of_class(each) for each in classes}
    walks = walks_of({base.__module__ for each in classes for base in _own(each)} | {*modules}, stop)
    for walk in walks:
        known |= {module: digest_of(*sorted(names)) for module, names in walk.passed.items()}
    for walk in walks:
        known |= {module: read_source(path).digest for module, path in walk.found.items()}
    return dict(sorted(known.items()))


def libraries_of(modules: Iterable[str]) -> list[str]:
    """The distributions that a user's modules import, directly or through modules next to them: their versions decide,
    too. Those that c4pipe imports are known.
    """
    own = [module for module in modules if module.partition(".")[0] not in OURS]
    tops: set[str] = set()
    for walk in walks_of(own, ()):
        imports = (item for path in walk.found.values() for item in read_source(path).imports)
        asked = {item.module.partition(".")[0] for item in imports if not item.level}
        tops |= asked - {name.partition(".")[0] for name in walk.found}
    return sorted({found for top in tops - {*OURS, *sys.stdlib_module_names} for found in _distributions(top)})


def _distributions(top: str) -> list[str]:
    """The distributions that installed a top-level module. Reading all metadata takes 0.1 s."""
    try:
        return [metadata.distribution(top).name]
    except metadata.PackageNotFoundError:
        return metadata.packages_distributions().get(top, [])


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs between two codes: classes, then modules whose change no class explains; in both, edited entries
    come first. An entry that only one of them has is marked: `my_rules:NoShouting (new)`, `my_rules (gone)`.
    """
    differ = {name for name in {*then, *now} if then.get(name) != now.get(name)}
    explained = {name.partition(":")[0] for name in differ if ":" in name}
    told = [name for name in differ if ":" in name or name not in explained]
    told.sort(key=lambda name: (":" not in name, name not in then or name not in now, name))
    return [name + ("" if name in then and name in now else " (new)" if name in now else " (gone)") for name in told]


def digest_of_class(cls: type) -> str:
    """The digest of a class by its source and that of its bases outside libraries. ConfigError without a source."""
    return digest_of(*(f"{base.__module__}:{base.__qualname__} {_statement(base)}" for base in _own(cls)))


def _own(cls: type) -> list[type]:
    """The class and its bases, except those of libraries."""
    top = cls.__module__.partition(".")[0]
    return [base for base in cls.__mro__ if base is cls or _is_authored(base.__module__.partition(".")[0], top)]


def _is_authored(top: str, own: str) -> bool:
    if top in (*OURS, own):
        return True
    homes = homes_of(top)
    return not all(map(is_library, homes)) if homes else top not in sys.stdlib_module_names


def _statement(cls: type) -> str:
    path = file_in(folder_of(cls.__module__), cls.__module__)
    found = read_source(path).classes.get(cls.__qualname__) if path else None
    if found is None:
        raise ConfigError(
            f"class {cls.__qualname__} has no class statement in its module {cls.__module__}, so later builds could "
            "not tell whether its code changed. Write it as a class statement in your own module."
        )
    return found
