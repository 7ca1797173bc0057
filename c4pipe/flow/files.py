"""Files on disks and in buckets behind one `Store`, and the inputs of a build."""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import json
import os
import posixpath
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import BinaryIO, NamedTuple

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from c4pipe import documents
from c4pipe.errors import ConfigError
from c4pipe.fetch import HttpCache
from c4pipe.files.sealed import Sealing, check_sealed, unseal
from c4pipe.files.storage import LocalStore
from c4pipe.flow.stamps import Stamped, file_stamped, object_stamped, web_stamped
from c4pipe.flow.web import input_cache, is_web, web_bytes

SUFFIXES = {"wet": (".wet", ".wet.gz"), **documents.FORMAT_SUFFIXES}  # of the files that a folder is searched for
LIST_SUFFIXES = (".paths", ".paths.gz")
NOTE = ".c4pipe"  # a file in each folder that only builds write into: see `flow.ours`
UNSEALED = (NOTE, "inputs", "progress")  # in the staging folder: what is downloaded, and notes that decide nothing
LONGEST_LIST = 256 << 20  # bytes of text: 1.8 million paths of the length that Common Crawl's have


class Input(NamedTuple):
    """One WET file. `name` is its path below the folder that all inputs share: what pages say they come from."""

    path: str
    name: str
    bytes: int  # -1 where it cannot be opened, or where nobody has asked yet
    expected: int = -1  # what a list of sizes says it should have
    stamp: str = ""  # of the version that was listed, as `Stamped` has it

    @property
    def listed(self) -> Stamped:
        """The version that was listed."""
        return Stamped(self.bytes, self.stamp)


def is_remote(path: str) -> bool:
    """Whether a path is a URL such as gs://bucket/name."""
    return "://" in path


class BeamStore(LocalStore):
    """Local files as `LocalStore` does it; URLs through Beam's FileSystems, where an object appears at its close.

    What lies in the folder `staging` is sealed (`files.sealed`), under the name that it has there and that of the
    folder: to read of it what was not written is `DamagedFile`. Inputs over http(s) are kept in there, as they are,
    while they are read. Make one store in each process.
    """

    def __init__(self, staging: str = ""):
        self._staging = staging

    @cached_property
    def _web(self) -> HttpCache:
        return input_cache(self._staging)

    def read(self, path: str) -> BinaryIO:
        name = self.sealed_name(path)
        return self._open(path) if name is None else unseal(self._open(path), name, path)

    def _open(self, path: str) -> BinaryIO:
        if not is_remote(path):
            return super().read(path)
        # Uncompressed: Beam's own gzip reader takes a truncated file for a whole one.
        return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)  # type: ignore[no-any-return]

    @contextmanager
    def write(self, path: str) -> Iterator[BinaryIO]:
        name = self.sealed_name(path)
        with self._create(path) as stream:
            if name is None:
                yield stream
            else:
                sealing = Sealing(stream, name)
                yield sealing  # type: ignore[misc]
                sealing.finish()

    @contextmanager
    def _create(self, path: str) -> Iterator[BinaryIO]:
        if not is_remote(path):
            with super().write(path) as stream:
                yield stream
            return
        whole = io.BytesIO()  # so that a block that raises leaves no object; a shard is 256 MB
        yield whole
        with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
            stream.write(whole.getbuffer())

    def sealed_name(self, path: str) -> str | None:
        """The name that a file is sealed under; None for a plain one."""
        below = path.removeprefix(f"{self._staging}/")
        if not self._staging or below == path or below.partition("/")[0] in UNSEALED:
            return None
        return f"{posixpath.basename(self._staging)}/{below}"

    def holds(self, path: str, sha256: str) -> bool:
        """Whether there is such a file, and it has these bytes."""
        if not self.exists(path):
            return False
        with self.read(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256  # type: ignore[arg-type]

    def check(self, path: str) -> None:
        """Reads the whole of a sealed file. DamagedFile if it is damaged; nothing for a plain one."""
        if name := self.sealed_name(path):
            check_sealed(self._open(path), name, path)

    def exists(self, path: str) -> bool:
        return bool(FileSystems.exists(path)) if is_remote(path) else super().exists(path)

    def remove(self, path: str) -> None:
        if not is_remote(path):
            super().remove(path)
            return
        found = [match.path for match in _match(path)] + self.list(path)
        if found:
            FileSystems.delete(found)

    def list(self, folder: str) -> list[str]:
        """Every object below a folder in a bucket."""
        return [match.path for match in _match(f"{folder}/**")]

    def sizes(self, folder: str) -> dict[str, int]:
        """The bytes of every object below a folder in a bucket, by its path."""
        return {match.path: match.size_in_bytes for match in _match(f"{folder}/**")}

    def open_input(self, path: str) -> BinaryIO:
        """An input, refused with OSError where opening it could hang or means nothing (a pipe, a folder).

        FetchError for one of the web that cannot be had.
        """
        if is_web(path):
            return self._web.open(path)
        try:
            if not is_remote(path) and not stat.S_ISREG(os.stat(path).st_mode):
                raise OSError("not a regular file")
            return self.read(path)
        except ValueError as error:  # a NUL in the path, or a URL of a kind that Beam does not know
            raise OSError(str(error)) from None


def find_inputs(patterns: Iterable[str], root: str | None = None, format: str = "wet") -> list[Input]:  # noqa: A002
    """The inputs that globs, folders, files and lists of paths name, sorted, each once.

    A list is a file that ends in `.paths` or `.paths.gz`, as Common Crawl gives out; its lines are joined to `root`,
    or to the list's own folder. ConfigError for a pattern that names nothing.
    """
    found: dict[str, Stamped] = {}
    for pattern in patterns:
        named = dict(_expand(pattern, root, SUFFIXES[format]))
        if not named:
            kind = "WET" if format == "wet" else format
            endings = " or ".join(f"*{suffix}" for suffix in SUFFIXES[format])
            raise ConfigError(
                f"--input {pattern}: no {kind} file found. Expected a file, a folder with {endings} files, "
                "a glob, or a list of paths (*.paths, *.paths.gz)."
            )
        found.update(named)
    paths = sorted(found)
    # A name that is no UTF-8 has its odd bytes spelt out: names are text in Parquet and JSON.
    names = (name.encode("utf-8", "backslashreplace").decode() for name in _names(paths))
    listed = zip(paths, names, (found[path] for path in paths), strict=True)
    return [Input(path, name, version.bytes, stamp=version.stamp) for path, name, version in listed]


def _names(paths: list[str]) -> list[str]:
    """The paths below the folder that they share, if they do: names that are the same wherever that folder lies."""
    if len(paths) == 1:
        return [posixpath.basename(paths[0])]
    if len({is_remote(path) for path in paths}) > 1:
        return paths
    try:
        shared = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    except ValueError:  # one begins with a slash and looks like a URL all the same
        return paths
    return [posixpath.relpath(path, shared or ".") for path in paths]


def _expand(pattern: str, root: str | None, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Stamped]]:
    if pattern.endswith(LIST_SUFFIXES):
        yield from _listed(pattern, root)
    elif is_web(pattern):
        yield pattern, web_stamped(pattern)
    elif is_remote(pattern):
        yield from ((match.path, object_stamped(match)) for match in _match(pattern))
    elif os.path.isdir(pattern) and not pattern.endswith(suffixes):
        for folder, _, files in os.walk(pattern):
            for path in (os.path.join(folder, file) for file in files if file.endswith(suffixes)):
                yield os.path.abspath(path), file_stamped(path)
    else:
        # The name itself comes first: it may hold characters that would make it a pattern.
        paths = [pattern] if os.path.lexists(pattern) else glob.glob(pattern, recursive=True)
        yield from ((os.path.abspath(path), file_stamped(path)) for path in paths)


