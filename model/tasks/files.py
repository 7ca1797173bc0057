"""Assigns the files of a path to splits, and verifies their checksums.

A path is a file, or a folder with files named after splits: `train.tsv`, `dev-v1.1.json`,
`train-00000-of-00003.parquet`, `xnli.test.tsv`, `validation/part-0.parquet`. If the folder contains only a folder
`data`, that is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from c4pipe.shards import sha256_of
from model.errors import ConfigError
from model.tasks.base import TASK_SPLITS, TaskLayout

DATA_SUFFIXES = (
    ".tsv",
    ".csv",
    ".txt",
    ".jsonl",
    ".ndjson",
    ".json",
    ".parquet",
)  # text files also with .gz
_WORDS = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_SUMS = "SHA256SUMS"
SAMPLE_FOLDER = "data_samples"  # a folder of the checkout, which the package does not install


def files_by_split(
    path: Path, layout: TaskLayout, splits: tuple[str, ...] = TASK_SPLITS
) -> dict[str, tuple[Path, ...]]:
    """The files of each existing split, in the order of `splits` and of their names.

    A file whose name has no word of a split, alone in its folder or given directly, belongs to the first of `splits`.
    ConfigError if there are no files at all.
    """
    if not path.exists() and SAMPLE_FOLDER in path.parts:
        raise ConfigError(f"{path} does not exist: the sample tasks are in a checkout. Run there, or give --tasks.")
    if not path.exists():
        raise ConfigError(f"{path} does not exist: expected a file, or a folder with {', '.join(splits)}.")
    if not (path.is_file() or path.is_dir()):
        raise ConfigError(f"{path} is neither a file nor a folder: expected either, with {', '.join(splits)}.")
    root = path.parent if path.is_file() else path
    files = [path] if path.is_file() else _data_files(path)
    split_of = {file: _split_of(file.relative_to(root)) for file in files}
    found: dict[str, tuple[Path, ...]] = {}
    for split in splits:
        named = [file for file in files if split_of[file] == split and not _has(file, layout.never)]
        chosen = [file for file in named if _has(file, layout.only)] or named
        if len({*map(suffix_of, chosen)}) > 1:
            several = " and ".join(dict.fromkeys(f"{file.name}" for file in chosen[:4]))
            raise ConfigError(f"{path} has {split} in files of several kinds, {several}: keep one kind.")
        if chosen:
            found[split] = tuple(chosen)
    if not found and len(files) == 1 and not split_of[files[0]]:
        found = {splits[0]: (files[0],)}
    if not found:
        there = ", ".join(str(file.relative_to(root)) for file in files[:8]) or "none that can be read"
        raise ConfigError(
            f"{path} has no file of {' or '.join(splits)}: expected names that contain one of these words (also dev, "
            f"val, valid) and end in {', '.join(DATA_SUFFIXES)}. There: {there}."
        )
    return found


def _data_files(folder: Path) -> list[Path]:
    files = [file for file in _below(folder) if suffix_of(file)]
    inner = folder / "data"
    return _data_files(inner) if not files and inner.is_dir() else files


def _below(folder: Path) -> Iterable[Path]:
    """The files of a folder, and of its subfolders named after a split."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield path
        elif path.is_dir() and path.name.lower() in _WORDS:
            yield from sorted(file for file in path.iterdir() if file.is_file())


def suffix_of(file: Path) -> str:
    """ ".tsv", ".jsonl", ..., without the ending of compression; "" for any other."""
    name = file.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    return "" if kind not in DATA_SUFFIXES or name.startswith((".", "_")) else kind


def _has(file: Path, parts: Iterable[str]) -> bool:
    return any(part in file.name.lower() for part in parts)


def _split_of(relative: Path) -> str:
    """The split by words in the file name (the first of several), else in the folder name; or ""."""
    for part in reversed(relative.parts):
        for word in re.split(r"[^a-z0-9]+", part.lower()):
            if word in _WORDS:
                return _WORDS[word]
    return ""


def sums_of(files: Iterable[Path], root: Path) -> dict[str, str]:
    """The sha256 of each file by its name below `root`.

    ConfigError if SHA256SUMS, in the root or next to the file, has another checksum for it.
    """
    sums = {}
    for file in files:
        found = sha256_of(file)
        for folder in dict.fromkeys((root, file.parent)):
            told = _told(folder / _SUMS).get(file.relative_to(folder).as_posix(), found)
            if told != found:
                raise ConfigError(
                    f"{file} is damaged or a different file: its sha256 is {found[:12]}…, {folder / _SUMS} says "
                    f"{told[:12]}…. Fetch it again, or correct that line."
                )
        sums[file.relative_to(root).as_posix()] = found
    return sums


def _told(path: Path) -> dict[str, str]:
    """The checksums in a file written by sha256sum, by name."""
    if not path.is_file():
        return {}
    told = {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text ({error}): save it as sha256sum writes it.") from None
    for number, line in enumerate(text.splitlines(), 1):
        match = re.fullmatch(r"([0-9a-fA-F]{64}) [ *](?:\./)?(.+)", line)
        if not match and line.strip():
            raise ConfigError(f"{path}:{number} is not a sha256sum line: expected 64 hex digits, two spaces, a name.")
        if match:
            told[match[2]] = match[1].lower()
    return told
