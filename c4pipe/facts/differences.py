"""The differences between two descriptions of presets or builds, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.files.record import files_of

MOST = 12  # list items shown
_SHOWN_DIGITS = 12  # of a checksum: enough for a reader to distinguish files
# Keys in manifests -> their names for readers.
_PLACES = [
    (re.compile("^name$"), "preset"),
    (re.compile("^says$"), "description of the preset"),
    (re.compile("^own$"), "language of the preset's name"),
    (re.compile("^(.*), by$"), r"\1, identified by"),
    (re.compile("^identifiers, ([^,]*), identifier$"), r"\1, available identifier"),
    (re.compile("^identifiers, ([^,]*), model$"), r"\1, model file of the identifier"),
    (re.compile("^identifiers, ([^,]*), sha256$"), r"\1, sha256 of that model file"),
    (re.compile("^identifiers, ([^,]*), versions, (.*)$"), r"\1, version of \2"),
    (re.compile("^identifiers, (.*)$"), r"language identifier, \1"),
    (re.compile("^versions, (.*)$"), r"version of \1"),
]
_SUM = re.compile(rf"\b([0-9a-f]{{{_SHOWN_DIGITS}}})[0-9a-f]{{{64 - _SHOWN_DIGITS}}}\b")


class SettingChange(NamedTuple):
    """A setting that differs between two descriptions, or that only one of them has."""

    what: str
    a: str | None = None  # the first one's value; "" for the thing itself, None if only the other one has it
    b: str | None = None
    said: str = ""  # of both, in words, if neither has a value of its own

    def line(self, first: str = "A", second: str = "B") -> str:
        """In words.

        >>> SettingChange("clean, MinWords: words", "5", "3").line("was", "is")
        'clean, MinWords: words: was 5, is 3'
        >>> SettingChange("badwords", "", None).line()
        'badwords: A only'
        """
        if self.said:
            return f"{self.what}: {self.said}"
        if self.a is not None and self.b is not None:
            return f"{self.what}: {first} {self.a}, {second} {self.b}"
        side, value = (first, self.a) if self.b is None else (second, self.b)
        return f"{self.what}: {side} only {value}".rstrip()


def differences(a: Any, b: Any, first: str, second: str, where: str = "") -> list[str]:
    """What differs between two descriptions of presets, one line each, as `clean, MinWords: words was 5, is 3`."""
    return [change.line(first, second) for change in _differences(_plain(a), _plain(b), where)]


def _differences(a: Any, b: Any, where: str) -> Iterator[SettingChange]:
    if a == b:
        return
    if a is None and isinstance(b, dict | list):
        a = type(b)()
    elif b is None and isinstance(a, dict | list):
        b = type(a)()
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            place = where if key in ("stages", "rules", "level", "reasons") else f"{where}, {key}".lstrip(", ")
            yield from _differences(a.get(key), b.get(key), place)
    elif isinstance(a, list) and isinstance(b, list) and _named([*a, *b]):
        rows_a, rows_b = _named(a), _named(b)
        for key in dict.fromkeys([*rows_a, *rows_b]):
            place = f"{where}, {key}".lstrip(", ")
            if key not in rows_b:
                yield SettingChange(place, "", None)
            elif key not in rows_a:
                yield SettingChange(place, None, "")
            else:
                yield from _differences(rows_a[key], rows_b[key], place)
    elif isinstance(a, list) and isinstance(b, list) and set(map(str, a)) != set(map(str, b)):
        if lone := [item for item in a if item not in b]:
            yield SettingChange(where, _few(lone), None)
        if lone := [item for item in b if item not in a]:
            yield SettingChange(where, None, _few(lone))
    else:
        yield SettingChange(where, _shown(a), _shown(b))


def _named(rows: list[Any]) -> dict[str, Any]:
    """Stages, rules and identifiers by name; repeated names get a number. Empty for other lists."""
    found: dict[str, Any] = {}
    for row in rows:
        name = row.get("stage", row.get("rule", row.get("identifier"))) if isinstance(row, dict) else None
        if name is None:
            return {}
        found[name if name not in found else f"{name} ({len(found) + 1})"] = row
    return found


def _plain(value: Any) -> Any:
    """The value as JSON would return it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value in (None, "") else f"{value:,}" if isinstance(value, int) else str(value)


def _sums(manifest: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The checksums of input files, by kind and name."""
    found: dict[str, dict[str, str]] = {}
    for file in files_of(manifest):
        found.setdefault(file["kind"], {})[file["name"]] = file["sha256"]
    return found


def settings(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """The differences between two manifests in how the corpora were built, in words of "A" and "B"."""
    return [change.line() for change in setting_changes(a, b)]


def setting_changes(a: dict[str, Any], b: dict[str, Any]) -> list[SettingChange]:
    """The same as separate changes."""
    for side, manifest in (("A", a), ("B", b)):
        if "released" in manifest:
            return [SettingChange("preset", said=f"{side} is a folder of files; how they were made is not recorded")]
    found: list[SettingChange] = []
    for name in ("preset", "settings", "versions", "identifiers"):
        where = "" if name == "preset" else name
        found += map(_in_words, _differences(_plain(a.get(name)), _plain(b.get(name)), where))
    found += [
        SettingChange(kind, said="other files")
        for kind in dict.fromkeys([*_sums(a), *_sums(b)])
        if _sums(a).get(kind) != _sums(b).get(kind)
    ]
    inputs = [{(item["path"], item["bytes"]) for item in manifest.get("inputs", [])} for manifest in (a, b)]
    if inputs[0] != inputs[1]:
        mine, theirs, common = len(inputs[0] - inputs[1]), len(inputs[1] - inputs[0]), len(inputs[0] & inputs[1])
        found.append(SettingChange("inputs", said=f"{mine:,} of A only, {theirs:,} of B only, {common:,} of both"))
    return found + _earlier(a.get(AGAINST, []), b.get(AGAINST, []))


def _in_words(change: SettingChange) -> SettingChange:
    """A change in words for readers.

    >>> _in_words(SettingChange("identifiers, language, versions, pycld2", "nothing", "0.42"))
    SettingChange(what='language, version of pycld2', a='none', b='0.42', said='')
    """
    found = next((pattern.sub(words, change.what) for pattern, words in _PLACES if pattern.search(change.what)), None)
    if change.what.startswith(("identifiers, ", "versions, ")):
        change = change._replace(a=_version(change.a), b=_version(change.b))
    return change if found is None else change._replace(what=found)


def _version(value: str | None) -> str | None:
    return None if value is None else "none" if value == "nothing" else _SUM.sub(r"\1…", value)


def _earlier(a: list[dict[str, str]], b: list[dict[str, str]]) -> list[SettingChange]:
    """The earlier corpora that only one of them was built against, by the checksums of their manifests."""
    sums = [{row["sha256"] for row in rows} for rows in (a, b)]
    told = []
    for name, rows, others in (("A", a, sums[1]), ("B", b, sums[0])):
        if lone := [str(row["path"]) for row in rows if row["sha256"] not in others]:
            other = "" if all(sums) else f", {'B' if name == 'A' else 'A'} against none"
            said = f"only {name} was built against {_few(lone)}{other}"
            told.append(SettingChange("earlier corpora", said=said))
    return told


def _few(items: list[str]) -> str:
    return f"{_shown(items[:MOST])}{' …' if len(items) > MOST else ''}"
