"""The command that rebuilds a corpus, from its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.files.record import files_of
from c4pipe.presets import PRESETS, for_format
from c4pipe.stages import Identify, Preset, ReadWarc, Scope, Size
from c4pipe.stages.benchmarks import benchmarks_stage

# Outside files by their kind in the manifest: the option for them, and the placeholder for the path.
_OPTIONS = {
    "badwords": ("--badwords-dir", "BADWORDS"),
    "news_domains": ("--news-domains", "NEWS_DOMAINS"),
    "url_list": ("--url-list", "URL_LIST"),
    "exclude": ("--exclude", "LISTS"),
    "robots": ("--robots", "ROBOTS"),
    "benchmarks": ("--benchmarks", "BENCHMARKS"),
}

# Options by their key in the manifest, with their defaults.
_SETTINGS = {
    "dedup": None,
    "near_verify": None,
    "near_stays": None,
    "robots_agent": None,
    "mask_personal": None,
    "shards": "auto",
    "rejected": "sample",
    "format": "parquet",
    "limit_pages": None,
}


def build_command(preset: Preset, manifest: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Options in groups. INPUTS, OUTPUT and other words in capitals are paths, which a manifest does not contain."""
    return [
        ("c4pipe", "build", "--input", "INPUTS", "--output", "OUTPUT"),
        *_of_preset(preset),
        *_of_settings(manifest.get("settings", {})),
        *_of_files(files_of(manifest)),
        *_of_benchmarks(preset),
        *_of_earlier(manifest),
    ]


def _of_preset(preset: Preset) -> Iterator[tuple[str, ...]]:
    """The preset, and the options that change it, in the order in which a build applies them."""
    known = PRESETS.get(preset.name)
    yield "--preset", preset.name if known else "MODULE:NAME"
    read = preset.read
    if read.format != "wet":
        yield "--input-format", read.format
        for field, key in read.keys._asdict().items():
            if key:
                yield f"--{field}-key", key
        if isinstance(read, ReadWarc) and read.extract != ReadWarc.extract:
            yield "--extract", read.extract
        known = for_format(known, read.format, read.keys) if known else None
    if known is None:
        return
    asked, usual = (cast(Identify | None, each.identify) for each in (preset, known))  # ours have no other type
    if asked is not None and usual is not None:
        if asked.by != usual.by:
            yield "--langid", asked.by
        if asked.languages != usual.languages:
            yield "--languages", ",".join(asked.languages)
    last = preset.stages[-1]
    if last.scope is Scope.CONFIG and last not in known.stages:
        yield "--min-pages", str(cast(Size, last).pages)


def _of_settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, usual in _SETTINGS.items():
        value = settings.get(name, usual)
        if value != usual:
            yield f"--{name.replace('_', '-')}", str(value)


def _of_earlier(manifest: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The corpora that it was built against, and what it does not store for later ones and for `remove`."""
    if manifest.get(AGAINST):
        yield "--against", "EARLIER"
    if manifest.get("settings", {}).get("keys") is False:
        yield ("--no-keys",)
    if manifest.get("settings", {}).get("restorable") is False:
        yield "--restorable", "no"


def _of_files(files: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Files that neither were fetched by `make assets` nor are part of the package."""
    for kind, (option, path) in _OPTIONS.items():
        if any(file["kind"] == kind and file["origin"] == "given" for file in files):
            yield option, path


def _of_benchmarks(preset: Preset) -> Iterator[tuple[str, ...]]:
    """Whether pages with test items were dropped."""
    stage = benchmarks_stage(preset)
    if stage is not None and stage.drop:
        yield ("--benchmarks-drop",)
