"""Builds a corpus: arguments -> settings -> one Beam pipeline -> summary. `--help` has examples."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import re
import resource
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, TestOptions

from beam_jobs.arguments import beam_flags, parse
from beam_jobs.dry_run import predict
from beam_jobs.workers import stopped, tended, terminated, worker_died
from c4pipe import __version__
from c4pipe.assets import Assets, find_assets
from c4pipe.catalogue import describe
from c4pipe.errors import BuildError, C4Error, ConfigError
from c4pipe.flow.build import BuildCorpus
from c4pipe.flow.files import BeamStore, Input, find_inputs, is_remote, write_inputs
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.progress import Watch, duration
from c4pipe.flow.settings import Lists, Settings, kinds_of
from c4pipe.flow.sizes import with_sizes
from c4pipe.flow.target import (
    can_go_on,
    clear_half_written,
    clear_staging,
    finished_manifest,
    prepare,
    staging_folder,
)
from c4pipe.presets import Preset, find_preset, for_languages
from c4pipe.shards import MANIFEST
from c4pipe.summary import faulty, printable, summary

TYPICAL_WET = 80 << 20  # bytes of a file of a list in a bucket, whose size nobody has asked for
PACKAGE = Path(__file__).parents[1] / "c4pipe"
LIBRARIES = ("apache-beam", "langdetect", "mmh3", "numpy", "pyarrow", "sentencex", "tldextract", "nltk")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job; the exit code."""
    # Beam and its workers log progress of their own, and every error a second time, traceback and all, although it
    # is raised as well; only what a person should see is left.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", force=True)
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    try:
        args, rest = parse(argv)
        return run(args, rest)
    except (BuildError, OSError) as error:  # a disk or a network failed where no step of the build knows better
        print(f"build_c4: {printable(str(error))}", file=sys.stderr)
        return 1
    except C4Error as error:
        print(f"build_c4: {printable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("build_c4: interrupted. The same command goes on from what is finished.", file=sys.stderr)
        return 143 if terminated() else 130


def run(args: Namespace, rest: list[str]) -> int:
    """The job with parsed arguments."""
    preset = find_preset(args.preset)
    if args.languages:
        preset = for_languages(preset, _languages(args.languages))
    assets = find_assets(args.badwords_dir, args.news_domains, args.url_list)
    # Beam's own --dry_run=True: the job graph is made, and nothing is touched.
    offline = str(PipelineOptions(rest).view_as(TestOptions).dry_run).lower() == "true"
    inputs = [Input("wet.paths", "wet.paths", 0)] if offline else find_inputs(args.input, args.root)
    if args.sizes:
        inputs = with_sizes(inputs, args.sizes)
    settings = make_settings(args, preset, assets, inputs)
    settings.plan.bind()  # every outside file is looked for now
    if args.dry_run:
        print(predict(settings, inputs))
        return 0
    options = PipelineOptions(beam_flags(args, rest, len(inputs), settings.input_bytes))
    if offline:
        beam_pipeline(settings, options).run()
        print("build_c4: the job graph is made; with --dry_run=True nothing else is.")
        return 0
    finished_manifest(settings.output, settings.description["fingerprint"], args.overwrite)  # before a lock is made
    with FolderLock(settings.output):
        done = finished_manifest(settings.output, settings.description["fingerprint"], args.overwrite)
        if done is None:
            return build(args, settings, inputs, options)
        if not args.keep_staging:
            tidy(settings)  # what a build left that was killed behind its manifest
        print(summary(done, settings.output, faults_of(settings)))
        print("  it was there already: inputs of the same names and sizes, same settings; --overwrite builds it again")
        return exit_code(done, args.strict)


def build(args: Namespace, settings: Settings, inputs: list[Input], options: PipelineOptions) -> int:
    """Runs the pipeline, shows how far it is, and says what came out."""
    started = time.monotonic()
    store = BeamStore()
    for line in notes(settings):
        print(line, file=sys.stderr)
    with tended() as stderr:
        try:
            if args.fresh or args.overwrite or not can_go_on(settings.output, settings.staging):
                prepare(settings.output, settings.staging)
                write_inputs(inputs, store, settings.inputs_list)
            clear_half_written(settings.output)
            with Watch(settings.staging, inputs, stderr):
                beam_pipeline(settings, options).run().wait_until_finish()
        except BaseException as error:
            raise _as_build_error(error, settings.output) from error
    if not args.keep_staging:
        tidy(settings)
    with store.read(f"{settings.output}/{MANIFEST}") as stream:
        manifest = json.load(stream)
    seconds = time.monotonic() - started
    pages = manifest["ledger"]["stages"][0]["kept"]
    print(summary(manifest, settings.output, faults_of(settings)))
    print(f"  {duration(seconds)} min, {pages / seconds:,.0f} pages/s, peak memory {peak_memory()}")
    return exit_code(manifest, args.strict)


def tidy(settings: Settings) -> None:
    """Takes away what is not of the corpus. It is whole by now: a failure is told, and is none of the build."""
    try:
        clear_half_written(settings.output)
        clear_staging(settings.output, settings.staging)
    except OSError as error:
        print(f"note: {settings.staging} could not be removed ({error.strerror or error}).", file=sys.stderr)


def faults_of(settings: Settings) -> list[dict[str, Any]]:
    """The faults table of the finished corpus; it only adds places to what the manifest says."""
    try:
        with BeamStore().read(f"{settings.output}/stats.json") as stream:
            return json.load(stream)["faults"]  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def beam_pipeline(settings: Settings, options: PipelineOptions) -> beam.Pipeline:
    """The job graph."""
    pipeline = beam.Pipeline(options=options)
    pipeline | BuildCorpus(settings)
    return pipeline


def make_settings(args: Namespace, preset: Preset, assets: Assets, inputs: list[Input]) -> Settings:
    """All that decides the bytes of the corpus, and the fingerprint that names it."""
    output = args.output.rstrip("/") if is_remote(args.output) else args.output
    limit = -(-args.limit_pages // len(inputs)) if args.limit_pages else None
    description: dict[str, Any] = {
        "settings": {
            "languages": list(preset.languages),
            "shards": args.shards or "auto",
            "rejected": args.rejected,
            "limit_pages": args.limit_pages,
        },
        "assets": assets.describe(kinds_of(preset)),
        "versions": {"c4pipe": __version__, "python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
    }
    named = [[item.name, item.bytes, item.expected] for item in inputs]
    known = json.dumps([describe(preset), description, named], sort_keys=True)
    description["fingerprint"] = hashlib.sha256(known.encode()).hexdigest()
    return Settings(
        preset=preset,
        lists=Lists.of(preset, assets),
        output=output,
        staging=staging_folder(output, staging_key(description["fingerprint"], inputs)),
        inputs=len(inputs),
        input_bytes=sum(TYPICAL_WET if item.bytes < 0 else item.bytes for item in inputs),
        shards=args.shards,
        rejected=args.rejected,
        limit_pages=limit,
        spill_rows=args.spill_rows,
        max_bad_share=args.max_bad_share,
        description=description,
    )


def staging_key(fingerprint: str, inputs: list[Input]) -> str:
    """What an unfinished build must share with this one to be gone on with: settings, inputs as they are, our code."""
    known = hashlib.sha256(fingerprint.encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        known.update(path.read_bytes())
    for item in inputs:
        try:
            modified = None if is_remote(item.path) else os.stat(item.path).st_mtime_ns
        except (OSError, ValueError):  # it is counted as unreadable
            modified = None
        known.update(os.fsencode(f"{item.path} {item.bytes} {modified}\n"))
    return known.hexdigest()


def notes(settings: Settings) -> list[str]:
    """What a person should know before the build, in a line each."""
    shipped = [
        kind
        for kind, found in settings.description["assets"].items()
        if "shipped" in json.dumps(found) and kind != "punkt"
    ]
    if not shipped:
        return []
    exact = " So this corpus is not exactly the reference's." if settings.preset.name == "en.tfds" else ""
    return [f"note: using the small lists that come with c4pipe ({', '.join(shipped)}); full ones: make assets.{exact}"]


def exit_code(manifest: dict[str, Any], strict: bool) -> int:
    """3 when something could not be read and that matters."""
    return 3 if strict and faulty(manifest) else 0


def peak_memory() -> str:
    """The largest process of the build: this one, or one of its workers."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return f"{max(own, workers) / 1024:,.0f} MB"


def _languages(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    bad = [name for name in names if not (name.isascii() and name.replace("-", "").isalnum())]
    if bad or not names:
        raise ConfigError(f"--languages {text!r}: expected language codes such as en or de,fr.")
    return names


def _as_build_error(error: BaseException, output: str) -> BaseException:
    """The error as one for a person where it is one; a bug stays what it is.

    Beam adds the step to the message, and a worker process sends everything back as the text of a traceback.
    """
    ours, text = isinstance(error, BuildError), str(error)
    if stopped():
        return KeyboardInterrupt()
    if worker_died() or "Channel closed prematurely" in text:
        return BuildError(
            "a worker process died: it was killed, or the machine ran out of memory (fewer --workers need less). "
            "The same command goes on from what is finished."
        )
    if not isinstance(error, BuildError | OSError | RuntimeError):
        return error
    if isinstance(error, RuntimeError):
        if re.search(r"^KeyboardInterrupt\b", text, re.MULTILINE):
            return KeyboardInterrupt()
        found = re.findall(r"^(c4pipe\.errors\.BuildError|\w*OSError|\w+Error(?=: \[Errno)): (.*)", text, re.MULTILINE)
        if not found:
            return error
        kind, text = found[-1]
        ours = kind.endswith("BuildError")
    text = text.split(" [while running")[0]
    if ours or is_remote(output):
        return BuildError(text)
    try:
        free = f"has {shutil.disk_usage(output).free / 1e6:,.0f} MB free"
    except OSError:
        free = "is gone"
    return BuildError(f"{text}, writing to {output}, which {free}. When that is mended, run it again.")


if __name__ == "__main__":
    sys.exit(main())
