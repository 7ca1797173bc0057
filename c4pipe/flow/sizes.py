"""A list of sizes: the only way to notice a file that was cut exactly between two gzip members."""

from __future__ import annotations

import posixpath

from c4pipe.errors import ConfigError
from c4pipe.files.lists import list_file_lines
from c4pipe.flow.inputs import Input
from c4pipe.text.urls import public


def with_sizes(inputs: list[Input], path: str) -> list[Input]:
    """The inputs with sizes from a list of lines `BYTES NAME`, as `stat -c '%s %n' *.wet.gz` prints them.

    A name is the path of an input or the end of it. ConfigError for a list that cannot be read or names no input.
    """
    expected = _read(path)
    found = []
    for item in inputs:
        parts = public(item.path).split("/")
        ends = ("/".join(parts[i:]) for i in range(len(parts)))
        size = next((expected[end] for end in ends if end in expected), -1)
        found.append(item._replace(expected=size))
    if all(item.expected < 0 for item in found):
        raise ConfigError(f"--sizes {path} names none of the inputs. Expected lines such as 81234567 x.warc.wet.gz.")
    return found


def _read(path: str) -> dict[str, int]:
    sizes = {}
    for number, line in enumerate(list_file_lines(path, f"--sizes {path}"), 1):
        size, _, name = line.partition(" ")
        if not line:
            continue
        if not (size.isascii() and size.isdigit() and len(size) < 19 and name.strip()):
            raise ConfigError(f"--sizes {path}, line {number}: expected BYTES NAME, found {line[:80]!r}.")
        sizes[posixpath.normpath(name.strip())] = int(size)
    return sizes
