"""What the jobs need from Beam, which is slow to import: loaded once the arguments are valid."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

from beam_jobs.arguments import DASK_RUNNER, LOCAL_RUNNER
from beam_jobs.local import processes
from c4pipe.flow.lean import remember_answers


def options_of(flags: list[str]) -> PipelineOptions:
    """Beam's options."""
    remember_answers()
    return PipelineOptions(flags)


def pipeline_of(transform: beam.PTransform, options: PipelineOptions) -> beam.Pipeline:
    """The job graph."""
    remember_answers()
    pipeline = beam.Pipeline(options=options)
    pipeline | transform
    return pipeline


def workers_of(options: PipelineOptions, stderr: TextIO) -> AbstractContextManager[None]:
    """The workers of a runner on this machine; open it while a pipeline runs. `stderr` gets what people should know."""
    runner = options.view_as(StandardOptions).runner
    if runner == DASK_RUNNER:
        from beam_jobs.dask import cluster

        return cluster(options, stderr)
    if runner == LOCAL_RUNNER:
        return processes(options.view_as(DirectOptions).direct_num_workers or 1)
    return nullcontext()
