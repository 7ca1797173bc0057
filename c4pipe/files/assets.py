"""The outside files of a build, and what C4's rules read from them.

    ./assets --find_assets--> Assets --bind--> rules

`make assets` (c4pipe.fetch.assets) fills `./assets`. A build only reads: the given files, else `./assets`, else our own
smaller lists inside the package.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.benchmarks import EXPECTED_FILES, benchmark_files
from c4pipe.files.lists import NamedList, list_file_lines, list_lines, list_text
from c4pipe.files.pinned import DEFAULT_FOLDER, SHIPPED, default_place
from c4pipe.scratch import lasting_scratch
from c4pipe.text import hash64
from c4pipe.text.punkt import PUNKT_FILES, find_punkt
from c4pipe.text.urls import listed_keys

if TYPE_CHECKING:
    import numpy
    import numpy.typing

CARRIED = 4 << 20  # bytes of a file that is sent to workers, and kept next to a corpus's manifest

# Entries that C4 removes from the lists: parts of common words in languages written without spaces, each of which
# would drop more than 10 % of the pages of its language (TFDS c4.py 3.1.0, _BADWORDS_ALLOWLIST).
ALLOWED: dict[str, frozenset[str]] = {"ja": frozenset({"sm", "グロ", "女の子"}), "zh": frozenset({"性"})}


@dataclass(frozen=True)
class Assets:
    """The outside files of one build, to which parts bind. None: not given, and no default exists."""

    badwords_dir: Path | None = None
    news_domains_file: Path | None = None
    url_list: Path | None = None
    exclude: tuple[NamedList, ...] = ()  # sorted by name
    robots: Path | None = None  # the rules of robots.txt files for one agent, in the format of `files.robots`
    punkt: Path | None = None  # a folder with Punkt's parameters; None: where NLTK finds them
    benchmarks: tuple[Path, ...] | None = None  # files of test items; empty if a page is judged again without them
    contents: Mapping[str, bytes] = field(default_factory=dict)  # of files that may be missing on this machine, by path
    copies: Mapping[str, Path] = field(default_factory=dict)  # current places of user-supplied files, by name

    def badwords(self) -> dict[str, frozenset[str]]:
        """Language -> listed words, without ALLOWED. A regional list (`fr-CA-u-sd-caqc`) joins its language's."""
        words: dict[str, frozenset[str]] = {}
        for path in self.badword_lists():
            language = path.stem.split("-")[0]
            words[language] = words.get(language, frozenset()) | self._entries(path)
        return {language: entries - ALLOWED.get(language, frozenset()) for language, entries in words.items()}

    def badword_lists(self) -> list[Path]:
        """The list of each language, one file each. Raises AssetError without a folder."""
        if self.badwords_dir is None:
            raise AssetError("there are no word lists. Run `make assets`, or name a folder: --badwords-dir DIR")
        carried = [Path(name) for name in self.contents if Path(name).parent == self.badwords_dir]
        return sorted(carried) or list_files(self.badwords_dir)

    def news_domains(self) -> dict[str, Literal[True] | list[str]]:
        """Registered domain -> its allowed subdomains, or True if all are allowed."""
        path = self.news_domains_list()
        expected = 'expected a JSON object such as {"bbc.co.uk": ["www", "news"], "reuters.com": true}'
        try:
            domains = json.loads(self.text(path))
        except (ValueError, RecursionError) as error:  # ValueError: also for a number of 5,000 digits
            raise AssetError(f"{path} is not JSON ({error}): {expected}") from error
        if not isinstance(domains, dict):
            raise AssetError(f"{path}: {expected}")
        for domain, allowed in domains.items():
            if allowed is not True and not (isinstance(allowed, list) and all(isinstance(s, str) for s in allowed)):
                raise AssetError(f"{path}: {domain!r} has {allowed!r}: {expected}")
        return domains

    def news_domains_list(self) -> Path:
        """The file of news domains. Raises AssetError without one."""
        if self.news_domains_file is None:
            raise AssetError("there is no list of news domains. Run `make assets`, or name a file: --news-domains FILE")
        return self.news_domains_file

    def url_keys(self) -> SortedHashes:
        """The listed URLs as hashes of their normalised form."""
        return _url_keys(self.path(self.listed_urls()))

    def listed_urls(self) -> Path:
        """The file of URLs. Raises ConfigError without one."""
        if self.url_list is None:
            raise ConfigError("this preset needs a list of URLs, one per line (also .gz, .zst or .xz): --url-list FILE")
        return self.url_list

    def exclusion_lists(self) -> tuple[NamedList, ...]:
        """The exclusion lists. Raises ConfigError without one."""
        if not self.exclude:
            raise ConfigError("this preset excludes what lists name, and no list was given: --exclude FILE...")
        return self.exclude

    def robots_file(self) -> Path:
        """The robots.txt rules. Raises ConfigError without them."""
        if self.robots is None:
            raise ConfigError("this preset reads robots.txt files, and none were given: --robots DIR")
        return self.robots

    def benchmark_files(self) -> tuple[Path, ...]:
        """The files of test items. Raises ConfigError if none are given."""
        if self.benchmarks is None:
            raise ConfigError("this preset searches for benchmark items, and none were given: --benchmarks DIR")
        return self.benchmarks

    def punkt_files(self) -> list[Path]:
        """Punkt's parameters for English; none if they are not found, which binding reports."""
        folder = self.punkt or find_punkt()
        return [] if folder is None else [path for path in map(folder.joinpath, PUNKT_FILES) if path.is_file()]

    def path(self, name: str | Path) -> Path:
        """The path of a file that a part names in `files`: the original, or its copy. Raises AssetError if missing."""
        found = self.copies.get(str(name), Path(name))
        if found.is_file() or str(found) not in self.contents:
            if not found.is_file():
                raise AssetError(f"{name} does not exist, and a part of the preset reads it.")
            return found.absolute()
        copy = Path(tempfile.mkdtemp(dir=lasting_scratch("file"))) / found.name
        copy.write_bytes(self.contents[str(found)])
        return copy

    def text(self, name: str | Path) -> str:
        """A file that a part names, as text, whatever its compression and mark (`files.lists`). Raises AssetError if
        invalid."""
        return list_text(self.read(name), str(name), wrong=AssetError)

    def read(self, name: str | Path) -> bytes:
        """The bytes of a file that a part names."""
        carried = self.contents.get(str(self.copies.get(str(name), name)))
        return self.path(name).read_bytes() if carried is None else carried

    def carrying(self, paths: Iterable[Path]) -> Assets:
        """A copy with the contents of these files, if small, for workers on other machines."""
        small = (path for path in paths if path.stat().st_size <= CARRIED)
        return replace(self, contents={str(path): path.read_bytes() for path in small})

    def _entries(self, path: Path) -> frozenset[str]:
        """One entry per line, stripped. Blank lines are skipped: as an entry, one would match almost every page."""
        return frozenset(list_lines(io.BytesIO(self.read(path)), str(path), wrong=AssetError)) - {""}


