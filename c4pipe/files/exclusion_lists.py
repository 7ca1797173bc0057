"""Exclusion lists: which files they are, and what each line of one means.

    example.com                  a domain, with all below it, with `www.` and without; also *.example.com, .example
    0.0.0.0 ads.example.com      a line of a `hosts` file: each name behind the address as a domain
    https://example.com/a/b      the page of that URL, and of all that count as the same one
    example.com/blog/*           all pages whose URL begins so
    [words]                      below it words: one of them in a URL is enough; [soft words]: two others are needed;
                                 [addresses]: back to the forms above
    # comment                    also behind an entry and a blank

In a folder of categories (UT1, squidGuard) each file `domains` has domains and each `urls` has addresses, which include
everything below them, as in squidGuard.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.lists import NamedList, list_lines
from c4pipe.text.hosts import address_of, authority_of, listed_host, plain_host, without_www

CATEGORY_FILES = ("domains", "urls")  # of a folder of categories; `expressions` holds patterns, which are not used
_PACKED = ("", ".gz", ".zst", ".xz")


class Form(Enum):
    """What an entry is compared with."""

    DOMAIN = "domain"  # the host, or any domain that contains it
    HOST = "host"  # the whole host, less `www.`
    URL = "URL"  # the whole address
    PREFIX = "prefix"  # the beginning of the address and a slash
    WORD = "word"  # a word of the address
    SOFT_WORD = "soft word"  # one of two words


class ListEntry(NamedTuple):
    """An entry in the spelling used for lookups."""

    form: Form
    text: str


_SECTIONS = {"[addresses]": None, "[words]": Form.WORD, "[soft words]": Form.SOFT_WORD}
_COMMENT = re.compile(r"(^|\s+)#.*")
_ADDRESS = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*(?:%\w+)?)\s+(.+)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_COMMON = re.compile(r"(?!www\.)[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")  # a domain in the spelling used for lookups
_LOCAL = {"localhost.localdomain", "0.0.0.0"}  # in every `hosts` file; names without a dot are also local


def words_in(text: str) -> list[str]:
    """The words of an address, in lower case: runs of letters and digits."""
    return _WORD.findall(text.lower())


def find_lists(paths: Iterable[str]) -> list[NamedList]:
    """The lists given by `--exclude`: files, and for folders of categories each category. Sorted by name.

    Raises ConfigError for a missing path, a folder without lists, and two lists with one name.
    """
    found: dict[str, Path] = {}
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise ConfigError(f"--exclude {given} does not exist: expected a list, or a folder of categories.")
        for name, file in _categories(path) if path.is_dir() else [(_named(path), path)]:
            if found.setdefault(name, file.absolute()).resolve() != file.resolve():
                raise ConfigError(f"--exclude: {found[name]} and {file} are both called {name}. Rename one of them.")
    return [NamedList(name, found[name]) for name in sorted(found)]


def _named(path: Path) -> str:
    category = _category_file(path.name)
    return f"{path.absolute().parent.name}/{path.name}" if category else path.name


def _category_file(name: str) -> str:
    """`domains` for `domains.gz`, "" for a file that does not belong to a category."""
    return next((kind for kind in CATEGORY_FILES for ending in _PACKED if name == kind + ending), "")


def _categories(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and files of the categories in a folder, at any depth; a link to another category counts as that one."""
    files = sorted({path.resolve() for path in folder.rglob("*") if _category_file(path.name) and path.is_file()})
    if not files:
        raise ConfigError(
            f"--exclude {folder} holds no category: expected folders with files `domains` or `urls`. Name lists with "
            "other file names one by one."
        )
    yield from ((_named(path), path) for path in files)


def unused_patterns(paths: Iterable[str]) -> list[Path]:
    """The files of patterns in folders of categories, which are ignored."""
    folders = [Path(path) for path in paths if Path(path).is_dir()]
    return sorted({path.resolve() for folder in folders for path in folder.rglob("expressions*") if path.is_file()})


def entries_of(listed: NamedList, data: bytes, strange: list[str]) -> Iterator[ListEntry]:
    """The entries of a list, in order. Raises AssetError with the number of an invalid line. In a category, which is
    not hand-written, such a line is skipped and added to `strange`."""
    category = _category_file(listed.name.rpartition("/")[2])
    section: Form | None = None
    lines = list_lines(io.BytesIO(data), f"--exclude {listed.path}", most=None, wrong=AssetError)
    for number, line in enumerate(lines, 1):
        if _COMMON.fullmatch(line) and section is None and category != "urls":
            yield ListEntry(Form.DOMAIN, line)
            continue
        if "#" in line:
            line = _COMMENT.sub("", line)
        if not line:
            continue
        if line[0] == "[" and line.lower() in _SECTIONS:
            section = _SECTIONS[line.lower()]
            continue
        found = _entries(line, section, category)
        if found is None and not category:
            raise AssetError(f"--exclude {listed.path}, line {number}: {line[:80]!r} is {_expected(line)}")
        if found is None:
            strange.append(f"line {number}: {line[:80]!r}")
        yield from found or ()


def _entries(line: str, section: Form | None, category: str) -> list[ListEntry] | None:
    """The meaning of a line; None if it is not an entry."""
    if section is not None:
        return [ListEntry(section, line.lower())] if _WORD.fullmatch(line) else None
    if category == "urls":  # an address includes everything below it
        return None if "*" in line else _address(f"{line.rstrip('/')}/*")
    return _address(line)


def _expected(line: str) -> str:
    if _WORD.fullmatch(line):
        return (
            "not a domain, since it has no dot. Words go below a line [words] or [soft words]; write a "
            "suffix as .example."
        )
    return (
        "not an entry. Expected a domain (example.com), a URL (https://example.com/page), a URL prefix "
        "(example.com/blog/*), a hosts-file line (0.0.0.0 example.com), or a word below [words]."
    )


def _address(line: str) -> list[ListEntry] | None:
    if "/" in line:
        found = listed_url(line)
        return None if found is None else [found]
    if (hosts := _ADDRESS.fullmatch(line)) is not None:
        names = [name for name in hosts[1].split() if "." in name and name not in _LOCAL]
        each = [_domain(name) for name in names]
        return None if None in each else [entry for found in each if found for entry in found]
    return _domain(line)


def listed_url(line: str) -> ListEntry | None:
    """The meaning of a line with a slash: a URL, or with a final `*` a prefix of URLs; None if it is neither."""
    bare = line.removesuffix("*")
    host, rest = address_of(bare)
    written = authority_of(bare).host
    if not (listed_host(written) or written.startswith("[")) or any(map(str.isspace, line)):
        return None
    if bare == line:
        return ListEntry(Form.URL, host + rest)
    slashes = "/" * (len(bare) - len(bare.rstrip("/")))  # removed in URL keys
    if not rest + slashes or ("?" in bare and "?" not in rest):  # a tracking query, which keys do not have
        return None
    return ListEntry(Form.PREFIX, host + rest + slashes)


def _domain(line: str) -> list[ListEntry] | None:
    """A domain. For a `www.` before a suffix of many owners it means only that host, not the rest of the suffix."""
    name = line.removeprefix("*.").removeprefix(".")
    suffix = name != line and "." not in name and _WORD.fullmatch(name) is not None
    host = plain_host(name) if suffix else listed_host(name)
    if not host:
        return None
    if host.startswith("www.") and without_www(host) == host:
        return [ListEntry(Form.DOMAIN, host), ListEntry(Form.HOST, host.removeprefix("www."))]
    return [ListEntry(Form.DOMAIN, without_www(host))]
