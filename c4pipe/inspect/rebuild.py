"""The preset that built a corpus, reconstructed from its manifest, with the files that it used."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.closure import file_in, folder_of
from c4pipe.corpus.identity import as_told, code_behind, code_changes, code_of_corpus
from c4pipe.corpus.plan import Plan
from c4pipe.errors import C4Error, ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.differences import differences
from c4pipe.files.assets import Assets, find_assets
from c4pipe.files.pinned import sha256_of
from c4pipe.files.record import files_of, recorded
from c4pipe.files.watching import opened
from c4pipe.inspect.absent import Absent
from c4pipe.langid import own
from c4pipe.part import Part
from c4pipe.presets import EN, PRESETS
from c4pipe.stages import Preset, Stage

# Modules of the classes in older manifests, which do not name them.
_OF_RULES = {"rules", "lines", "then"}  # fields of our stages that may be empty, and are then left out
_HOMES = ("c4pipe.stages", "c4pipe.rules", "c4pipe.dedup")


def preset_of(corpus: Corpus) -> tuple[Preset, list[str]]:
    """The preset with the thresholds in the manifest, and remaining differences from the build: missing rules, changed
    code, changed sources.

    ConfigError for a mixture, and if too much is missing for a preset.
    """
    try:
        return _preset_of(corpus)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        found = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{corpus.folder}: what the manifest says of its preset is damaged ({found}).") from None


def _preset_of(corpus: Corpus) -> tuple[Preset, list[str]]:
    said = corpus.manifest.get("preset", {})
    if "mixture" in corpus.manifest or not said.get("stages"):
        raise ConfigError(f"{corpus.folder} was not filtered by a preset: it is a mixture of corpora that were.")
    name = str(said["name"])
    missing: list[str] = []
    stages = tuple(stage for row in said["stages"] if (stage := _stage(row, missing)) is not None)
    preset = Preset(name, str(said.get("says", "")), stages, own=str(said.get("own", PRESETS.get(name, EN).own)))
    if not missing:
        missing += differences(said, as_told(describe(preset), said), "then", "now")
        missing += _other_code(corpus, preset)
    return preset, missing


def plan_of(corpus: Corpus, given: Sequence[Path] = (), preset: Preset | None = None) -> Plan:
    """The preset that built a corpus, or another one, ready to judge with the files that the corpus was judged with.

    `given` are such files, found by checksum. C4Error, in a line, if judging again is impossible.
    """
    try:
        return _plan_of(corpus, given, preset)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        found = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{corpus.folder}: the preset cannot be rebuilt from the manifest ({found}).") from None


def _plan_of(corpus: Corpus, given: Sequence[Path], preset: Preset | None) -> Plan:
    chosen = preset_of(corpus)[0] if preset is None else preset
    assets, absent = recorded(corpus.folder, corpus.manifest, given, _assets_here())
    if absent and preset is None:
        how = "" if all("by itself" in line for line in absent) else " Point at it: --file FILE."
        raise ConfigError(f"{'; '.join(absent)}.{how}")
    plan = Plan(chosen, assets)
    with opened() as read:
        plan.bind()
    for file in files_of(corpus.manifest):
        if (path := Path(file["name"]).absolute()) in read and sha256_of(path) != file["sha256"]:
            raise ConfigError(
                f"a rule opens {file['name']} by itself, which differs from the build's. With `assets.path(name)` it "
                "would read the copy that the corpus keeps."
            )
    return plan


def _assets_here() -> Assets:
    """The installed lists; none if these are damaged: the corpus has its own."""
    try:
        return find_assets()
    except C4Error:
        return Assets()


def _other_code(corpus: Corpus, preset: Preset) -> list[str]:
    """Rules and stages whose code has changed since the build, including the code that they share."""
    if "code" not in corpus.manifest:  # of an older c4pipe: changes cannot be detected
        return []
    try:
        judging, now = code_behind(preset.stages, ()), code_of_corpus(preset)
    except C4Error as error:
        return [str(error)]
    then, now = ({name: known[name] for name in known if name in judging} for known in (corpus.manifest["code"], now))
    return [f"{name} has other code" for name in code_changes(then, now, preset.stages)]


def _stage(row: dict[str, Any], missing: list[str]) -> Stage | None:
    """A stage from its description, as `catalogue.describe_stage` returns it."""
    kind = _class(row, "kind", missing, f"stage {row['stage']!r}: kind")
    by = row.get("by")
    if isinstance(by, str) and own(by) and by.partition(":")[0] not in sys.modules and not _declares(*by.split(":", 1)):
        missing.append(f"stage {row['stage']!r}: identifier {by} is not found here; left out")
        kind = None
    if kind is None:
        return None if "level" in row else Absent.of(row)
    held: dict[str, Any] = {"name": row["stage"]}
    if "level" in row:
        level = _class(row["level"], "level", missing, f"stage {row['stage']!r}: level")
        if level is None:
            return None
        held["level"] = _made(level, row["level"], {})
    names = {field.name for field in fields(kind)}
    held |= dict.fromkeys(names & _OF_RULES, ())
    for said in row.get("rules", ()):
        rule = _class(said, "rule", missing, f"stage {row['stage']!r}: rule")
        if rule is not None:
            field, made = said.get("in") or _field_of(rule, names), _made(rule, said, {})
            held[field] = made if said.get("alone") else (*held.get(field, ()), made)
    stage: Stage = _made(kind, row, held)
    return stage


def _field_of(kind: type, names: set[str]) -> str:
    """The field of a rule in an older manifest, which does not record it."""
    if "rules" in names:
        return "rules"
    return "lines" if "lines" in names and not hasattr(kind, "offence") else "then"


_BEFORE = {("BadWords", "fold"): False}  # fields added to a class later, with their former behaviour


def _made(kind: Any, said: dict[str, Any], held: dict[str, Any]) -> Any:
    """A value with the fields in the description; other fields get their former or default values."""
    own = {field.name for field in fields(kind)}
    said = {name: value for (owner, name), value in _BEFORE.items() if owner == kind.__name__} | said
    plain = {name: _tuples(value) for name, value in said.items() if name in own and name not in held}
    return kind(**plain, **held)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _class(said: dict[str, Any], key: str, missing: list[str], what: str) -> Any:
    """The class that a description names; None, and a remark, if it is not available."""
    name = str(said.get("class", ""))
    if not name:
        found = (getattr(importlib.import_module(home), said[key], None) for home in _HOMES)
        kind = next((one for one in found if one is not None), None)
    else:
        kind = _imported(*name.split(":", 1)) if ":" in name else None
    if isinstance(kind, type) and issubclass(kind, Part):
        return kind
    where = ": is its folder on PYTHONPATH?" if name and not name.startswith("c4pipe.") else ""
    missing.append(f"{what} {name or said[key]} is not found here; left out{where}")
    return None


def _imported(module: str, name: str) -> Any:
    """The class of that name. A module is imported only if its source defines the class, since anybody may have written
    the manifest."""
    if module not in sys.modules and not _declares(module, name):
        return None
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
    except Exception:  # another person's module may raise anything
        return None
    return found


def _declares(module: str, name: str) -> bool:
    """Whether the source of a module defines that class. Nothing is imported to find out, no parent package either."""
    try:
        path = file_in(folder_of(module), module)
        tree = ast.parse(path.read_bytes()) if path else None
    except (ConfigError, OSError, SyntaxError, ValueError):
        return False
    first = name.partition(".")[0]
    return tree is not None and any(isinstance(node, ast.ClassDef) and node.name == first for node in tree.body)