def _listed(path: str, root: str | None) -> Iterator[tuple[str, Stamped]]:
    try:
        if is_web(path):
            data = web_bytes(path)
        else:
            with BeamStore().open_input(path) as stream:
                data = stream.read()
        if path.endswith(".gz"):
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(LONGEST_LIST + 1)
        if len(data) > LONGEST_LIST:
            raise ConfigError(
                f"--input {path}: the list has more than {LONGEST_LIST >> 20} MB of text; no list of paths."
            )
        text = data.decode()
    except (OSError, BeamIOError, EOFError, zlib.error, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or error
        raise ConfigError(f"--input {path}: the list cannot be read ({found}).") from None
    base = root.rstrip("/") if root else posixpath.dirname(path if is_remote(path) else os.path.abspath(path))
    for name in filter(None, map(str.strip, text.split("\n"))):
        full = name if is_remote(name) or name.startswith("/") else f"{base}/{name}"
        yield (full, Stamped()) if is_remote(full) else (os.path.abspath(full), file_stamped(full))


def _match(pattern: str):  # type: ignore[no-untyped-def]
    try:
        return FileSystems.match([pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        raise ConfigError(f"{pattern} cannot be listed: {error}") from None


def write_inputs(inputs: Iterable[Input], store: BeamStore, path: str) -> None:
    """The list of inputs as a file, so that 90,000 of them do not make the job graph grow."""
    with store.write(path) as stream:
        for shard, item in enumerate(inputs):
            stream.write((json.dumps([shard, *item]) + "\n").encode())


def read_inputs(path: str) -> Iterator[tuple[int, Input]]:
    """(shard number, input) for each line of such a list, which lies in a staging folder."""
    with BeamStore(posixpath.dirname(path)).read(path) as stream:
        for line in stream.read().decode().splitlines():
            shard, *fields = json.loads(line)
            yield shard, Input(*fields)
