"""The output folder of a rebalancing: what may be in it, its progress, and what is deleted."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from c4pipe.corpus.identity import changes
from c4pipe.errors import ConfigError
from c4pipe.flow.files import BeamStore
from c4pipe.flow.ours import begin_work, is_work, names_below, remove_work, work_folders
from c4pipe.flow.rebalancing import PLAN, Rebalancing
from c4pipe.flow.target import Standing, another, clear_half_written, standing
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.rebalance.plan import MixturePlan


def find_mixture(job: Rebalancing, overwrite: bool) -> Standing:
    """The state of the mixture. ConfigError if the folder holds another one, or files that are not ours."""
    told = job.description
    now = {name: told[name] for name in ("settings", "versions", "code")}
    now["inputs"] = [(item["path"], item["bytes"]) for item in told["inputs"]]

    def differs(manifest: Mapping[str, Any]) -> str:
        try:
            found = changes(manifest, now)
        except (AttributeError, KeyError, TypeError, ValueError):  # no run wrote it
            found = {"manifest": ["unreadable"]}
        return another(job.output, "a mixture", found)

    return standing(job.output, lambda manifest: manifest["fingerprint"] == told["fingerprint"], overwrite, differs)


def prepare_mixture(job: Rebalancing, plan: MixturePlan) -> None:
    """Makes the folders ready: as an unfinished run of the same job left them, or with nothing but the plan.

    ConfigError if they cannot be written, or are not ours.
    """
    store = BeamStore(job.staging)
    try:
        if store.exists(job.plan) and is_work(job.made):
            for folder in (job.staging, job.made):
                clear_half_written(folder)
            return
        clear_mixture_staging(job)
        for folder in (job.made, job.staging):
            begin_work(folder)
        with store.write(job.plan) as stream:
            stream.write(plan.to_bytes())
    except OSError as error:
        raise ConfigError(f"--output {job.output} cannot be written: {error.strerror or error}.") from None


def clear_mixture_staging(job: Rebalancing) -> None:
    """Deletes what runs left in the output except finished mixtures; plans first, without which no run resumes."""
    for folder in work_folders(job.output, names_below(job.output)):
        remove_work(f"{job.output}/{folder}", [PLAN])


class MixtureProgress(ProgressReporter):
    """Reports now and then how many files are scattered and written, counted in the staging folder."""

    def __init__(self, job: Rebalancing, plan: MixturePlan, out: TextIO = sys.stderr):
        self._staging = Path(job.staging)
        self._sources = sum(1 for split in plan.splits for _ in plan.drawn(split))
        self._outputs = len(plan.outputs)
        self._out = out
        super().__init__()

    def show(self) -> None:
        while self.waited(PLAIN):
            print(self.line(), file=self._out, flush=True)

    def line(self) -> str:
        """The current progress in words."""
        scattered = sum(1 for _ in self._staging.glob("scattered/[0-9]*.starts"))
        written = sum(1 for _ in self._staging.glob("written/*/[!.]*.json"))
        return (
            f"scattered {scattered:,}/{self._sources:,} source files  written {written:,}/{self._outputs:,} files  "
            f"{self.seconds():,.0f} s"
        )
