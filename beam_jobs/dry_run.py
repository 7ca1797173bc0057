"""What a build would take, from a real build of a small part of it."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from c4pipe.flow.build import BuildCorpus
from c4pipe.flow.files import BeamStore, Input, write_inputs
from c4pipe.flow.progress import duration
from c4pipe.flow.settings import Settings
from c4pipe.shards import MANIFEST

FILES = 2  # looked at, the first and the middle one
PAGES = 3000  # of each


def predict(settings: Settings, inputs: list[Input]) -> str:
    """Builds up to 3,000 pages of up to two inputs in a temporary folder, and scales by the bytes of all inputs."""
    readable = [item for item in inputs if item.bytes > 0] or inputs
    chosen = list(dict.fromkeys([readable[0], readable[len(readable) // 2]]))[:FILES]
    with tempfile.TemporaryDirectory() as folder:
        trial = replace(
            settings,
            output=f"{folder}/corpus",
            staging=f"{folder}/staging",
            inputs=len(chosen),
            rejected="sample",
            limit_pages=PAGES,
            shards=1,
        )
        write_inputs(chosen, BeamStore(), trial.inputs_list)
        started = time.process_time()
        pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
        pipeline | BuildCorpus(trial)
        pipeline.run().wait_until_finish()
        seconds = time.process_time() - started
        manifest = json.loads((Path(folder) / "corpus" / MANIFEST).read_bytes())
        read = sum(_bytes_read(path) for path in sorted(Path(trial.staging).glob("staged/*.summary.json")))
        staged = sum(path.stat().st_size for path in Path(trial.staging).rglob("*") if path.is_file())
    pages, kept = manifest["ledger"]["stages"][0]["kept"], manifest["ledger"]["stages"][-1]["kept"]
    size = sum(shard["bytes"] for shard in manifest["shards"])
    total = sum(max(0, item.bytes) for item in inputs)
    scale = total / max(1, read)
    return "\n".join(
        [
            f"read {pages:,} pages ({read / 1e6:.1f} MB) of {len(chosen)} of {len(inputs)} inputs; for all of them:",
            f"  pages        {pages * scale:>14,.0f}",
            f"  kept         {kept * scale:>14,.0f}  ({kept / max(1, pages):.1%}; less in a larger corpus)",
            f"  CPU time     {duration(seconds * scale):>14}  on one core like this",
            f"  corpus       {size * scale / 1e6:>14,.1f} MB",
            f"  working space{staged * scale / 1e6:>14,.1f} MB, in the output folder while it runs",
        ]
    )


def _bytes_read(path: Path) -> int:
    return int(json.loads(path.read_bytes())["bytes"])
