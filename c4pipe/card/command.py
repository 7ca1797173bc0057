"""The command that builds a corpus again, from what its manifest says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c4pipe.presets import PRESETS, Preset, for_format
from c4pipe.stages import Identify, Read, Size

# Outside files by their kind in the manifest: the option that names them, and what stands for the path.
_OPTIONS = {
    "badwords": ("--badwords-dir", "BADWORDS"),
    "news_domains": ("--news-domains", "NEWS_DOMAINS"),
    "url_list": ("--url-list", "URL_LIST"),
}


def build_command(preset: Preset, manifest: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Options in groups. INPUTS, OUTPUT and other words in capitals are paths, which a manifest does not name."""
    return [
        ("python", "-m", "beam_jobs.build_c4", "--input", "INPUTS", "--output", "OUTPUT"),
        *_of_preset(preset),
        *_of_settings(manifest.get("settings", {})),
        *_of_files(manifest.get("assets", {})),
    ]


def _of_preset(preset: Preset) -> Iterator[tuple[str, ...]]:
    """The preset, and what was asked for beside it: in the order in which a build applies that."""
    known = PRESETS.get(preset.name)
    yield "--preset", preset.name if known else "MODULE:NAME"
    read = preset.stages[0]
    if isinstance(read, Read) and read.format != "wet":
        yield "--input-format", read.format
        known = for_format(known, read.format) if known else None
    if known is None:
        return
    asked, usual = _identify(preset), _identify(known)
    if asked is not None and usual is not None:
        if asked.by != usual.by:
            yield "--langid", asked.by
        if asked.languages != usual.languages:
            yield "--languages", ",".join(asked.languages)
    size = next((stage for stage in preset.stages if isinstance(stage, Size)), None)
    if size is not None and size not in known.stages:
        yield "--min-pages", str(size.pages)


def _identify(preset: Preset) -> Identify | None:
    return next((stage for stage in preset.stages if isinstance(stage, Identify)), None)


def _of_settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, usual in (("shards", "auto"), ("rejected", "sample"), ("limit_pages", None)):
        value = settings.get(name, usual)
        if value != usual:
            yield f"--{name.replace('_', '-')}", str(value)


def _of_files(assets: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Files that were neither fetched by `make assets` nor come with the package."""
    for kind, (option, path) in _OPTIONS.items():
        files = assets.get(kind, [])
        if any(file["origin"] == "given" for file in (files if isinstance(files, list) else [files])):
            yield option, path
