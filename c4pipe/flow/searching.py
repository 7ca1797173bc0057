"""Finds the inputs that the user names: files, folders, globs, lists of paths, on disks, in buckets and on the web.

    names --find_inputs--> Found(inputs, left_out)

A name is tried as a path first, and as a pattern if no such path exists. A named file is an input whatever its ending.
A folder is searched recursively (`flow.folders`), wherever it is and however it was named.
"""

from __future__ import annotations

import glob
import hashlib
import os
import posixpath
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from c4pipe import documents
from c4pipe.errors import ConfigError
from c4pipe.flow.buckets import file_systems, is_remote
from c4pipe.flow.files import matches, object_named
from c4pipe.flow.folders import HIDDEN_FOLDERS, PACKED, LeftOut, Search, Tree, ending_of, is_hidden
from c4pipe.flow.inputs import Input
from c4pipe.flow.pathlists import LIST_SUFFIXES, listed_paths
from c4pipe.flow.stamps import Stamped, file_stamped, object_stamped, web_stamped
from c4pipe.flow.trees import BucketTree, LocalTree, WebTree
from c4pipe.flow.web import is_web
from c4pipe.html import WARC_SUFFIXES
from c4pipe.keys import is_key_path
from c4pipe.text import many
from c4pipe.text.urls import public, unsigned

SUFFIXES = {  # endings of files in a folder
    "wet": (".wet", ".wet.gz", ".wet.zst", ".wet.zstd"),
    "warc": WARC_SUFFIXES,
    **documents.FORMAT_SUFFIXES,
}
WARC_FILES = ("wet", "warc")  # formats stored in WARC files
MOST_LEFT_OUT = 10_000  # most that are listed

Named = Iterator[tuple[str, Stamped]]


class Found(NamedTuple):
    """The inputs, and what was found in folders but is not read."""

    inputs: list[Input]
    left_out: list[LeftOut]  # at most MOST_LEFT_OUT, and one that counts the rest


def find_inputs(patterns: Iterable[str], root: str | None = None, format: str = "wet") -> Found:  # noqa: A002
    """The inputs that globs, folders, files and lists of paths name, sorted, each once.

    A list is a file that ends in `.paths`, compressed or not, as Common Crawl publishes; its lines are joined to
    `root`, or to the folder of the list. ConfigError for a pattern that matches nothing.
    """
    finding = _Finding(format, None if root is None else _here(root))
    for pattern in patterns:
        finding.add(_here(pattern))
    paths = sorted(finding.stamps)
    listed = zip(paths, _names(paths), strict=True)
    inputs = [Input(path, name, finding.stamps[path].bytes, stamp=finding.stamps[path].stamp) for path, name in listed]
    left_out = finding.left_out
    if len(left_out) > MOST_LEFT_OUT:
        rest = LeftOut(f"... {len(left_out) - MOST_LEFT_OUT:,} more", "are not listed here")
        left_out = [*left_out[:MOST_LEFT_OUT], rest]
    return Found(inputs, left_out)


def left_out_by_name(found: Found) -> list[LeftOut]:
    """What was left out, as a corpus may record it: paths below the folder that inputs share, or bare names."""
    item = found.inputs[0]
    folder = item.path.removesuffix(item.name) if item.path.endswith(item.name) else ""

    def named(path: str) -> str:
        below = path.removeprefix(folder) if folder else path
        return below if below != path or not path.startswith("/") else posixpath.basename(path)

    return [LeftOut(named(path), why.replace(folder, "") if folder else why) for path, why in found.left_out]


def _here(name: str) -> str:
    """The name with `~` expanded and without `file://`."""
    if name.startswith("file:"):
        parts = urllib.parse.urlsplit(name)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise ConfigError(f"--input {name}: a file on another machine. Expected file:///PATH.")
        return urllib.parse.unquote(name.removeprefix("file:").removeprefix("//").removeprefix(parts.netloc))
    return os.path.expanduser(name) if name.startswith("~") and not os.path.lexists(name) else name


