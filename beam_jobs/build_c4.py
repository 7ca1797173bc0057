"""Builds corpora: arguments -> settings -> one Beam pipeline -> summary. `--help` has examples."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from beam_jobs.arguments import beam_flags, load_beam, parse
from beam_jobs.array_task import stage_share
from beam_jobs.beam_options import is_offline
from beam_jobs.command import exit_code_of, peak_memory
from beam_jobs.corpora import make_corpora, presets_of
from beam_jobs.earlier import check_outputs, compute_keys, find_earlier, notes_on
from beam_jobs.effects import check_files_use, check_use
from beam_jobs.exclusions import with_files
from beam_jobs.mending import run_mended
from beam_jobs.peeking import look_into
from beam_jobs.workers import as_build_error, tended
from c4pipe.card import check_schema
from c4pipe.command import as_called, own_name
from c4pipe.corpus.ancestors import Ancestor
from c4pipe.files.assets import find_assets
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input, units_of
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.placing import is_made, put_in_place, recover
from c4pipe.flow.searching import Found, find_inputs, left_out_by_name
from c4pipe.flow.settings import Settings
from c4pipe.flow.siblings import check_card_above, check_siblings, write_card_above
from c4pipe.flow.sizes import with_sizes
from c4pipe.flow.target import (
    Standing,
    announce,
    clear_half_written,
    clear_staging,
    find_corpus,
    prepare,
    prepare_staging,
    write_lists,
)
from c4pipe.passes.summary import emptied, faulty, is_empty, summary, summary_of_several
from c4pipe.shards import MANIFEST
from c4pipe.text import duration

if TYPE_CHECKING:  # Beam is slow to import: only once all arguments are valid and there is work
    from c4pipe.flow.build import Corpora


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job. Returns the exit code."""
    return exit_code_of("build_c4", lambda: run(*parse(argv)))


