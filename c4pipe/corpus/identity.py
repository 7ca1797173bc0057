"""The identity of a corpus and of staged work: all that decides their bytes, and differences in words.

preset by value + code + files by sum + versions + settings + inputs --> fingerprint
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from c4pipe.corpus.code import changed, code_of, libraries_of
from c4pipe.files.record import files_of
from c4pipe.part import Part, everything
from c4pipe.stages import Preset, Stage
from c4pipe.wet.reasons import CHANGED_INPUT

# Imported on the way, but deciding no byte: fetching, wiring, explanations of pages afterwards, and presets, which
# are identified by their values.
STOP = (
    "c4pipe.fetch",
    "c4pipe.flow.settings",
    "c4pipe.presets",
    "c4pipe.corpus.catalogue",
    "c4pipe.corpus.identity",
    "c4pipe.dedup.recorded",
    "c4pipe.stages.explaining",
    "c4pipe.stages.trace",
)
# Libraries whose versions decide the output; language identifiers are recorded separately.
LIBRARIES = (
    *("apache-beam", "google-re2", "isal", "langdetect", "llvmlite", "mmh3", "nltk", "numba", "numpy", "pyarrow"),
    *("sentencex", "tldextract"),
)
STAGING = ("c4pipe.files.assets", "c4pipe.flow.read", "c4pipe.flow.dedup", "c4pipe.passes.staging")
RESTAGING = ("c4pipe.flow.apply", "c4pipe.passes.restaging")
MIXING = ("c4pipe.flow.rebalance", "c4pipe.rebalance.plan", "c4pipe.rebalance.finalize")
FINISHING = ("c4pipe.flow.apply", "c4pipe.flow.write", "c4pipe.passes.finishing", "c4pipe.passes.finalize")


def code_behind(stages: Sequence[Stage], passes: Iterable[str] = STAGING) -> dict[str, str]:
    """The code that decides the output of these stages: `module:Class` and `module` -> digest."""
    parts = list(everything(stages))
    modules = [module for part in parts for module in part.modules()]
    return code_of(dict.fromkeys(type(part) for part in parts), [*passes, *modules], STOP)


def versions_behind(stages: Sequence[Stage], versions: Mapping[str, str]) -> dict[str, str]:
    """Those of these versions that decide the output of the stages."""
    names = {"c4pipe", "python", *LIBRARIES, *libraries_behind(stages)}
    return {name: version for name, version in versions.items() if name in names}


def libraries_behind(stages: Sequence[Stage]) -> list[str]:
    """The distributions that parts name, and those that a user's modules import."""
    parts = list(everything(stages))
    found = libraries_of({type(part).__module__ for part in parts} | {m for part in parts for m in part.modules()})
    return sorted({*found, *(name for part in parts for name in part.libraries)})


def code_of_corpus(preset: Preset) -> dict[str, str]:
    """The code that decides the bytes of a whole corpus."""
    return code_behind(preset.stages, (*STAGING, *RESTAGING, *FINISHING))


