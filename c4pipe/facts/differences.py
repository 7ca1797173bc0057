"""What differs between two descriptions of presets or builds, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.files.record import files_of

MOST = 12  # items of a list that are named
_SHOWN_DIGITS = 12  # of a checksum: as many as tell files apart for a reader
# Where manifests say something, by the names that they have for it -> as a reader has it.
_PLACES = [
    (re.compile("^name$"), "preset"),
    (re.compile("^says$"), "what the preset is said to be"),
    (re.compile("^own$"), "language that the name of the preset stands for"),
    (re.compile("^(.*), by$"), r"\1, identified by"),
    (re.compile("^identifiers, ([^,]*), identifier$"), r"\1, identifier that was at hand"),
    (re.compile("^identifiers, ([^,]*), model$"), r"\1, model file of the identifier"),
    (re.compile("^identifiers, ([^,]*), sha256$"), r"\1, sha256 of that model file"),
    (re.compile("^identifiers, ([^,]*), versions, (.*)$"), r"\1, version of \2"),
    (re.compile("^identifiers, (.*)$"), r"language identifier, \1"),
    (re.compile("^versions, (.*)$"), r"version of \1"),
]
_SUM = re.compile(rf"\b([0-9a-f]{{{_SHOWN_DIGITS}}})[0-9a-f]{{{64 - _SHOWN_DIGITS}}}\b")


def differences(a: Any, b: Any, first: str, second: str, where: str = "") -> list[str]:
    """What differs between two descriptions of presets, one line each, as `clean, MinWords: words was 5, is 3`."""
    return list(_differences(_plain(a), _plain(b), first, second, where))


def _differences(a: Any, b: Any, first: str, second: str, where: str) -> Iterator[str]:
    if a == b:
        return
    if a is None and isinstance(b, dict | list):
        a = type(b)()
    elif b is None and isinstance(a, dict | list):
        b = type(a)()
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            place = where if key in ("stages", "rules", "level", "reasons") else f"{where}, {key}".lstrip(", ")
            yield from _differences(a.get(key), b.get(key), first, second, place)
    elif isinstance(a, list) and isinstance(b, list) and _named([*a, *b]):
        rows_a, rows_b = _named(a), _named(b)
        for key in dict.fromkeys([*rows_a, *rows_b]):
            place = f"{where}, {key}".lstrip(", ")
            if key not in rows_b:
                yield f"{place}: {first} only"
            elif key not in rows_a:
                yield f"{place}: {second} only"
            else:
                yield from _differences(rows_a[key], rows_b[key], first, second, place)
    elif isinstance(a, list) and isinstance(b, list) and set(map(str, a)) != set(map(str, b)):
        for side, mine, other in ((first, a, b), (second, b, a)):
            if lone := [item for item in mine if item not in other]:
                yield f"{where}: {side} only {_few(lone)}"
    else:
        yield f"{where}: {first} {_shown(a)}, {second} {_shown(b)}"


def _named(rows: list[Any]) -> dict[str, Any]:
    """Stages, rules and identifiers by their names; a second one of a name has its number. Empty for other lists."""
    found: dict[str, Any] = {}
    for row in rows:
        name = row.get("stage", row.get("rule", row.get("identifier"))) if isinstance(row, dict) else None
        if name is None:
            return {}
        found[name if name not in found else f"{name} ({len(found) + 1})"] = row
    return found


def _plain(value: Any) -> Any:
    """As JSON would give it back."""
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
    """The sums of outside files, by kind and name."""
    found: dict[str, dict[str, str]] = {}
    for file in files_of(manifest):
        found.setdefault(file["kind"], {})[file["name"]] = file["sha256"]
    return found


def settings(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """What two manifests say differently of how they came about, in words of "A" and "B"."""
    words: list[str] = []
    for name in ("preset", "settings", "versions", "identifiers"):
        where = "" if name == "preset" else name
        words += map(_in_words, differences(a.get(name), b.get(name), "A", "B", where))
    words += [
        f"{kind}: other files"
        for kind in dict.fromkeys([*_sums(a), *_sums(b)])
        if _sums(a).get(kind) != _sums(b).get(kind)
    ]
    inputs = [{(item["path"], item["bytes"]) for item in manifest.get("inputs", [])} for manifest in (a, b)]
    if inputs[0] != inputs[1]:
        mine, theirs, common = len(inputs[0] - inputs[1]), len(inputs[1] - inputs[0]), len(inputs[0] & inputs[1])
        words.append(f"inputs: {mine:,} of A only, {theirs:,} of B only, {common:,} of both")
    return words + _earlier(a.get(AGAINST, []), b.get(AGAINST, []))


def _in_words(line: str) -> str:
    """A line of `differences` in the words of a reader.

    >>> _in_words("identifiers, language, versions, pycld2: A nothing, B 0.42")
    'language, version of pycld2: A none, B 0.42'
    """
    place, colon, values = line.partition(": ")
    found = next((pattern.sub(words, place) for pattern, words in _PLACES if pattern.search(place)), place)
    if place.startswith(("identifiers, ", "versions, ")):
        values = _SUM.sub(r"\1…", values.replace("A nothing", "A none").replace("B nothing", "B none"))
    return f"{found}{colon}{values}"


def _earlier(a: list[dict[str, str]], b: list[dict[str, str]]) -> list[str]:
    """Which earlier corpora only one of them was built against, by the sums of their manifests."""
    sums = [{row["sha256"] for row in rows} for rows in (a, b)]
    told = []
    for name, rows, others in (("A", a, sums[1]), ("B", b, sums[0])):
        if lone := [str(row["path"]) for row in rows if row["sha256"] not in others]:
            other = "" if all(sums) else f", {'B' if name == 'A' else 'A'} against none"
            told.append(f"earlier corpora: only {name} was built against {_few(lone)}{other}")
    return told


def _few(items: list[str]) -> str:
    return f"{_shown(items[:MOST])}{' …' if len(items) > MOST else ''}"
