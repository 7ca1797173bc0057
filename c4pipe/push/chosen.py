"""Which files of a corpus are published, and the manifest that lists these files only.

Rejected pages, keys for later builds and restorable pages are not sent unless requested. Exclusion lists are never
sent, nor are the rejected pages that they name, or counts by domain if such lists were used. A download is a whole
corpus by its own manifest, as `c4pipe.verify` confirms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.card.outgoing import card_without
from c4pipe.card.published import CROISSANT, DOMAINS, SUMMARY
from c4pipe.corpus.catalogue import reasons_of
from c4pipe.corpus.ledger import Ledger
from c4pipe.disk import read_file
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.files.record import EXCLUDE
from c4pipe.inspect.rebuild import preset_of
from c4pipe.inspect.report.place import REPORT
from c4pipe.shards import (
    ADDED,
    FACTS_FOLDER,
    MANIFEST,
    REJECTED_FOLDER,
    RESTORE_FOLDER,
    STATS,
    SUMS,
    Belonging,
    belongings,
    files_of_shard,
    read_added,
    sums_text,
    to_json,
)

ASKED_FOR = {
    "rejected": "the table of rejected pages, without those that may not be used",
    "keys": "what later builds need to deduplicate against this corpus",
    "restore": "what beam_jobs.remove needs",
    "report": "report.html, which shows rejected pages",
}
PUBLISHED_BESIDE = (CROISSANT, SUMMARY, DOMAINS)  # files that were added later
_EXTRA_OF = {  # the word of --with for what is not sent otherwise, by folder or file
    "keys": "keys",
    "rejected": "rejected",  # of older builds
    REJECTED_FOLDER: "rejected",
    RESTORE_FOLDER: "restore",
    REPORT: "report",
}
_CARD = "README.md"
ABOUT_OLDER = (_CARD, STATS, "mixture.svg")  # which manifests of older builds do not list


class Outgoing(NamedTuple):
    """A file, as it will be in the repository."""

    path: str
    source: Path | bytes
    bytes: int
    sha256: str

    def row(self) -> dict[str, Any]:
        """Its entry in a manifest."""
        return {"path": self.path, "bytes": self.bytes, "sha256": self.sha256}


class Published(NamedTuple):
    """A corpus as published."""

    pages: list[Outgoing]  # files of shards: many and large
    rest: list[Outgoing]  # files about them, the manifest last
    configs: tuple[str, ...]
    left: list[str]  # what is not sent, in words

    @property
    def files(self) -> list[Outgoing]:
        return [*self.pages, *self.rest]


def published(corpus: Corpus, extras: Sequence[str]) -> Published:
    """What is published of a corpus. ConfigError for a requested extra that is missing, or that would reveal withheld
    text."""
    manifest, hidden = corpus.manifest, withheld_reasons(corpus)
    new = {**manifest, "rejected": [], "shards": manifest["shards"]}
    for name in ("keys", "restore"):
        new.pop(name, None)
    for name in extras:
        new |= _extra(name, corpus, hidden)
    if "rejected" not in extras and "settings" in manifest:
        new["settings"] = {**manifest["settings"], "rejected": "none"}
    made = _without_names(corpus) if _took(manifest, hidden) else {}
    if "files" in manifest:
        new["files"] = [file | ({"at": ""} if file["kind"] == EXCLUDE else {}) for file in manifest["files"]]
    about = manifest["about"] if "about" in manifest else _about_older(corpus.folder)
    if made:
        about = [row for row in about if not row["path"].startswith(f"{FACTS_FOLDER}/")]
    going_anyway = [file.path for file in belongings({**new, "about": about})]
    made |= _true_card(corpus.folder, about, going_anyway)
    new["about"] = [made[row["path"]].row() if row["path"] in made else row for row in about]
    shards = {file["path"] for row in new["shards"] for file in files_of_shard(row)}
    going = belongings(new)
    added = _added(corpus.folder, (*PUBLISHED_BESIDE, REPORT) if "report" in extras else PUBLISHED_BESIDE)
    files = [made.get(file.path) or _from_disk(corpus.folder, file) for file in (*going, *added)]
    pages, others = ([file for file in files if (file.path in shards) is kept] for kept in (True, False))
    rest = [*others, *_of_itself(new, going, added)]
    configs = tuple(sorted({row["config"] for row in new["shards"]}))
    return Published(pages, rest, configs, [*_left(corpus, {file.path for file in files}, extras)])


def _about_older(folder: Path) -> list[dict[str, Any]]:
    """Files about a corpus of an older build, whose manifest does not list them."""
    return [_made(name, read_file(folder / name)).row() for name in ABOUT_OLDER if (folder / name).is_file()]


def _without_names(corpus: Corpus) -> dict[str, Outgoing]:
    """By path, the statistics without the domains that lost most pages: those who opted out are among them."""
    return {STATS: _made(STATS, to_json({**corpus.stats, "domains_rejected": {}}))} if corpus.stats else {}


def _true_card(folder: Path, about: Sequence[Mapping[str, Any]], going: Sequence[str]) -> dict[str, Outgoing]:
    """By path the corrected card, if it mentions files that are not sent."""
    if _CARD not in {row["path"] for row in about}:
        return {}
    card = read_file(folder / _CARD)
    sent = card_without(card.decode(errors="surrogateescape"), going).encode(errors="surrogateescape")
    return {_CARD: _made(_CARD, sent)} if sent != card else {}


def withheld_reasons(corpus: Corpus) -> frozenset[tuple[str, str]]:
    """(stage, reason) of pages of which nothing may be shown; none for a mixture, which has no rejected pages."""
    if "mixture" in corpus.manifest or not corpus.manifest.get("preset", {}).get("stages"):
        return frozenset()
    preset, missing = preset_of(corpus)
    if unknown := [line for line in missing if "is not found here" in line]:
        raise ConfigError(f"{corpus.folder}: {unknown[0]}, and without it, which of its pages may be shown is unknown.")
    return frozenset((stage, reason.code) for stage, reason, _ in reasons_of(preset) if reason.withheld)


def _took(manifest: Mapping[str, Any], hidden: frozenset[tuple[str, str]]) -> bool:
    """Whether any page was dropped for a withheld reason."""
    if "ledger" not in manifest:
        return False
    stages = Ledger.from_json(manifest["ledger"]).stages
    return any(row.rejected.get(code) for row in stages for stage, code in hidden if stage == row.stage)


def _extra(name: str, corpus: Corpus, hidden: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """The manifest's entries for one of `ASKED_FOR`."""
    manifest = corpus.manifest
    if name == "report":
        if not _added(corpus.folder, (REPORT,)):
            raise ConfigError(f"--with report: {corpus.folder} has none. Write it: python -m c4pipe.inspect --help")
        if _took(manifest, hidden):
            raise ConfigError("--with report: it names domains whose pages may not be used. Leave it out.")
        return {}
    if not manifest.get(name):
        raise ConfigError(f"--with {name}: {corpus.folder} has none. Leave it out.")
    if name in ("keys", "restore") and manifest.get("settings", {}).get("mask_personal"):
        raise ConfigError(f"--with {name}: it holds texts from before personal data was masked. Leave it out.")
    if name != "rejected":
        return {name: manifest[name]}
    return {name: [row for row in manifest[name] if _may_be_shown(corpus, row, hidden)]}