def files_read(parts: Iterable[Part], files: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(name, sha256) of those files of `files.record.accounts` that these parts read."""
    readers = {type(part).__name__ for part in everything(parts)}
    return [(file["name"], file["sha256"]) for file in files if readers & {*file["read_by"]}]


def fingerprint(known: Any) -> str:
    """sha256, as hex digits, of plain values."""
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def code_of_mixture() -> dict[str, str]:
    """The code that decides the bytes of a mixture."""
    return code_of((), MIXING, STOP)


def code_of_everything() -> str:
    """A digest of all code that decides: all machines of one build must agree on it."""
    return fingerprint(code_of((), (*STAGING, *RESTAGING, *FINISHING, *MIXING)))


def changes(then: Mapping[str, Any], now: Mapping[str, Any], parts: Iterable[Part] = ()) -> dict[str, list[str]]:
    """How a finished corpus differs from the one that would be built now, in words, by setting.

    Args:
        then: its manifest.
        now: what the manifest would hold: any of preset, settings, files, identifiers, versions, inputs, against, code.
        parts: of the preset, so that code is named "rule MinWords" instead of "c4pipe.rules.lines:MinWords".
    """
    found = {}
    for name, words in (
        ("inputs", _inputs),
        ("preset", _stages),
        ("settings", _values),
        ("files", _files),
        ("identifiers", _values),
        ("versions", _versions),
        ("against", _earlier),
    ):
        before = files_of(then) if name == "files" else then.get(name)
        if name in now and (told := words(before, now[name])):
            found[name] = told
    if then.get("removed"):
        found["pages"] = ["some were removed after the build"]
    if told := code_changes(then.get("code"), now["code"], parts):
        found["code"] = told
    return found


def code_changes(then: Mapping[str, str] | None, now: Mapping[str, str], parts: Iterable[Part] = ()) -> list[str]:
    """What differs between two codes in words, rules and stages first: "rule MinWords", "module c4pipe.text.urls"."""
    if then is None:
        return ["an older c4pipe, which did not record its code"]
    kinds = {class_name(part): part.kind for part in everything(parts)}
    told = []
    for entry in changed(then, now):
        name, _, mark = entry.partition(" ")
        known = name if ":" not in name else name.rpartition(":")[2]
        told.append(f"{kinds.get(name, 'class' if ':' in name else 'module')} {known}{' ' + mark if mark else ''}")
    return told


def _values(then: Any, now: Any) -> list[str]:
    """Changed settings by name; for anything else, only that it changed."""
    if json.loads(json.dumps(now)) == then:
        return []
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        return [name for name in now if json.loads(json.dumps(now[name])) != then.get(name)] or ["others"]
    return ["others"]


def _stages(then: Any, now: Mapping[str, Any]) -> list[str]:
    """The stages that differ, by name."""
    then, plain = json.loads(json.dumps([then or {}, now]))
    rows = [{row["stage"]: row for row in each.get("stages", ())} for each in (then, as_told(plain, then))]
    names = dict.fromkeys([*rows[0], *rows[1]])
    differ = [name for name in names if rows[0].get(name) != rows[1].get(name)]
    return differ or ([] if [*rows[0]] == [*rows[1]] else ["the order of its stages"])


def as_told(now: Any, then: Any) -> Any:
    """A description without what an older manifest did not record."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {k: as_told(v, then.get(k)) for k, v in now.items() if k in then or k not in ("class", "in", "own")}
    if isinstance(now, list) and isinstance(then, list):
        return [as_told(*pair) for pair in zip(now, then, strict=False)] + now[len(then) :]
    return now


def _files(then: Any, now: Sequence[Mapping[str, Any]]) -> list[str]:
    sums = [{(file["kind"], file["name"]): file["sha256"] for file in files} for files in (then or (), now)]
    return [
        name
        for kind, name in dict.fromkeys([*sums[0], *sums[1]])
        if sums[0].get((kind, name)) != sums[1].get((kind, name))
    ]


def _versions(then: Any, now: Mapping[str, str]) -> list[str]:
    then = then or {}
    return [f"{name} {then.get(name, '(none)')}, now {found}" for name, found in now.items() if then.get(name) != found]


def _earlier(then: Any, now: Sequence[Mapping[str, Any]]) -> list[str]:
    """The earlier corpora that only one of the two builds was made against."""
    before, after = ({(row["path"], row["sha256"]) for row in each} for each in (then or (), now))
    return sorted({path for path, _ in before ^ after})


def _inputs(then: Any, now: Iterable[tuple[str, int]]) -> list[str]:
    before, after = (
        {(path, size) for path, size in each} for each in ([(i["path"], i["bytes"]) for i in then or ()], now)
    )
    return sorted({name for name, _ in before ^ after})


def misread(manifest: Mapping[str, Any], inputs: Iterable[tuple[str, int]]) -> list[str]:
    """The inputs of a finished corpus that have changed since it read them, by name.

    Their size differs from when they were read, or they changed meanwhile. `inputs` are names and bytes now, -1 if
    unknown.
    """
    sizes = dict(inputs)
    return [
        item["path"]
        for item in manifest["inputs"]
        if CHANGED_INPUT.code in item["faults"] or sizes.get(item["path"], -1) not in (-1, item["bytes"])
    ]


def class_name(part: object) -> str:
    """`module:Class`, the name in a manifest from which it is imported again."""
    return f"{type(part).__module__}:{type(part).__qualname__}"