class _Finding:
    """One search; holds the results so far."""

    def __init__(self, format: str, root: str | None):  # noqa: A002
        self._suffixes, self._kind = SUFFIXES[format], format.upper() if format in WARC_FILES else format
        self._root = root
        self.stamps: dict[str, Stamped] = {}  # by path
        self._by_file: dict[str, str] = {}  # identity of a file, whatever its name -> the path by which it is read
        self.left_out: list[LeftOut] = []

    def add(self, pattern: str) -> None:
        """Adds the files that one name or pattern stands for."""
        before, none = len(self.left_out), True
        for path, stamp in self._expand(pattern):
            if is_key_path(path):
                self.left_out.append(LeftOut(public(path), "keys of a c4pipe corpus, not pages"))
                continue
            none = False
            self._take(path, stamp)
        if none:
            raise ConfigError(_nothing(pattern, self._kind, self._suffixes, self.left_out[before:]))

    def _take(self, path: str, stamp: Stamped) -> None:
        """Adds each file once; other names of it are reported. A file's own name has priority over a link's."""
        file = unsigned(path) if is_remote(path) else _real(path)
        known = self._by_file.setdefault(file, path)
        if known not in (path, file) and path == file:
            self._by_file[file], path, known = path, known, path
            del self.stamps[path]
            self.stamps[known] = stamp
        if known != path:
            self.left_out.append(LeftOut(public(path), f"another name of {public(known)}"))
        else:
            self.stamps[path] = stamp

    def _expand(self, pattern: str) -> Named:
        if is_web(pattern):
            yield from self._of_web(pattern)
        elif is_remote(pattern):
            yield from self._of_bucket(pattern)
        elif os.path.lexists(pattern):
            yield from self._local(pattern)
        else:
            wanted = posixpath.basename(pattern)[:1]
            for path in sorted(glob.glob(pattern, recursive=True)):
                name = posixpath.basename(path.rstrip("/"))
                if is_hidden(name) and name[:1] != wanted:
                    self.left_out.append(LeftOut(path, "a hidden name, which globs do not match"))
                elif why := _not_meant(path, pattern):
                    self.left_out.append(LeftOut(path, why))
                else:
                    yield from self._local(path)
            if _is_list(pattern) and not glob.has_magic(pattern):
                yield from self._listed(pattern)  # which raises if there is none

    def _local(self, path: str) -> Named:
        if os.path.isdir(path):
            for found in self._searched(LocalTree(), os.path.abspath(path)):
                yield found, file_stamped(found)
        elif _is_list(path):
            yield from self._listed(path)
        else:
            yield os.path.abspath(path), file_stamped(path)

    def _of_web(self, url: str) -> Named:
        if _is_list(public(url)):
            yield from self._listed(url)
        elif public(url).endswith("/"):
            yield from ((path, Stamped()) for path in self._searched(WebTree(), url.rstrip("/")))
        else:
            yield url, web_stamped(url)

    def _of_bucket(self, pattern: str) -> Named:
        if _is_list(pattern):
            yield from self._listed(pattern)
        elif not pattern.endswith("/") and _is_object(pattern) and (found := object_named(pattern)) is not None:
            yield found.path, object_stamped(found)
        else:
            yield from self._in_bucket(pattern.rstrip("/"))

    def _in_bucket(self, folder: str) -> Named:
        tree = BucketTree(folder)
        found = [(path, tree.stamps.get(path, Stamped())) for path in self._searched(tree, folder)]
        yield from found
        if not found and glob.has_magic(folder):
            yield from ((match.path, object_stamped(match)) for match in matches(folder))
            if "**" not in folder:  # and the contents of matching folders
                depth = folder.count("/") + 1
                below = {"/".join(match.path.split("/")[:depth]) for match in matches(f"{folder}/**")}
                for each in sorted(below - {folder}):
                    yield from self._in_bucket(each)

    def _searched(self, tree: Tree, folder: str) -> Iterator[str]:
        search = Search(tree, self._suffixes, self._kind)
        yield from search.below(folder)
        self.left_out += (LeftOut(public(path), why) for path, why in search.left_out)

    def _listed(self, path: str) -> Named:
        for name in listed_paths(path, self._root):
            full = _here(name)
            if is_remote(full):
                yield full, Stamped()
            elif os.path.isdir(full):
                yield from self._local(full)
            else:
                yield os.path.abspath(full), file_stamped(full)


def _not_meant(path: str, pattern: str) -> str:
    """Why a file found by a glob is not an input; "" if it is one."""
    folder = posixpath.basename(posixpath.dirname(path))
    return "" if folder in pattern else HIDDEN_FOLDERS.get(f"{folder}/", "")


def _is_list(name: str) -> bool:
    return name.lower().endswith(LIST_SUFFIXES)


def _is_object(path: str) -> bool:
    """Whether a bucket holds an object of exactly this name. Access errors are reported by the listing."""
    with suppress(Exception):  # raised by any file system
        return bool(file_systems().exists(path))
    return False


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _real(path: str) -> str:
    """The path of a local file with links resolved."""
    if os.path.islink(path):
        return os.path.realpath(path)
    return os.path.join(_real_folder(os.path.dirname(path)), os.path.basename(path))


def _names(paths: list[str]) -> list[str]:
    """Names from which pages say they come: paths below the folder that all inputs share, so they are the same wherever
    it is. URL signatures are removed; bytes that are not UTF-8 are escaped.
    """
    found = [name.encode("utf-8", "backslashreplace").decode() for name in _below_shared([*map(public, paths)])]
    often = Counter(found)
    for i, name in enumerate(found):
        if often[name] > 1:  # URLs that differ only in their query
            asked = hashlib.sha256(os.fsencode(unsigned(paths[i]))).hexdigest()[:8]
            found[i] = f"{name}-{asked}"
    return found


def _below_shared(paths: list[str]) -> list[str]:
    if len(paths) == 1:
        return [posixpath.basename(paths[0])]
    if len({is_remote(path) for path in paths}) > 1:
        return paths
    try:
        shared = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    except ValueError:  # a path that begins with a slash but looks like a URL
        return paths
    return [posixpath.relpath(path, shared or ".") for path in paths]


def _nothing(pattern: str, kind: str, suffixes: tuple[str, ...], left_out: list[LeftOut]) -> str:
    """Why a pattern matches no input: what is there instead, and what to do."""
    there = Counter(ending_of(posixpath.basename(item.path)) for item in left_out if "by its name" in item.why)
    others = Counter(item.why for item in left_out if "by its name" not in item.why)
    told = [
        f"{many(number, 'file')} {f'ending in {end}' if end else 'without an ending'}"
        for end, number in there.most_common(5)
    ]
    told += [f"{number:,}: {why}" for why, number in others.most_common(3)]
    found = f" (there: {'; '.join(told)})" if told else ""
    formats = (name for name, known in SUFFIXES.items() if any(f"x{end}".endswith(known) for end in there))
    hint = "".join(f" Files of these endings are read with --input-format {name}." for name in formats)
    endings = " or ".join(f"*{suffix}" for suffix in suffixes if not suffix.endswith(PACKED))
    return (
        f"--input {public(pattern)}: no {kind} file found{found}.{hint} Expected a file, a folder with {endings} "
        f"files, compressed or not, a glob, or a list of paths ({', '.join(f'*{suffix}' for suffix in LIST_SUFFIXES)})."
    )
