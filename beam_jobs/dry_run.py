"""What a build would take, from a real build of a small part of it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from c4pipe.flow.build import BuildCorpora, Corpora
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input, units_of, write_input_list
from c4pipe.passes.staged import Staged, Summary
from c4pipe.scratch import temporary_files
from c4pipe.shards import MANIFEST
from c4pipe.text import duration

FILES = 2  # looked at, the first and the middle one
TRIAL_PAGES = 3000  # of each


def predict(corpora: Corpora, inputs: list[Input]) -> str:
    """Builds up to 3,000 pages of up to two inputs in a temporary folder, and scales by the bytes of all inputs."""
    readable = [item for item in inputs if item.bytes > 0] or inputs
    chosen = list(dict.fromkeys([readable[0], readable[len(readable) // 2]]))[:FILES]
    _trial(corpora, chosen, 1)  # what happens once a process, whatever the input, is not to be scaled
    trial = _trial(corpora, chosen, TRIAL_PAGES)
    scale = sum(max(0, item.bytes) for item in inputs) / max(1, trial.read)
    return "\n".join(
        [
            f"read {trial.pages:,} pages ({trial.read / 1e6:.1f} MB) of {len(chosen)} of {len(inputs)} inputs; of all:",
            f"  pages         {trial.pages * scale:>12,.0f}",
            *(
                f"  kept          {kept * scale:>12,.0f}  ({kept / trial.pages:.1%}; less in a larger corpus; {name})"
                for name, kept in trial.kept.items()
            ),
            f"  CPU time      {duration(trial.seconds * scale):>12}  on one core like this",
            f"  corpus        {trial.corpus * scale / 1e6:>12,.1f} MB",
            f"  working space {trial.staged * scale / 1e6:>12,.1f} MB, in the output folder while it runs",
        ]
    )


class Trial(NamedTuple):
    """What a small build took: pages, bytes, CPU seconds."""

    pages: int
    kept: dict[str, int]  # by preset
    read: int  # bytes of input
    corpus: int
    staged: int
    seconds: float


def _trial(corpora: Corpora, inputs: list[Input], pages: int) -> Trial:
    with temporary_files("trial") as folder:
        trial = tuple(
            replace(
                settings,
                output=f"{folder}/{settings.preset.name}",
                staging=f"{folder}/staging",
                inputs=len(inputs),
                units=len(units_of(inputs, cut=False)),
                cut=False,
                rejected="all" if settings.rejected == "all" else "none",  # a sample does not grow with the input
                limit_pages=min(pages, settings.limit_pages or pages),
                shards=1,
            )
            for settings in corpora
        )
        store = BeamStore(trial[0].staging)
        write_input_list([], store, trial[0].left_out_list)
        write_input_list(inputs, store, trial[0].inputs_list)
        started = time.process_time()
        pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
        pipeline | BuildCorpora(trial)
        pipeline.run().wait_until_finish()
        seconds = time.process_time() - started
        manifests = [json.loads((Path(settings.made) / MANIFEST).read_bytes()) for settings in trial]
        stages = [manifest["ledger"]["stages"] for manifest in manifests]
        files = [path for path in Path(trial[0].staging).rglob("*") if path.is_file()]
        return Trial(
            stages[0][0]["kept"],
            {s.preset.name: stages[-1]["kept"] for s, stages in zip(trial, stages, strict=True)},
            sum(_read(store, Staged.of(trial[0].prefix(0), number)) for number in range(trial[0].units)),
            sum(shard["bytes"] for manifest in manifests for shard in manifest["shards"]),
            sum(path.stat().st_size for path in files),
            seconds,
        )


def _read(store: BeamStore, staged: Staged) -> int:
    """Bytes of the inputs that were read for a unit."""
    return sum(account.read for account in Summary.read(store, staged).accounts)
