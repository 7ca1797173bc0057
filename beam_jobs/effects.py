"""Refuses options of build_c4 that would have no effect, before any work: each must affect at least one preset.

The parts of a preset say what it does. Options that scripts may always pass are allowed: --workers, --strict,
--keep-staging.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Sequence
from pathlib import Path

from beam_jobs.arguments import LOCAL_RUNNER
from c4pipe.command import refuse_idle
from c4pipe.errors import ConfigError
from c4pipe.files.assets import Assets
from c4pipe.files.record import paths_read
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import check_folder
from c4pipe.flow.pathlists import LIST_SUFFIXES
from c4pipe.part import Part, everything
from c4pipe.stages import Identify, Preset, Scope
from c4pipe.stages.text_levels import near_level


def check_use(args: Namespace) -> None:
    """ConfigError for an invalid folder, or an option that no preset could use in this command."""
    staging = [] if args.staging is None else [args.staging]
    for option, folders in (("--output", [args.output]), ("--staging", staging), ("--against", args.against)):
        for folder in folders:
            check_folder(option, folder)
    check_array_task(args)
    if args.staging is not None and args.staging != args.output and _is_inside(args.staging, args.output):
        raise ConfigError(
            f"--staging {args.staging} is inside --output {args.output}, which holds only files of the corpus. Choose "
            "a folder outside of it."
        )
    looks = "--dry-run writes nothing. Leave one of them out."
    place = args.staging or args.output
    refuse_idle(
        args.given,
        ("--overwrite", not args.dry_run, looks),
        ("--fresh", not args.dry_run, looks),
        (
            "--fresh",
            args.stage_only is None,
            "--stage-only adds to what other tasks have staged. Leave one of them out.",
        ),
        ("--stage-only", not args.dry_run, looks),
        ("--max-bad-share", not args.dry_run, "--dry-run reads only part of the inputs. Leave one of them out."),
        (
            "--spill-rows",
            not is_remote(place),
            f"rows can only be spilled to files on this machine, and the intermediate files are in {place}. Leave it "
            "out.",
        ),
        (
            "--extract",
            args.input_format == "warc",
            "it applies to --input-format warc. Leave it out, or add that format.",
        ),
        (
            "--restorable",
            args.keys,
            "restoring pages needs the keys that --no-keys leaves out. Leave one of them out.",
        ),
        (
            "--root",
            any(path.lower().endswith(LIST_SUFFIXES) for path in args.input),
            "it is the base of the paths in a list, and no --input is a list "
            f"({', '.join(f'*{suffix}' for suffix in LIST_SUFFIXES)}). Leave it out, or give a list.",
        ),
    )


def _is_inside(folder: str, other: str) -> bool:
    if is_remote(folder) or is_remote(other):
        return folder.startswith(f"{other.rstrip('/')}/")
    return Path(other).resolve() in Path(folder).resolve().parents


def check_presets_use(given: Collection[str], presets: Sequence[Preset]) -> None:
    """ConfigError for an option about languages if no preset identifies languages."""
    identify = [stage for preset in presets for stage in preset.stages if isinstance(stage, Identify)]
    asks = any(preset.identify is not None for preset in presets)
    parts = [part for preset in presets for part in everything(preset.stages)]
    speaks = asks or any(type(part).for_languages is not Part.for_languages for part in parts)
    silent = f"{_named(presets)} identifies the language of a page. Leave it out, or use another preset."
    refuse_idle(
        given, ("--languages", speaks, silent), ("--langid", bool(identify), silent), ("--min-pages", asks, silent)
    )


def check_array_task(args: Namespace) -> None:
    """ConfigError where a task of an array could not share its work with the others."""
    if args.stage_only is None:
        return
    if args.staging is None:
        raise ConfigError("--stage-only needs a folder that all tasks share. Name one: --staging DIR.")
    if args.runner not in ("DirectRunner", LOCAL_RUNNER):
        raise ConfigError(
            f"--stage-only runs on one machine, and --runner {args.runner} uses several. Leave one of them out."
        )


def check_levels_use(given: Collection[str], before: Sequence[Preset], presets: Sequence[Preset]) -> None:
    """ConfigError for an option about text levels that changes nothing; `before` are the presets without it."""
    names = ", ".join(preset.name for preset in presets)
    near = any(near_level(preset) is not None for preset in presets)
    no_near = f"{_named(presets)} looks for near duplicates. Leave it out, or add --dedup near."
    refuse_idle(
        given,
        ("--dedup", [*before] != [*presets], f"{names} already uses these deduplication levels. Leave it out."),
        ("--near-verify", near, no_near),
        ("--near-stays", near, no_near),
        (
            "--restorable",
            any(preset.indices(Scope.TEXT) for preset in presets),
            f"{_named(presets)} deduplicates text, so no page could come back. Leave it out.",
        ),
    )


def check_files_use(given: Collection[str], presets: Sequence[Preset], assets: Assets) -> None:
    """ConfigError for an option that names a file which no part of the presets reads."""
    if not {"--badwords-dir", "--news-domains", "--url-list"}.intersection(given):
        return
    read = {path for preset in presets for path in paths_read(preset.stages, assets)}
    who = f"{_named(presets)} reads"
    refuse_idle(
        given,
        (
            "--badwords-dir",
            assets.badwords_dir in {path.parent for path in read},
            f"{who} word lists. Leave it out, or use a preset that does, such as en.",
        ),
        (
            "--news-domains",
            assets.news_domains_file in read,
            f"{who} a list of domains. Leave it out, or use a preset that does, such as realnewslike.",
        ),
        (
            "--url-list",
            assets.url_list in read,
            f"{who} a list of URLs. Leave it out, or use a preset that does, such as webtextlike.",
        ),
    )


def _named(presets: Sequence[Preset]) -> str:
    """The presets, as the subject of a negated sentence."""
    names = [preset.name for preset in presets]
    return f"no stage of preset {names[0]}" if len(names) == 1 else f"no stage of the presets {', '.join(names)}"
