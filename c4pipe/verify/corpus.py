"""A finished corpus or mixture: its manifest, each file that this lists, files added later, and unlisted files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.disk import read_file
from c4pipe.errors import C4Error
from c4pipe.shards import (
    ADDED,
    MANIFEST,
    OF_ITSELF,
    STATS,
    SUMS,
    Belonging,
    belongings,
    read_added,
    read_manifest,
    read_sums,
    sha256_of,
    sums_text,
)
from c4pipe.text import many
from c4pipe.verify.counts import Holdings, count_findings
from c4pipe.verify.file import Expected, file_finding
from c4pipe.verify.findings import Finding, FolderVerdict, damaged, noted
from c4pipe.verify.keyed import key_findings
from c4pipe.verify.listing import listing_findings, stray_notes
from c4pipe.verify.restored import restore_findings
from c4pipe.verify.tables import Counted, count_kept, count_rejected, count_restored

CHECKERS = min(4, os.cpu_count() or 1)  # each holds a row group in memory
OLDER = (STATS, "README.md", "mixture.svg", "report.html")  # not listed by older manifests
WRITE_AGAIN = f"Write it again, or remove {ADDED} and what it names."
SAID_BAD = (AttributeError, KeyError, TypeError, ValueError, RecursionError)  # what an invalid manifest may raise


class _Read(NamedTuple):
    """A checked file of the corpus."""

    bytes: int
    finding: Finding | None
    counted: Counted | None  # None for a file that is damaged or has no counts


def is_corpus(folder: Path) -> bool:
    """Whether a build has finished there, however damaged the result is."""
    return any(os.path.lexists(folder / name) for name in (MANIFEST, SUMS))


def check_corpus(folder: Path, done: Callable[[int], None]) -> FolderVerdict:
    """Reads and counts every file; `done` receives the bytes of each."""
    findings: list[Finding] = []
    manifest, files = _named(folder, findings)
    held, whole, size = Holdings(), True, 0
    tables = _tables(manifest) if manifest else {}
    with ThreadPoolExecutor(CHECKERS) as threads:
        for file, read in zip(files, threads.map(partial(_look, folder, tables), files), strict=True):
            done(read.bytes)
            size += read.bytes
            findings += [read.finding] if read.finding else []
            if file.path in tables:
                whole = whole and read.counted is not None
                _hold(held, tables[file.path], read.counted)
    if manifest is not None:
        told = {finding.path for finding in findings}
        findings += _content(folder, manifest, held, whole, told)
    known = {*OF_ITSELF, *(file.path for file in files)}
    if manifest is not None and "about" not in manifest:
        known.update(OLDER)
    findings += stray_notes(folder, known)
    what = "mixture" if manifest and "mixture" in manifest else "corpus"
    rows = held.kept.rows + held.rejected.rows + sum(part.rows for part in held.restored.values())
    return FolderVerdict(str(folder), what, len(files) + 1 + (folder / SUMS).exists(), size, rows, findings)


def _named(folder: Path, findings: list[Finding]) -> tuple[dict[str, Any] | None, list[Expected]]:
    """The manifest, or None if it is not one, and the files that it lists; without a manifest, those in the file of
    checksums."""
    added = _added(folder, findings)
    manifest = None
    try:
        manifest = read_manifest(folder)
        if not isinstance(manifest.get("shards"), list):
            raise TypeError("it lists no shards")
        named = belongings(manifest)
        findings += _sums(folder, manifest, named)
    except (C4Error, *SAID_BAD) as error:
        findings.append(damaged(folder / MANIFEST, "format", _words(folder, error)))
        return None, [*_by_sums(folder), *added]
    files = [Expected(file.path, file.bytes, file.sha256, MANIFEST) for file in named]
    return manifest, [*{file.path: file for file in (*added, *files)}.values()]


def _words(folder: Path, error: Exception) -> str:
    if isinstance(error, C4Error):
        return str(error).removeprefix(f"{folder / MANIFEST} ").removeprefix(f"{MANIFEST} ")
    return f"holds something that no build writes ({type(error).__name__}: {error})"


def _by_sums(folder: Path) -> list[Expected]:
    """What can be checked without a manifest."""
    try:
        sums = read_sums(read_file(folder / SUMS))
    except OSError:
        return []
    inside = {path: sha256 for path, sha256 in sums.items() if not {"..", ""} & {*path.split("/")}}
    return [Expected(path, None, sha256, SUMS) for path, sha256 in inside.items() if path not in OF_ITSELF]


def _sums(folder: Path, manifest: Mapping[str, Any], named: list[Belonging]) -> Iterator[Finding]:
    """Where the file of checksums contradicts the manifest; `read_manifest` has compared the manifest's own
    checksum."""
    path = folder / SUMS
    if "about" not in manifest and not os.path.lexists(path):
        yield noted(folder, f"an older build wrote no {SUMS}: {MANIFEST} and {STATS} are checked by their counts only")
        return
    try:
        found = read_file(path).splitlines(keepends=True)
        whole = sha256_of(folder / MANIFEST)
    except OSError as error:
        yield damaged(path, "missing", f"cannot be read ({error.strerror})", f"the sums written with {MANIFEST}")
        return
    sums = sums_text({MANIFEST: whole} | {file.path: file.sha256 for file in sorted(named)})
    expected = sums.splitlines(keepends=True)
    if found != expected:
        pairs = enumerate(zip_longest(found, expected), 1)
        number, (line, said) = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
        yield damaged(path, "sha256", f"line {number:,} is {_text(line)}", f"{_text(said)}, as {MANIFEST} has it")


def _text(line: bytes | None) -> str:
    return "none" if line is None else line.decode("utf-8", "replace").strip() or "empty"


def _added(folder: Path, findings: list[Finding]) -> list[Expected]:
    path = folder / ADDED
    if not os.path.lexists(path):
        return []
    try:
        return [
            Expected(file.path, file.bytes, file.sha256, ADDED, WRITE_AGAIN) for file in read_added(read_file(path))
        ]
    except (C4Error, OSError) as error:
        findings.append(damaged(path, "format", str(error).removeprefix(f"{ADDED} "), do=""))
        return []


def _tables(manifest: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """The Parquet files to count, by path: their kind, and their entries in the manifest."""
    return {row["path"]: (kind, row) for kind in _COUNTERS for row in manifest.get(kind, ())}


_COUNTERS = {"shards": count_kept, "rejected": count_rejected, "restore": count_restored}


def _look(folder: Path, tables: Mapping[str, tuple[str, dict[str, Any]]], file: Expected) -> _Read:
    finding = file_finding(folder, file)
    if finding is not None:
        return _Read(0, finding, None)
    path = folder / file.path
    size = path.stat().st_size
    if file.path not in tables:
        return _Read(size, None, None)
    kind, row = tables[file.path]
    try:
        counted = _COUNTERS[kind](path)
    except C4Error as error:
        return _Read(size, damaged(path, "unreadable", str(error)), None)
    said = row.get("memory", counted.memory)
    if counted.rows != row["rows"]:
        finding = damaged(path, "rows", many(counted.rows, "row"), f"{row['rows']:,}, says {MANIFEST}")
    elif counted.memory not in (None, said):
        finding = damaged(path, "counts", f"{many(counted.memory, 'byte')} in memory", f"{said}, says {MANIFEST}")
    return _Read(size, finding, counted)


def _hold(held: Holdings, table: tuple[str, dict[str, Any]], counted: Counted | None) -> None:
    kind, row = table
    if counted is None:
        return
    held.schemas[row["path"]] = counted.schema
    if kind == "rejected":
        held.rejected.add(counted)
        return
    if kind == "restore":
        held.restored[row["path"]] = counted
        return
    held.kept.add(counted)
    held.splits[row["split"]] += counted.rows


def _content(folder: Path, manifest: dict[str, Any], held: Holdings, whole: bool, told: set[str]) -> list[Finding]:
    """Checks the content of the manifest's files beyond their checksums; `whole` if all could be counted. Files in
    `told` already have findings."""
    findings: list[Finding] = []
    try:
        findings += listing_findings(folder, manifest, held.schemas)
        findings += key_findings(folder, manifest, told)
        if whole:
            stats = None if str(folder / STATS) in told else _stats(folder, findings)
            findings += count_findings(folder, manifest, stats, held)
            findings += restore_findings(folder, manifest, held.restored)
        else:
            findings.append(noted(folder, "its counts were not checked, since not all files of pages can be read"))
    except SAID_BAD as error:
        findings.append(damaged(folder / MANIFEST, "format", _words(folder, error)))
    return findings


def _stats(folder: Path, findings: list[Finding]) -> dict[str, Any] | None:
    path = folder / STATS
    try:
        found = json.loads(read_file(path))
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        findings.append(damaged(path, "format", f"cannot be read ({error})"))
        return None
