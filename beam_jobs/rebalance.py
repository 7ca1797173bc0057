"""Mixes the languages of finished corpora: arguments -> plan -> one Beam pipeline -> summary. `--help` has examples."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from beam_jobs.arguments import beam_flags, load_beam
from beam_jobs.beam_options import is_offline
from beam_jobs.command import exit_code_of, peak_memory, versions
from beam_jobs.mending import run_mended
from beam_jobs.rebalance_arguments import parse
from beam_jobs.workers import as_build_error, tended
from c4pipe.card.origin import formats_of
from c4pipe.command import own_name
from c4pipe.corpus.identity import code_of_mixture, fingerprint
from c4pipe.errors import ConfigError
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore, check_folder
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.mixed import MixtureProgress, clear_mixture_staging, find_mixture, prepare_mixture
from c4pipe.flow.placing import is_made, put_in_place, recover
from c4pipe.flow.rebalancing import Rebalancing
from c4pipe.flow.target import announce, staging_folder
from c4pipe.languages.named import renamings
from c4pipe.mixture import Mixture
from c4pipe.rebalance.finalize import mixture_summary
from c4pipe.rebalance.plan import MixturePlan, make_plan
from c4pipe.rebalance.sources import SourceCorpus, find_sources, look_at, named_configs, read_corpora
from c4pipe.shards import MANIFEST, formats_told, libraries_of_formats
from c4pipe.text import duration

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

MIXTURE_LIBRARIES = ("apache-beam", "matplotlib", "numpy", "pyarrow")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job. Returns the exit code."""
    return exit_code_of("rebalance", lambda: run(*parse(argv)))


def run(args: Namespace, rest: list[str]) -> int:
    """Runs the job with parsed arguments."""
    check_folder("--output", args.output)
    mixture = Mixture.parse(args.mixture, args.alpha, args.limit, args.temperature)
    store = BeamStore()
    corpora = read_corpora(args.corpus, store)
    for corpus in corpora:
        _check_apart(args.output, corpus.folder)
    asked, args.languages = args.languages, named_configs(corpora, args.languages)
    for line in renamings(asked, args.languages):
        print(line, file=sys.stderr)
    sources = find_sources(corpora, args.languages)
    job = make_job(args, mixture, corpora)
    if (done := find_mixture(job, args.overwrite).manifest) is not None:
        with FolderLock(job.output):
            clear_mixture_staging(job)  # leftovers of a run that was killed after its manifest
        print("\n".join(mixture_summary(done, job.output)))
        print("  it was already built: same corpora, same settings; --overwrite rebuilds it")
        return 0
    sources, schema = look_at(sources, store)
    plan = make_plan(sources, schema, mixture, args.documents, args.max_epochs, args.seed, args.shards)
    train = plan.splits[0].order
    job.description["rates"] = mixture.rates(dict(zip(train.names, train.documents, strict=True)))
    flags = beam_flags(args, rest, len(sources), sum(source.raw for source in sources))
    load_beam(args)
    from beam_jobs.pipelines import options_of, pipeline_of
    from c4pipe.flow.rebalance import Rebalance

    options = options_of(flags)
    if is_offline(rest):
        pipeline_of(Rebalance(job), options).run()
        print(f"{own_name('rebalance')}: the job graph is built; with --dry_run=True nothing is run.")
        return 0
    with FolderLock(job.output):
        recover(job.output)
        there = find_mixture(job, args.overwrite)
        announce(job.output, there)
        return rebalance(job, plan, options)


def rebalance(job: Rebalancing, plan: MixturePlan, options: PipelineOptions) -> int:
    """Runs the pipeline, shows its progress, and prints the result."""
    from beam_jobs.pipelines import pipeline_of, workers_of
    from c4pipe.flow.rebalance import Rebalance

    started = time.monotonic()
    with tended() as stderr:
        try:

            def carry_out() -> None:
                prepare_mixture(job, plan)
                with workers_of(options, stderr), MixtureProgress(job, plan, stderr):
                    pipeline_of(Rebalance(job), options).run().wait_until_finish()

            if not is_made(job.made, job.description["fingerprint"]):
                run_mended(carry_out, job.staging, job.output, stderr)
            put_in_place(job.output, job.made)
        except BaseException as error:
            raise as_build_error(error, job.output) from error
    try:
        clear_mixture_staging(job)
    except OSError as error:  # the mixture is complete by now
        print(f"note: {job.staging} could not be removed ({error.strerror or error}).", file=sys.stderr)
    with BeamStore().read(f"{job.output}/{MANIFEST}") as stream:
        manifest = json.load(stream)
    seconds = time.monotonic() - started
    pages = sum(shard["rows"] for shard in manifest["shards"])
    print("\n".join(mixture_summary(manifest, job.output)))
    print(f"  {duration(seconds)} min, {pages / seconds:,.0f} pages/s, peak memory {peak_memory()}")
    return 0


def make_job(args: Namespace, mixture: Mixture, corpora: list[SourceCorpus]) -> Rebalancing:
    """Everything that decides the bytes of the mixture, and the fingerprint that names it."""
    description: dict[str, Any] = {
        "says": str(mixture),
        "settings": {
            "mixture": mixture.kind,
            "alpha": mixture.alpha,
            "limit": mixture.limit,
            "documents": args.documents,
            "max_epochs": args.max_epochs,
            "seed": args.seed,
            "languages": args.languages,
            "shards": args.shards or "auto",
            **formats_told(args.format),
        },
        "versions": versions(MIXTURE_LIBRARIES) | libraries_of_formats(args.format),
        "code": code_of_mixture(),
        "inputs": [_described(corpus) for corpus in corpora],
    }
    description["fingerprint"] = fingerprint(description)
    known = fingerprint([description["fingerprint"], *(corpus.folder for corpus in corpora)])
    output = args.output.rstrip("/") or "/"
    return Rebalancing(output, staging_folder(output, known), description)


def _described(corpus: SourceCorpus) -> dict[str, Any]:
    shards = corpus.manifest["shards"]
    return {
        "path": corpus.name,
        "bytes": sum(shard["bytes"] for shard in shards),
        "records": sum(shard["rows"] for shard in shards),
        "faults": {},
        "formats": formats_of(corpus.manifest),
        "one_entry": corpus.whole,
        "manifest_sha256": corpus.sha256,
    }


def _check_apart(output: str, folder: str) -> None:
    """ConfigError if the mixture would be written into, or around, a corpus that it is made from."""
    if is_remote(output) or is_remote(folder):
        paths = [f"{output.rstrip('/')}/", f"{folder.rstrip('/')}/"]
    else:
        paths = [f"{os.path.realpath(path).rstrip('/')}/" for path in (output, folder)]
    if paths[0].startswith(paths[1]) or paths[1].startswith(paths[0]):
        raise ConfigError(f"--output {output} and --corpus {folder} contain one another. Choose another folder.")


if __name__ == "__main__":
    sys.exit(main())
