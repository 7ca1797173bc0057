"""Texts that models are tested on, by domain: the user's own, the pinned ones, and pages that both corpora hold out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

from c4pipe.documents import FieldKeys, format_of, read_documents
from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.pinned import DEFAULT_FOLDER, TEXT_SUMS, TEXTS_FOLDER, has_sum
from c4pipe.page import Kept
from c4pipe.text import hash64

PASSAGE_BYTES = 2_000  # approximate bytes of a part of a long text: it ends at the end of a line, or at a blank
LONG_TEXT = 2 * PASSAGE_BYTES  # bytes from which a text is split
MOST_DOMAIN_BYTES = 1 << 20  # of a domain's documents; if it has more, some are chosen by hash
FEWEST_TEXTS = 5  # documents of a domain: fewer are not conclusive
HELD_OUT_WORD, PINNED_WORD = "held-out", "pinned"  # what --on accepts apart from paths


class TextDomain(NamedTuple):
    """Documents of one kind."""

    name: str
    documents: list[str]
    of: int  # documents before some were chosen
    left_out: int = 0  # because a page of a corpus shares a run of words with them


class ChosenTexts:
    """Of a stream of documents, those with the smallest hashes, as many as fit in `MOST_DOMAIN_BYTES`."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._bytes = self.seen = 0

    def add(self, text: str) -> None:
        """Adds a document, and drops others if they no longer fit."""
        self.seen += 1
        heappush(self._heap, (-hash64(text), text))
        self._bytes += len(text.encode())
        while self._bytes > MOST_DOMAIN_BYTES and len(self._heap) > 1:
            self._bytes -= len(heappop(self._heap)[1].encode())

    def domain(self, name: str) -> TextDomain:
        """The chosen documents, in the order of their hashes."""
        return TextDomain(name, [text for _, text in sorted(self._heap, reverse=True)], self.seen)


def read_domains(named: Iterable[str], text_key: str = "") -> list[TextDomain]:
    """The domains of what `--on` names: NAME=PATH or PATH.

    ConfigError for a path that does not exist or holds no text, and for two domains of one name.
    """
    found: dict[str, TextDomain] = {}
    for word in named:
        name, path = _named(word)
        domains = [*_of_path(name, path, FieldKeys(text=text_key))]
        if not any(domain.documents for domain in domains):
            raise ConfigError(f"--on {word}: no text was found there. Expected text files, JSON Lines or Parquet.")
        for domain in domains:
            if domain.name in found:
                raise ConfigError(
                    f"--on {word}: there is already a domain {domain.name!r}. Give it a name: NAME={path}"
                )
            found[domain.name] = domain
    return [*found.values()]


def pinned_texts() -> list[str]:
    """The value of `--on` for the texts of `make assets`; empty if these are not fetched. AssetError if they are
    damaged."""
    folder = DEFAULT_FOLDER / TEXTS_FOLDER
    if not folder.exists():
        return []
    wrong = [name for name, sha256 in TEXT_SUMS.items() if not has_sum(folder / name, sha256)]
    if wrong:
        raise AssetError(f"{folder} is incomplete: first {wrong[0]}. Run `make assets` again, or remove {folder}.")
    return [str(folder / name) for name in sorted(TEXT_SUMS)]


def passages(text: str) -> Iterator[str]:
    """A text in parts of about `PASSAGE_BYTES` bytes, split at line ends; longer lines are split at blanks.

    >>> [len(part) for part in passages("a line of the text\\n" * 300)]
    [2013, 2013, 1672]
    """
    if len(text.encode()) <= LONG_TEXT:
        yield text
        return
    part: list[str] = []
    size = 0
    for line in text.split("\n"):
        for piece in _pieces(line):
            part.append(piece)
            size += len(piece.encode()) + 1
            if size >= PASSAGE_BYTES:
                yield "\n".join(part)
                part, size = [], 0
    if part:
        yield "\n".join(part)


def _pieces(line: str) -> Iterator[str]:
    while len(line) > PASSAGE_BYTES:
        cut = line.rfind(" ", 1, PASSAGE_BYTES)
        cut = PASSAGE_BYTES if cut < 0 else cut
        yield line[:cut]
        line = line[cut:].lstrip(" ")
    yield line


def _named(word: str) -> tuple[str, Path]:
    """The name and the path in a value of `--on`. An existing path is one, whatever its name contains."""
    name, equals, rest = word.partition("=")
    if equals and name and not Path(word).exists():
        path = Path(rest)
    else:
        name, path = "", Path(word)
    if not path.exists():
        raise ConfigError(
            f"--on {word}: {path} does not exist. Expected a text file, JSON Lines, Parquet, or a folder."
        )
    return name or (path.absolute().name if path.is_dir() else _stem(path)), path


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _of_path(name: str, path: Path, keys: FieldKeys) -> Iterator[TextDomain]:
    """The domains of a file or a folder. In a folder each subfolder is one, and each file that is long enough; short
    files together form one domain with the folder's name."""
    if path.is_file():
        yield _domain(name, [path], keys)
        return
    inside = sorted(path.iterdir())
    files = [item for item in inside if item.is_file()]
    folders = [item for item in inside if item.is_dir()]
    short = [file for file in files if not _holds_several(file)]
    if short:
        yield _domain(name, short, keys)
    alone = len(files) + len(folders) == 1
    for item in (*folders, *(file for file in files if file not in short)):
        below = [item] if item.is_file() else [file for file in sorted(item.rglob("*")) if file.is_file()]
        own = item.name if item.is_dir() else _stem(item)
        domain = _domain(name if alone else f"{name}/{own}", below, keys)
        if domain.of:
            yield domain


def _holds_several(file: Path) -> bool:
    return format_of(file) in ("jsonl", "parquet") or file.stat().st_size >= FEWEST_TEXTS * LONG_TEXT


def _domain(name: str, files: Sequence[Path], keys: FieldKeys) -> TextDomain:
    chosen = ChosenTexts()
    for file in files:
        with file.open("rb") as stream:
            for verdict in read_documents(stream, file.name, format_of(file) or "text", keys=keys):
                if isinstance(verdict, Kept):
                    for part in passages(verdict.page.text):
                        chosen.add(part)
    return chosen.domain(name)