@dataclass(frozen=True)
class SortedHashes:
    """A set of 64-bit hashes in 8 bytes each: OpenWebText's list has 23 million, as a Python set 2 GB."""

    hashes: numpy.typing.NDArray[numpy.uint64]  # ascending, without repeats

    def __len__(self) -> int:
        return len(self.hashes)

    def __contains__(self, value: int) -> bool:
        wanted = self.hashes.dtype.type(value)
        place = self.hashes.searchsorted(wanted)
        return bool(place < len(self.hashes) and self.hashes[place] == wanted)


def find_assets(
    badwords_dir: str | Path | None = None,
    news_domains: str | Path | None = None,
    url_list: str | Path | None = None,
    benchmarks: str | Path | None = None,
) -> Assets:
    """The files that a build uses: each as given, else from `./assets`, else the package's own. Paths are absolute."""
    lists = _given("--badwords-dir", badwords_dir, Path.is_dir, "a folder with one list per language (en.txt, ...)")
    domains = _given("--news-domains", news_domains, Path.is_file, "a JSON file: domain -> true or its subdomains")
    urls = _given("--url-list", url_list, Path.is_file, "a file with one URL per line (also .gz, .zst or .xz)")
    if lists:
        list_files(lists)  # reports a folder without lists early
    tests = _given("--benchmarks", benchmarks, Path.is_dir, f"a folder of {EXPECTED_FILES}")
    return Assets(
        lists or default_place("badwords"),
        domains or default_place("news_domains.json"),
        urls,
        benchmarks=benchmark_files(tests) if tests else None,
    )


def origin_of(path: Path) -> str:
    """Whether a file is part of the package, was fetched by `make assets`, or was given."""
    origins = {SHIPPED: "shipped", DEFAULT_FOLDER.absolute(): "assets"}
    return next((origin for root, origin in origins.items() if path.absolute().is_relative_to(root)), "given")


def _given(option: str, value: str | Path | None, is_right: Callable[[Path], bool], expected: str) -> Path | None:
    if value is None:
        return None
    path = Path(value)
    if not is_right(path):
        found = "is not one" if path.exists() else "does not exist"
        raise ConfigError(f"{option} {value} {found}: expected {expected}.")
    return path.absolute()  # a worker may run in another folder


_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9-]+)?")


def list_files(folder: Path) -> list[Path]:
    """The lists of a folder, sorted. A misspelt name would switch its language's filter off, so it is an error."""
    files = [path for path in sorted(folder.glob("*.txt")) if not path.stem.isupper()]  # README.txt, LICENSE.txt
    strange = next((path.name for path in files if not _LANGUAGE.fullmatch(path.stem)), None)
    if strange or not files:
        found = f"{strange}, which is not named after a language" if strange else "no .txt file"
        raise ConfigError(f"{folder} holds {found}: expected one list per language, such as en.txt or pt-BR.txt.")
    return files


@cache
def _url_keys(path: Path) -> SortedHashes:
    import numpy

    # Lines of any length, in any bytes: those that are not UTF-8 are not listed URLs, the others are.
    urls = list_file_lines(path, f"the URL list {path}", most=None, errors="replace", wrong=AssetError)
    hashes = numpy.fromiter((hash64(key) for url in urls if url for key in listed_keys(url)), dtype=numpy.uint64)
    return SortedHashes(numpy.unique(hashes))
