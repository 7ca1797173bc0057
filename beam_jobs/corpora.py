"""From arguments to the corpora of a build: everything that determines their bytes, and their fingerprints."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from beam_jobs.arguments import DASK, LOCAL_RUNNER
from beam_jobs.benchmarks import with_benchmark_options
from beam_jobs.command import versions
from beam_jobs.earlier import key_files
from beam_jobs.effects import check_levels_use, check_presets_use
from beam_jobs.exclusions import agent_asked, with_options
from beam_jobs.low_memory import spill_rows
from beam_jobs.personal import personal_asked, unveils, with_personal_option
from c4pipe.corpus.ancestors import AGAINST, Ancestor
from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.identity import LIBRARIES, code_of_corpus, fingerprint, libraries_behind
from c4pipe.corpus.trunk import check_trunk
from c4pipe.documents import KEYED, FieldKeys
from c4pipe.errors import ConfigError
from c4pipe.files.assets import Assets
from c4pipe.files.record import accounts, carried
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.inputs import Input, units_of
from c4pipe.flow.settings import Settings
from c4pipe.flow.target import staging_folder
from c4pipe.html import check_extract
from c4pipe.langid import default_score, load
from c4pipe.langid.base import UND
from c4pipe.languages.named import codes_named, renamings
from c4pipe.presets import find_preset, for_format, for_languages
from c4pipe.shards import formats_told, libraries_of_formats
from c4pipe.stages import Identify, Preset, Scope, Size
from c4pipe.stages.text_levels import NO_LEVELS, levels_named, near_level, with_levels, with_near
from c4pipe.text.urls import unsigned

LOCAL = ("DirectRunner", LOCAL_RUNNER, DASK)  # their workers share this machine's files
# Bytes of an output shard in memory: a shard of 256 MB holds about 700 MB of text. Pieces in a bucket are read at once,
# because each request takes its time.
SHARD_HELD = 96 << 20
LITTLE_HELD = 32 << 20
TYPICAL_WET = 80 << 20  # assumed bytes of a listed file in a bucket, whose size was not requested


def presets_of(args: Namespace) -> list[Preset]:
    """The presets that the arguments name, with options applied. ConfigError for invalid combinations."""
    presets = [find_preset(name) for name in args.preset.split(",")]
    names = [preset.name for preset in presets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"--preset {args.preset}: {twice[0]!r} is listed twice.")
    odd = [name for name in names if not re.fullmatch(r"\w[\w.-]*", name)]
    if len(names) > 1 and odd:
        raise ConfigError(
            f"--preset {args.preset}: each of several corpora gets a folder with its name; "
            f"{odd[0]!r} is not a valid name."
        )
    presets = _with_other_levels(args, presets)
    check_presets_use(args.given, presets)
    presets = [with_options(preset, args) for preset in presets]
    renamed = [line for preset in presets for stage in preset.stages for line in stage.renamed()]
    keys = FieldKeys(args.text_key or "", args.url_key or "", args.date_key or "")
    if args.input_format == "warc":
        check_extract(args.extract)
    presets = [for_format(preset, args.input_format, keys, args.extract) for preset in presets]
    if args.langid:
        presets = [_with_identifier(preset, args.langid) for preset in presets]
    if args.languages is not None:
        asked = codes_named(args.languages, "--languages")
        presets = [for_languages(preset, asked) for preset in presets]
        renamed = [line for preset in presets for line in renamings(asked, preset.languages)]
    presets = with_personal_option(args, presets)
    presets = with_benchmark_options(args, presets)
    if args.min_pages is not None:
        presets = [_with_size(preset, args.min_pages) for preset in presets]
    for line in dict.fromkeys(renamed):
        print(line, file=sys.stderr)
    return presets


def _with_other_levels(args: Namespace, presets: list[Preset]) -> list[Preset]:
    """The presets with the levels of text requested."""
    before = presets
    if args.dedup is not None:
        names = levels_named(args.dedup)
        presets = [with_levels(preset, names) for preset in presets]
    check_levels_use(args.given, before, presets)
    return [with_near(preset, args.near_verify, args.near_stays) for preset in presets]


def _with_identifier(preset: Preset, name: str) -> Preset:
    """The preset with another identifier, for those of its languages that it supports, at its usual threshold."""
    for stage in preset.stages:
        if isinstance(stage, Identify):  # what --langid applies to
            other = replace(stage, by=name, min_score=default_score(name))
            known = {*other.codes_of(tuple(load(name).languages)), UND}
            preset = preset.on(replace(other, languages=tuple(code for code in stage.languages if code in known)))
    return preset


def _with_size(preset: Preset, pages: int) -> Preset:
    """The preset with a minimum number of pages per language."""
    last = preset.stages[-1]
    if last.scope is Scope.CONFIG:
        return preset.on(Size(last.name, pages))
    return preset.after(last.name, Size("size", pages))


def make_corpora(
    args: Namespace, presets: list[Preset], assets: Assets, inputs: list[Input], earlier: Sequence[Ancestor] = ()
) -> tuple[Settings, ...]:
    """A corpus for each preset: in the output folder itself or, for several, in a subfolder with its name.

    `earlier` are the corpora that it is built against, and theirs in turn.
    """
    output = args.output.rstrip("/") if is_remote(args.output) else args.output
    staging = staging_folder(args.staging or output, staging_key(inputs))
    folders = [output] if len(presets) == 1 else [f"{output}/{preset.name}" for preset in presets]
    return tuple(
        make_settings(args, preset, assets, inputs, folder, staging, earlier)
        for preset, folder in zip(presets, folders, strict=True)
    )


def make_settings(
    args: Namespace,
    preset: Preset,
    assets: Assets,
    inputs: list[Input],
    output: str,
    staging: str,
    earlier: Sequence[Ancestor] = (),
) -> Settings:
    """One corpus. ConfigError for an earlier corpus that cannot be compared with it."""
    limit = -(-args.limit_pages // len(inputs)) if args.limit_pages else None
    description: dict[str, Any] = {
        "settings": {
            "languages": list(preset.languages),
            "shards": args.shards or "auto",
            "rejected": args.rejected,
            "limit_pages": args.limit_pages,
            **levels_asked(args, preset),
            **agent_asked(args),
            **personal_asked(args),
            **formats_told(args.format),
        },
        "files": accounts(preset.stages, assets),
        "identifiers": identifiers_of(preset),
        "versions": versions((*LIBRARIES, *libraries_behind(preset.stages))) | libraries_of_formats(args.format),
        "code": code_of_corpus(preset),
    }
    if not args.keys:
        description["settings"]["keys"] = False
    elif args.restorable == "no" or unveils(preset):
        description["settings"]["restorable"] = False
    for one in earlier:
        check_trunk({"preset": describe(preset), **description}, one.manifest, one.path)
    if earlier:
        description[AGAINST] = [one.row() for one in earlier]
    cut = args.input_format in KEYED and limit is None  # --limit-pages reads from the start of each input
    named = [[item.name, item.bytes, item.expected] for item in inputs]
    description["fingerprint"] = fingerprint([describe(preset), description, named])
    return Settings(
        preset=preset,
        # Workers on this machine read the files where they are.
        assets=assets if args.runner in LOCAL else carried(preset.stages, assets),
        output=output,
        staging=staging,
        inputs=len(inputs),
        units=len(units_of(inputs, cut)),
        cut=cut,
        input_bytes=sum(map(_bytes_of, inputs)),
        shards=args.shards,
        rejected=args.rejected,
        limit_pages=limit,
        spill_rows=spill_rows(args),
        held=_held(args, staging),
        max_bad_share=args.max_bad_share,
        against=tuple(file for one in earlier for file in key_files(one, staging)),
        keys=args.keys,
        restorable=args.keys and args.restorable == "yes" and bool(preset.indices(Scope.TEXT)) and not unveils(preset),
        description=description,
    )


def _held(args: Namespace, staging: str) -> int | None:
    if args.low_memory:
        return LITTLE_HELD
    return None if is_remote(staging) else SHARD_HELD


def levels_asked(args: Namespace, preset: Preset) -> dict[str, Any]:
    """The levels of text chosen by options, as options that repeat the choice."""
    near = near_level(preset)
    asked: dict[str, Any] = {}
    if args.dedup is not None:
        asked["dedup"] = ",".join(levels_named(args.dedup)) or NO_LEVELS
    if near is not None and args.near_verify is not None:
        asked["near_verify"] = near.verify
    if near is not None and args.near_stays is not None:
        asked["near_stays"] = near.stays
    return asked


def _bytes_of(item: Input) -> int:
    """Its size if known; 0 if it does not exist or is not a file."""
    return TYPICAL_WET if item.bytes < 0 and is_remote(item.path) else max(0, item.bytes)


def identifiers_of(preset: Preset) -> list[dict[str, Any]]:
    """Language identifiers as the manifest records them: if these are equal, a text gets the same answer."""
    return [{"stage": stage.name, **stage.identifier()} for stage in preset.stages if stage.kept_languages()]


def staging_key(inputs: list[Input]) -> str:
    """What a build must share with an earlier one to resume from its intermediate files: the inputs as listed.

    Signatures of URLs do not count. The folders inside are keyed by code, settings, files and versions.
    """
    known = hashlib.sha256()
    for item in inputs:
        known.update(os.fsencode(f"{unsigned(item.path)} {item.name} {item.bytes} {item.expected} {item.stamp}\n"))
    return known.hexdigest()
