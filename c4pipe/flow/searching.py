"""What a person names as inputs, found: files, folders, globs, lists of paths, in buckets and on the web as well."""

from __future__ import annotations

import glob
import gzip
import io
import os
import posixpath
import zlib
from collections.abc import Iterable, Iterator

from apache_beam.io.filesystem import BeamIOError

from c4pipe import documents
from c4pipe.errors import ConfigError
from c4pipe.flow.files import BeamStore, is_remote, matches
from c4pipe.flow.inputs import Input
from c4pipe.flow.stamps import Stamped, file_stamped, object_stamped, web_stamped
from c4pipe.flow.web import is_web, web_bytes

SUFFIXES = {"wet": (".wet", ".wet.gz"), **documents.FORMAT_SUFFIXES}  # of the files that a folder is searched for
LIST_SUFFIXES = (".paths", ".paths.gz")
LONGEST_LIST = 256 << 20  # bytes of text: 1.8 million paths of the length that Common Crawl's have


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
        yield from ((match.path, object_stamped(match)) for match in matches(pattern))
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
