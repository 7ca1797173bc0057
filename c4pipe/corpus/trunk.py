"""The trunk of a preset: its stages up to the last dedup, and the files that these read: what decides a page's keys.

Two crawls can be compared where their trunks are the same. What stands behind the trunk, such as a list of bad words,
may be another, and so may which pages of a crawl may be used at all: of those that may, the keys are the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from c4pipe.corpus.identity import changes, fingerprint
from c4pipe.errors import ConfigError
from c4pipe.files.record import files_of

Described = Mapping[str, Any]  # a manifest, or what it would hold: `preset` as `catalogue.describe`, and `files`


def trunk_of(described: Described) -> dict[str, Any]:
    """Of a manifest the part that tells of the trunk: `preset` with its `stages`, and the `files` that they read."""
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


def trunk_digest(described: Described) -> str:
    """sha256, as hex digits, of the trunk: what a file of keys says that it is of."""
    trunk = trunk_of(described)
    sums = sorted((file["kind"], file["name"], file["sha256"]) for file in trunk["files"])
    return fingerprint({"stages": trunk["preset"]["stages"], "files": sums})


def check_trunk(now: Described, then: Described, path: str) -> None:
    """ConfigError where the trunk of an earlier corpus is another than that of this build, with what differs.

    Args:
        now: what the manifest of this build will hold.
        then: the manifest of the corpus at `path`.
    """
    found = changes(trunk_of(then) | {"code": {}}, trunk_of(now) | {"code": {}})
    if not found:
        return
    words = {"preset": "stages", "files": "files that they read"}
    told = "; ".join(f"{words[kind]}: {', '.join(names)}" for kind, names in found.items())
    last = (deduped(now) or ["url"])[-1]
    raise ConfigError(
        f"--against {path}: what decides its keys is another than here ({told}). Expected the same stages up to "
        f"{last!r}: build it again as this one is built, or leave it out."
    )


def _chooses(row: Mapping[str, Any]) -> bool:
    """Whether a stage only says which pages may be used: what was asked for changes from crawl to crawl."""
    rules = row.get("rules", ())
    return bool(rules) and all(rule.get("chooses", False) for rule in rules)


def _classes(row: Mapping[str, Any]) -> list[str]:
    """The classes of a stage and its parts, by their bare names."""
    levels = [row["level"]["level"]] if "level" in row else []
    return [row["kind"], *levels, *(rule["rule"] for rule in row.get("rules", ()))]
