"""The trunk of a preset: its stages up to the last dedup, and the files they read: what decides a page's keys.

Two crawls can be compared if their trunks are the same. Stages after the trunk, such as a list of bad words, may
differ, and so may which pages of a crawl may be used at all: the keys of usable pages are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from c4pipe.corpus.identity import changes, fingerprint
from c4pipe.errors import ConfigError
from c4pipe.files.record import files_of

DIFFERENCES_TOLD = 6  # most differences in a message
_UNTOLD = ("stage", "level", "rule", "rules", "reasons", "reason", "source", "class", "in", "alone", "columns", "own")
_OPTIONS = {
    "verify": "--near-verify",
    "stays": "--near-stays",
    "by": "--langid",
    "languages": "--languages",
    **{f"{name}_key": f"--{name}-key" for name in ("text", "url", "date")},
}

Described = Mapping[str, Any]  # a manifest, or what it would hold: `preset` as `catalogue.describe`, and `files`


def trunk_of(described: Described) -> dict[str, Any]:
    """The part of a manifest that describes the trunk: `preset` with its `stages`, and the `files` that they read."""
    told = json.loads(json.dumps({"stages": described["preset"]["stages"], "files": files_of(described)}))
    ends = [number for number, row in enumerate(told["stages"], 1) if "level" in row]
    rows = [row for row in told["stages"][: max(ends, default=0)] if not _chooses(row)]
    readers = {name for row in rows for name in _classes(row)}
    return {
        "preset": {"stages": rows},
        "files": [file for file in told["files"] if readers & {*file["read_by"]}],
    }


def deduped(described: Described) -> list[str]:
    """The names of the stages that keep keys: the dedups, that of URLs first."""
    return [row["stage"] for row in trunk_of(described)["preset"]["stages"] if "level" in row]


def before_text(described: Described) -> list[str]:
    """The names of the stages before the first dedup of text, or of all if there is none. They count pages as read, so
    their counts stay when pages are removed from the corpus.
    """
    names = [str(row["stage"]) for row in described["preset"]["stages"]]
    texts = deduped(described)[1:]
    return names[: names.index(texts[0])] if texts else names


def trunk_digest(described: Described) -> str:
    """sha256, as hex digits, of the trunk: recorded in each file of keys."""
    trunk = trunk_of(described)
    sums = sorted((file["kind"], file["name"], file["sha256"]) for file in trunk["files"])
    return fingerprint({"stages": trunk["preset"]["stages"], "files": sums})


def check_trunk(now: Described, then: Described, path: str) -> None:
    """ConfigError listing what differs if the trunk of an earlier corpus is not that of this build.

    Args:
        now: what the manifest of this build will hold.
        then: the manifest of the corpus at `path`.
    """
    before, after = trunk_of(then), trunk_of(now)
    found = changes(before | {"code": {}}, after | {"code": {}})
    if not found:
        return
    told = [*_stages_told(before, after), *_files_told(before, after)]
    asked = [each.get("settings", {}).get("dedup") for each in (then, now)]
    if told and asked[0] != asked[1]:
        told.insert(0, f"--dedup {asked[0] or 'not given'} there, {asked[1] or 'not given'} here")
    told = told or [name for names in found.values() for name in names]
    more = f" and {len(told) - DIFFERENCES_TOLD:,} more" if len(told) > DIFFERENCES_TOLD else ""
    stages = ", ".join(row["stage"] for row in before["preset"]["stages"])
    raise ConfigError(
        f"--against {path}: what determines its keys differs from preset {now['preset']['name']!r} here "
        f"({'; '.join(told[:DIFFERENCES_TOLD])}{more}). Expected its stages and their numbers up to the last dedup, "
        f"{stages}: build both the same way, or leave it out."
    )


def _chooses(row: Mapping[str, Any]) -> bool:
    """Whether a stage only decides which pages may be used: such wishes change from crawl to crawl."""
    rules = row.get("rules", ())
    return bool(rules) and all(rule.get("chooses", False) for rule in rules)


def _stages_told(then: Described, now: Described) -> Iterator[str]:
    """How stages differ: those that only one has, and fields with both values and their option."""
    before, after = ({row["stage"]: row for row in each["preset"]["stages"]} for each in (then, now))
    for where, mine, other in (("there", before, after), ("here", after, before)):
        if alone := [name for name in mine if name not in other]:
            yield f"stages only {where}: {', '.join(alone)}"
    for name in before:
        if name in after:
            one, another = _fields(before[name]), _fields(after[name])
            differ = [field for field in {**one, **another} if one.get(field) != another.get(field)]
            yield from (_field_told(name, field, one.get(field), another.get(field)) for field in differ)


def _field_told(stage: str, field: str, then: Any, now: Any) -> str:
    if field == "format":
        return f"its inputs were read as {then}, here as {now}: --input-format"
    option = f" ({_OPTIONS[field]})" if field in _OPTIONS else ""
    return f"stage {stage}: {field} {_value(then)} there, {_value(now)} here{option}"


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a stage, of its level, and as "MinWords words" of its rules."""
    found = {name: value for name, value in row.items() if name not in _UNTOLD}
    found |= {name: value for name, value in row.get("level", {}).items() if name not in _UNTOLD}
    for rule in row.get("rules", ()):
        found[rule["rule"]] = "yes"
        found |= {f"{rule['rule']} {name}": value for name, value in rule.items() if name not in _UNTOLD}
    return found


def _value(value: Any) -> str:
    """
    >>> _value(0.72), _value(0.0), _value(None), _value(["de", "en", "fr", "ru"])
    ('0.72', 'none', 'none', 'de, en, fr and 1 more')
    """
    if not isinstance(value, list):
        return "none" if value in (None, "", 0.0) and value is not False else str(value)
    return ", ".join(map(str, value[:3])) + (f" and {len(value) - 3:,} more" if len(value) > 3 else "") or "none"


def _files_told(then: Described, now: Described) -> Iterator[str]:
    """Which files differ, by kind: of many, only the number."""
    sums = [{(file["kind"], file["name"]): file["sha256"] for file in each["files"]} for each in (then, now)]
    kinds: dict[str, list[str]] = {}
    for kind, name in {**sums[0], **sums[1]}:
        if sums[0].get((kind, name)) != sums[1].get((kind, name)):
            kinds.setdefault(kind, []).append(name)
    for kind, names in kinds.items():
        yield f"{kind} files: {', '.join(names) if len(names) <= 3 else f'{len(names):,} are others'}"


def _classes(row: Mapping[str, Any]) -> list[str]:
    """The classes of a stage and its parts, by their bare names."""
    levels = [row["level"]["level"]] if "level" in row else []
    return [row["kind"], *levels, *(rule["rule"] for rule in row.get("rules", ()))]
