"""Language identifiers by name. Importing this package imports none: an absent library costs nothing until chosen."""

from __future__ import annotations

from importlib import import_module

from c4pipe.errors import ConfigError, unknown
from c4pipe.langid.base import Guess, LanguageIdentifier

__all__ = ["IDENTIFIERS", "Guess", "LanguageIdentifier", "load"]

# Name -> "module:Class". The class is called without arguments.
IDENTIFIERS = {
    "langdetect": "c4pipe.langid.langdetect:LangDetect",
}


def load(name: str) -> LanguageIdentifier:
    """The identifier of that name, ready to guess. Loads its profiles or model: do it once a process.

    Raises:
        ConfigError: the name is not in `IDENTIFIERS`, or its library is not installed.
    """
    if name not in IDENTIFIERS:
        raise unknown("language identifier", name, IDENTIFIERS)
    module, _, cls = IDENTIFIERS[name].partition(":")
    try:
        made: LanguageIdentifier = getattr(import_module(module), cls)()
    except ModuleNotFoundError as error:
        package = (error.name or "c4pipe").partition(".")[0]
        if package == "c4pipe":
            raise  # a module of ours is missing: a bug, not a choice
        raise ConfigError(
            f"language identifier {name!r} needs the package {package!r}, which is not installed: "
            f"pip install {package}."
        ) from error
    return made
