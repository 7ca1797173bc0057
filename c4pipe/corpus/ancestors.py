"""Earlier corpora that a build is made against, and theirs in turn. Each is identified by its manifest's sha256.

--against A2 --ancestors--> A2, A1 (which A2 was built against), ... --key_readers--> their files of keys
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.corpus.trunk import deduped, trunk_digest
from c4pipe.errors import BuildError, ConfigError
from c4pipe.files.record import files_of
from c4pipe.files.storage import Store
from c4pipe.keys import ALL_PAGES, KEPT_PAGES, KeyReader
from c4pipe.shards import MANIFEST, SCHEMA_VERSION, SUMS, belongings, lacks_manifest
from c4pipe.text import many

AGAINST = "against"  # key of a manifest: the corpora it was built against, in the order of their checksums


class Ancestor(NamedTuple):
    """A finished corpus that others are built against."""

    path: str  # of its folder
    sha256: str  # of its manifest.json
    manifest: dict[str, Any]
    digests: Mapping[str, str] = {}  # of its key files by stage (`KeyReader.digest`), once they were read

    @property
    def keys(self) -> str:
        """What its keys cover: all pages if it kept their keys, else the pages in its shards."""
        return ALL_PAGES if self.manifest.get("keys") else KEPT_PAGES

    def row(self) -> dict[str, str]:
        """Its row in the manifest of a descendant."""
        preset = str(self.manifest["preset"]["name"])
        return {"path": self.path, "sha256": self.sha256, "preset": preset, "keys": self.keys}


def ancestors(paths: Iterable[str], store: Store) -> list[Ancestor]:
    """The corpora in these folders and all that they were built against in turn, each once, in the order of their
    checksums.

    The result does not depend on the order of the paths. A corpus that a manifest names is read from the folder where
    it was, or from any of `paths`. ConfigError, in one line, where one is missing or damaged.
    """
    found: dict[str, Ancestor] = {}
    for path in sorted({path.rstrip("/") or "/" for path in paths}):
        one = read_ancestor(path, store)
        found.setdefault(one.sha256, one)
    waiting = [*found.values()]
    while waiting:
        one = waiting.pop()
        for path, sha256 in _named(one):
            if sha256 not in found:
                found[sha256] = _where_it_was(one, path, sha256, store)
                waiting.append(found[sha256])
    return [found[sha256] for sha256 in sorted(found)]


def read_ancestor(path: str, store: Store) -> Ancestor:
    """The corpus in a folder. ConfigError where a build cannot be made against it."""
    name = f"{path}/{MANIFEST}"
    data = _read(store, name)
    if data is None:
        raise ConfigError(f"--against {path} is not a finished corpus: {lacks_manifest(Path(path))}")
    sha256, sums = hashlib.sha256(data).hexdigest(), _read(store, f"{path}/{SUMS}")
    if sums is not None and sums[:64] != sha256.encode():
        raise ConfigError(f"--against {path}: {SUMS} has a different checksum for {MANIFEST}. Copy the corpus again.")
    try:
        manifest = json.loads(data)
        if not isinstance(manifest, dict):
            raise ValueError("it is not a JSON object")
        if manifest.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"it has schema version {manifest.get('schema_version')!r}, expected {SCHEMA_VERSION}")
        if "mixture" in manifest:
            raise ConfigError(
                f"--against {path} is a mixture, whose pages own no text. Name the corpora that it was made from."
            )
        belongings(manifest)
        _check_used(manifest)
        dedups = deduped(manifest)
    except BuildError as error:  # its message says what to do
        raise ConfigError(f"--against {path}: {error}") from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ConfigError(f"--against {path}: its {MANIFEST} cannot be used ({what}). Build it again.") from None
    if not dedups:
        raise ConfigError(f"--against {path}: its {MANIFEST} names no dedup. Expected a corpus with at least one.")
    return Ancestor(path, sha256, manifest)


def _check_used(manifest: Mapping[str, Any]) -> None:
    """Raises if a field that is read from an ancestor is missing, or of a type that builds never write."""
    preset, files, keys = manifest["preset"], files_of(manifest), manifest.get("keys", [])
    code, _ = ({**manifest.get(name, {})} for name in ("code", "settings"))
    texts = [preset["name"], *(row["stage"] for row in preset["stages"]), *code, *code.values()]
    texts += [file[name] for file in files for name in ("kind", "name", "sha256")]
    if not isinstance(keys, list) or not all(type(row["keys"]) is int for row in keys):
        raise ValueError("its list of keys is not valid")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("it does not name its preset, stages, files and code as expected")
    trunk_digest(manifest)


def key_readers(one: Ancestor, store: Store) -> dict[str, KeyReader]:
    """Its key files by stage, each read once to check its sha256; empty if the corpus keeps none.

    ConfigError where one is missing or damaged, or belongs to another corpus.
    """
    rows = one.manifest.get("keys", ())
    readers = {}
    for row in rows:
        path = f"{one.path}/{row['path']}"
        _check_sum(store, path, row)
        try:
            reader = KeyReader(store, path)
        except BuildError as error:
            raise ConfigError(str(error)) from None
        if reader.header.get("trunk") != trunk_digest(one.manifest):
            raise ConfigError(f"{path} holds keys of another corpus, according to its header. Copy {one.path} again.")
        readers[reader.header["stage"]] = reader
    lacking = [stage for stage in deduped(one.manifest) if stage not in readers]
    if rows and lacking:
        raise ConfigError(f"--against {one.path} has no keys for stage {lacking[0]!r}. Build it again.")
    return readers


def _check_sum(store: Store, path: str, row: Mapping[str, Any]) -> None:
    try:
        with store.read(path) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except OSError as error:
        what = error.strerror or error
        raise ConfigError(
            f"{path} cannot be read ({what}), and {MANIFEST} says that it holds {many(row['keys'], 'key')}. Copy the "
            "corpus again."
        ) from None
    if found != row["sha256"]:
        raise ConfigError(
            f"{path} is damaged, or belongs to another corpus: its sha256 is {found}, {MANIFEST} says {row['sha256']}. "
            "Copy the corpus again."
        )


def _read(store: Store, path: str) -> bytes | None:
    """The bytes of a small file; None where there is none."""
    try:
        if not store.exists(path):
            return None
        with store.read(path) as stream:
            return stream.read()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None


def _named(one: Ancestor) -> list[tuple[str, str]]:
    """(path, sha256) of the corpora that this one was built against."""
    rows = one.manifest.get(AGAINST, [])
    try:
        found = [(row["path"], row["sha256"]) for row in rows]
        if all(isinstance(value, str) for row in found for value in row):
            return found
    except (KeyError, TypeError):
        pass
    raise ConfigError(f"--against {one.path}: its {MANIFEST} does not say what it was built against. Rebuild it.")


def _where_it_was(one: Ancestor, path: str, sha256: str, store: Store) -> Ancestor:
    """An ancestor of the corpus, in the folder that its manifest names."""
    there = _read(store, f"{path}/{MANIFEST}")
    if there is None or hashlib.sha256(there).hexdigest() != sha256:
        what = "which does not exist" if there is None else "which now holds another corpus"
        raise ConfigError(
            f"--against {one.path}: it was built against {path}, {what} (the sha256 of its {MANIFEST} was "
            f"{sha256[:16]}…). Add the folder where it is now to --against."
        )
    return read_ancestor(path, store)
