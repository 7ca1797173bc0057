"""One task of an array, such as a job array of Slurm: it stages its share of the inputs, which a build later reuses.

Tasks need no order, and none waits for another: the list of inputs alone decides which units belong to a task, and a
file that two of them write has the same bytes.
"""

from __future__ import annotations

import argparse
import re
from argparse import Namespace

from beam_jobs.mending import run_mended
from beam_jobs.workers import as_build_error, tended
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import ArrayTask, WorkUnit
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.ours import begin_work
from c4pipe.flow.searching import Found
from c4pipe.flow.settings import Settings
from c4pipe.flow.target import write_lists
from c4pipe.text import many


def array_task(text: str) -> ArrayTask:
    """K/N, as on a command line."""
    found = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", text, re.ASCII)
    task = ArrayTask(*map(int, found.groups())) if found else None
    if task is None or task.number > task.of:
        raise argparse.ArgumentTypeError(f"expected K/N with K from 1 to N, such as 3/64, got {text!r}")
    return task


def stage_share(
    args: Namespace, corpora: tuple[Settings, ...], found: Found, units: list[WorkUnit], flags: list[str]
) -> str:
    """Stages the units of `args.stage_only`, after Beam is imported. Returns a report."""
    from beam_jobs.pipelines import options_of, pipeline_of, workers_of
    from c4pipe.flow.build import StageUnits
    from c4pipe.flow.progress import BuildProgress

    task, staging = args.stage_only, corpora[0].staging
    own = {number: unit for number, unit in enumerate(units) if task.takes(number)}
    with FolderLock(args.staging, shared=True, option="--staging"), tended() as stderr:
        try:
            begin_work(staging)
            if not BeamStore().exists(corpora[0].inputs_list):  # without it the build would start again
                write_lists(corpora[0], found, units)

            def carry_out() -> None:
                options = options_of(flags)
                with workers_of(options, stderr), BuildProgress(corpora, units, stderr):
                    pipeline_of(StageUnits(corpora, own), options).run().wait_until_finish()

            run_mended(carry_out, staging, args.output, stderr)
        except BaseException as error:
            raise as_build_error(error, staging) from error
    return f"task {task.number} of {task.of}: {len(own):,} of {many(len(units), 'unit')} staged in {staging}"
