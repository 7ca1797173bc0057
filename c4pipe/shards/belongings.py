"""What belongs to a corpus: every file that its manifest names, and those that c4pipe added later.

    manifest.json          names its files, each with bytes and sha256
    manifest.json.sha256   sha256 of manifest.json and of all these files, as `sha256sum -c` reads them
    added.json             files added later, such as report.html: {"files": [{path, bytes, sha256}]}

Nothing else in the folder is ours: it is never removed, replaced, or read as part of the corpus.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.shards.manifest import ADDED, MANIFEST, SUMS, files_of_shard, to_json


class Belonging(NamedTuple):
    """A file of a corpus, by its path from there."""

    path: str
    bytes: int
    sha256: str  # in hexadecimal
    data: bool  # holds pages; other files describe them


def belongings(manifest: Mapping[str, Any]) -> list[Belonging]:
    """Every file that a manifest names, except itself: shards, rejected pages, pages that may come back, lists, keys,
    and those `about` them.

    BuildError where it names a file that no corpus can have, such as one outside its folder.
    """
    try:
        of_pages = [*manifest.get("rejected", ()), *manifest.get("restore", ())]
        placed = all(isinstance(row[key], str) for row in manifest["shards"] for key in ("config", "split"))
        counted = all(type(row["rows"]) is int for row in (*manifest["shards"], *of_pages))
        if not (placed and counted):
            raise TypeError
        data = [file for row in manifest["shards"] for file in files_of_shard(row)]
        data += of_pages
        other = [{**file, "path": file["at"]} for file in manifest.get("files", ()) if file.get("at")]
        other += [*manifest.get("keys", ()), *manifest.get("about", ())]
        return [_checked(row, isdata) for rows, isdata in ((data, True), (other, False)) for row in rows]
    except (KeyError, TypeError, AttributeError):
        raise BuildError(f"{MANIFEST} does not list the files of a corpus. Build it again.") from None


def _checked(row: Mapping[str, Any], data: bool) -> Belonging:
    found = Belonging(row["path"], row["bytes"], row["sha256"], data)
    if not (isinstance(found.path, str) and type(found.bytes) is int and isinstance(found.sha256, str)):
        raise TypeError
    pure = PurePosixPath(found.path)
    strange = found.path in ("", ".", *OF_ITSELF) or "\0" in found.path or str(pure) != found.path
    if strange or pure.is_absolute() or ".." in pure.parts:
        raise BuildError(f"{MANIFEST} names a file {found.path[:200]!r}, which no build wrote. Rebuild it.")
    return found


OF_ITSELF = (MANIFEST, SUMS, ADDED)


def write_manifest(store: Store, folder: str, manifest: dict[str, Any], about: Mapping[str, bytes]) -> None:
    """Writes the files that describe the corpus, the checksums, and last the manifest, which names them all."""
    rows = []
    for name, data in about.items():
        with store.write(f"{folder}/{name}") as stream:
            stream.write(data)
        rows.append({"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    manifest = {**manifest, "about": rows}
    whole = to_json(manifest)
    sums = {MANIFEST: hashlib.sha256(whole).hexdigest()}
    sums |= {file.path: file.sha256 for file in sorted(belongings(manifest))}
    for name, data in ((SUMS, sums_text(sums)), (MANIFEST, whole)):
        with store.write(f"{folder}/{name}") as stream:
            stream.write(data)


def sums_text(sums: Mapping[str, str]) -> bytes:
    """Checksums by path, as lines of `sha256sum`.

    >>> sums_text({"a": "0" * 64})[-5:]
    b'0  a\\n'
    """
    lines = []
    for path, sha256 in sums.items():
        name = path.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"{'' if name == path else chr(92)}{sha256}  {name}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")  # a name as the file system stores it


def read_sums(data: bytes) -> dict[str, str]:
    """The inverse of `sums_text`; other lines are skipped."""
    sums = {}
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        sha256, gap, name = line.removeprefix("\\").partition("  ")
        if gap and len(sha256) == 64 and name:
            if line.startswith("\\"):
                name = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], name)
            sums[name] = sha256
    return sums


def read_added(data: bytes) -> list[Belonging]:
    """The files that added.json names. BuildError where `add_files` cannot have written it."""
    try:
        found = json.loads(data)
        files = [_checked(row, False) for row in found["files"]]
        if to_json(found) == data:
            return files
    except (ValueError, KeyError, TypeError, RecursionError, BuildError):
        pass
    raise BuildError(f"{ADDED} is damaged. Remove it, then write the files it named again, such as report.html.")