def _may_be_shown(corpus: Corpus, row: Mapping[str, Any], hidden: frozenset[tuple[str, str]]) -> bool:
    """Whether a part of the rejected table has no withheld pages."""
    path = corpus.folder / row["path"]
    try:
        table = pq.ParquetFile(path).read(["stage", "reason"])
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path} cannot be read ({error}). Copy or build the corpus again.") from None
    found = {*zip(table["stage"].to_pylist(), table["reason"].to_pylist(), strict=True)}
    if found & hidden and not found <= hidden:
        raise ConfigError(
            f"--with rejected: {path} includes pages that may not be used, as written by --rejected all. Build with "
            "--rejected sample, or leave it out."
        )
    return not found & hidden


def _added(folder: Path, names: Sequence[str]) -> list[Belonging]:
    """Of the files added later, those with these names."""
    path = folder / ADDED
    return [file for file in (read_added(read_file(path)) if path.exists() else ()) if file.path in names]


def _from_disk(folder: Path, file: Belonging) -> Outgoing:
    return Outgoing(file.path, folder / file.path, file.bytes, file.sha256)


def _of_itself(manifest: dict[str, Any], going: Sequence[Belonging], added: Sequence[Belonging]) -> Iterator[Outgoing]:
    """The files that make it a corpus, the manifest last."""
    whole = to_json(manifest)
    sums = {MANIFEST: hashlib.sha256(whole).hexdigest()} | {file.path: file.sha256 for file in sorted(going)}
    if added:
        rows = [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in sorted(added)]
        yield _made(ADDED, to_json({"files": rows}))
    yield _made(SUMS, sums_text(sums))
    yield _made(MANIFEST, whole)


def _made(path: str, data: bytes) -> Outgoing:
    return Outgoing(path, data, len(data), hashlib.sha256(data).hexdigest())


def _left(corpus: Corpus, going: set[str], extras: Sequence[str]) -> Iterator[str]:
    """What is not sent, by folder."""
    known = [*belongings(corpus.manifest), *_added_all(corpus.folder)]
    counts: dict[str, list[int]] = {}
    for file in known:
        if file.path not in going:
            counts.setdefault(file.path.partition("/")[0], []).append(file.bytes)
    for name, sizes in sorted(counts.items()):
        total = sum(sizes)
        size = f"{total / 1e6:,.1f} MB" if total >= 1e6 else f"{total / 1e3:,.1f} kB"
        word = _EXTRA_OF.get(name, "")
        asked = f" (add with --with {word})" if word and word not in extras else ""
        yield f"{name}: {len(sizes):,} file{'s' * (len(sizes) != 1)}, {size}{asked}"


def _added_all(folder: Path) -> list[Belonging]:
    path = folder / ADDED
    return read_added(read_file(path)) if path.exists() else []