def run(args: Namespace, rest: list[str]) -> int:
    """Runs the job with parsed arguments."""
    check_use(args)
    presets = presets_of(args)
    named = find_assets(args.badwords_dir, args.news_domains, args.url_list, args.benchmarks)
    assets, told = with_files(named, args)
    check_files_use(args.given, presets, assets)
    offline = is_offline(rest)
    offline_input = Found([Input("wet.paths", "wet.paths", 0)], [])
    found = offline_input if offline else find_inputs(args.input, args.root, args.input_format)
    inputs = found.inputs
    if args.sizes:
        inputs = with_sizes(inputs, args.sizes)
    earlier = [] if offline else find_earlier(args.against)
    corpora = make_corpora(args, presets, assets, inputs, earlier)
    for settings in corpora:
        settings.plan.bind()  # every external file is looked for now
        check_schema(settings.plan.schema())
    readings = [] if offline else [*look_into(inputs, presets), *notes_on(earlier, corpora), *told]
    if args.dry_run:
        print(*readings, *foretold(args, corpora, Found(inputs, left_out_by_name(found)), earlier), sep="\n")
        return 0
    tasks = 1 if args.stage_only is None else args.stage_only.of
    flags = beam_flags(args, rest, -(-corpora[0].units // tasks), corpora[0].input_bytes // tasks)
    if offline:
        make_graph(args, corpora, flags)
        return 0
    check_outputs(earlier, [settings.output for settings in corpora])
    several = len(corpora) > 1
    if several:
        check_siblings(args.output)
    standing = look(corpora, inputs, args.overwrite)  # before the folder is locked
    if several and any(there.manifest is None for there in standing):
        check_card_above(args.output)
    kept = Found(inputs, left_out_by_name(found))
    if args.stage_only is not None:
        return stage(args, corpora, standing, kept, flags, readings)
    with ExitStack() as locks:
        if args.staging and args.staging != args.output:
            locks.enter_context(FolderLock(args.staging, option="--staging"))
        for folder in dict.fromkeys([args.output, *(settings.output for settings in corpora)]):
            locks.enter_context(FolderLock(folder))
        for settings in corpora:
            recover(settings.output)
        standing = look(corpora, inputs, args.overwrite)
        missing = [
            (settings, there) for settings, there in zip(corpora, standing, strict=True) if there.manifest is None
        ]
        for settings, there in missing:
            announce(settings.output, there)
        unmade = tuple(settings for settings, _ in missing)
        took = build(args, unmade, kept, flags, readings, earlier) if missing else None
        write_card_above(args.output, several)
        if not (args.keep_staging or args.staging):
            tidy(args.output, corpora)  # also after a build that was killed after its manifest
        return conclude(args, corpora, standing, took)


def foretold(args: Namespace, corpora: Corpora, found: Found, earlier: Sequence[Ancestor]) -> list[str]:
    """The output of --dry-run, in lines."""
    load_beam(args)
    from beam_jobs.dry_run import predict, prediction_told

    return [*prediction_told(predict(corpora, found, earlier), found)]


def make_graph(args: Namespace, corpora: Corpora, flags: list[str]) -> None:
    """Beam's own --dry_run=True."""
    load_beam(args)
    from beam_jobs.pipelines import options_of, pipeline_of
    from c4pipe.flow.build import BuildCorpora

    pipeline_of(BuildCorpora(corpora), options_of(flags)).run()
    print(f"{own_name('build_c4')}: the job graph is built; with --dry_run=True nothing is run.")


def look(corpora: Corpora, inputs: list[Input], overwrite: bool) -> list[Standing]:
    """The state of the corpora's folders; ConfigError if they hold anything else."""
    named = [(item.name, item.bytes) for item in inputs]
    return [find_corpus(settings, named, overwrite) for settings in corpora]


def stage(
    args: Namespace, corpora: Corpora, standing: list[Standing], found: Found, flags: list[str], readings: list[str]
) -> int:
    """A task of an array; the exit code. Corpora that are there need none."""
    unmade = tuple(settings for settings, there in zip(corpora, standing, strict=True) if there.manifest is None)
    if not unmade:
        return conclude(args, corpora, standing, None)
    load_beam(args)
    print_notes(unmade, readings)
    print(stage_share(args, unmade, found, units_of(found.inputs, unmade[0].cut, unmade[0].limit_pages), flags))
    return 0


def build(
    args: Namespace,
    corpora: Corpora,
    found: Found,
    flags: list[str],
    readings: list[str],
    earlier: Sequence[Ancestor],
) -> float:
    """Runs the pipeline and shows its progress. Returns the seconds it took."""
    load_beam(args)
    from beam_jobs.pipelines import options_of, pipeline_of, workers_of
    from c4pipe.flow.build import BuildCorpora
    from c4pipe.flow.progress import BuildProgress

    started = time.monotonic()
    units = units_of(found.inputs, corpora[0].cut, corpora[0].limit_pages)
    print_notes(corpora, readings)
    staging = corpora[0].staging
    with tended() as stderr:
        try:
            store = BeamStore(staging)
            prepare_staging(args.output, staging, args.fresh)

            def carry_out() -> None:
                write_lists(corpora[0], found, units)
                clear_half_written(staging)
                compute_keys(earlier, corpora[0].plan, store, staging)
                unmade = tuple(settings for settings in corpora if args.fresh or not made_already(settings))
                for settings in unmade:
                    prepare(settings)
                if unmade:
                    options = options_of(flags)
                    with workers_of(options, stderr), BuildProgress(unmade, units, stderr):
                        pipeline_of(BuildCorpora(unmade), options).run().wait_until_finish()

            run_mended(carry_out, staging, args.output, stderr)
            for settings in corpora:
                put_in_place(settings.output, settings.made)
        except BaseException as error:
            raise as_build_error(error, args.output, staging) from error
    return time.monotonic() - started


def made_already(settings: Settings) -> bool:
    """Whether an interrupted build had finished the corpus, and only had to move it into place."""
    return is_made(settings.made, settings.description["fingerprint"])


def conclude(args: Namespace, corpora: Corpora, found: list[Standing], took: float | None) -> int:
    """Prints the result. Returns the exit code."""
    manifests = [there.manifest or _manifest(settings) for settings, there in zip(corpora, found, strict=True)]
    stats = [stats_of(settings) for settings in corpora]
    if len(corpora) == 1:
        print(as_called(summary(manifests[0], corpora[0].output, stats[0])))
    else:
        print(as_called(summary_of_several(manifests, [settings.output for settings in corpora], stats)))
    there = [manifest["preset"]["name"] for manifest, one in zip(manifests, found, strict=True) if one.manifest]
    if there:
        named = "it was" if len(corpora) == 1 else f"{', '.join(there)}:"
        print(
            f"  {named} already built: inputs of the same names and sizes, same settings, files, versions and code; "
            "--overwrite rebuilds it"
        )
    if took is not None:
        pages = manifests[0]["ledger"]["stages"][0]["kept"]
        print(f"  {duration(took)} min, {pages / took:,.0f} pages/s, peak memory {peak_memory()}")
    for settings, manifest in zip(corpora, manifests, strict=True):
        if is_empty(manifest):
            print(f"{own_name('build_c4')}: {emptied(manifest, settings.output)}", file=sys.stderr)
    return max(exit_code(manifest, args.strict) for manifest in manifests)


def _manifest(settings: Settings) -> dict[str, Any]:
    with BeamStore().read(f"{settings.output}/{MANIFEST}") as stream:
        manifest: dict[str, Any] = json.load(stream)
    return manifest


def tidy(folder: str, corpora: Corpora) -> None:
    """Deletes what does not belong to a corpus. The corpora are complete, so failures are reported but do not fail the
    build.
    """
    try:
        for place_of_one in dict.fromkeys([folder, *(settings.output for settings in corpora)]):
            clear_staging(place_of_one, corpora[0].staging)
    except OSError as error:
        print(f"note: {corpora[0].staging} could not be removed ({error.strerror or error}).", file=sys.stderr)


def stats_of(settings: Settings) -> dict[str, Any]:
    """The statistics of the finished corpus; they only supplement the manifest."""
    try:
        with BeamStore().read(f"{settings.output}/stats.json") as stream:
            found = json.load(stream)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def print_notes(corpora: Corpora, readings: list[str]) -> None:
    """What was noted of the inputs, and what a person should know of the files before the build."""
    for line in [*readings, *dict.fromkeys(note for settings in corpora for note in notes(settings))]:
        print(line, file=sys.stderr)


def notes(settings: Settings) -> list[str]:
    """What the user should know before the build, one line each."""
    files = settings.description["files"]
    said = []
    if remarked := [(file["name"], *file["note"].partition(" entries ")) for file in files if "note" in file]:
        counts = ", ".join(f"{name}: {count}" for name, count, _, _ in remarked)
        said = [f"note: {settings.preset.name} reads {counts} entries {remarked[0][3]}"]
    shipped = dict.fromkeys(file["kind"] for file in files if file["origin"] == "shipped")
    if not shipped:
        return said
    exact = " This corpus therefore differs slightly from the reference's." if settings.preset.name == "en.tfds" else ""
    return [
        *said,
        f"note: using the small lists shipped with c4pipe ({', '.join(shipped)}); full ones: "
        f"{as_called('make assets')}.{exact}",
    ]


def exit_code(manifest: dict[str, Any], strict: bool) -> int:
    """4 if no page was kept, else 3 if an input could not be read and --strict was given."""
    if is_empty(manifest):
        return 4
    return 3 if strict and faulty(manifest) else 0


if __name__ == "__main__":
    sys.exit(main())
