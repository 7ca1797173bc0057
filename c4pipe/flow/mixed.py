"""The output folder of a rebalancing: what may be in it, how far it is, and what is cleared away."""

from __future__ import annotations

import json
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from c4pipe.corpus.identity import changes
from c4pipe.errors import ConfigError
from c4pipe.files.storage import make_folder
from c4pipe.flow.files import BeamStore, is_remote
from c4pipe.flow.lock import LOCK
from c4pipe.flow.rebalance import PLAN, Rebalancing
from c4pipe.flow.target import HALF_WRITTEN, another, clear_half_written, names_below
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.rebalance.plan import MixturePlan
from c4pipe.shards import MANIFEST

_OURS = re.compile(
    r"(README\.md|stats\.json|manifest\.json|mixture\.svg|report\.html|\.lock)"
    r"|mixture/(train|validation)-\d{5}-of-\d{5}\.parquet|\.staging-[0-9a-f]+/.*|(mixture/)?\.[^/]+\.tmp"
)


def finished_mixture(job: Rebalancing, overwrite: bool) -> dict[str, Any] | None:
    """The manifest of the mixture in the folder if it is the one that is asked for; None if there is none.

    ConfigError where the folder holds another one, or files that no rebalancing has made.
    """
    names = names_below(job.output)
    foreign = sorted(name for name in names if not _OURS.fullmatch(name))
    if foreign:
        raise ConfigError(
            f"--output {job.output} holds files that are not of a mixture, such as {foreign[0]!r}. "
            "Choose an empty folder."
        )
    if MANIFEST not in names or overwrite:
        return None
    with BeamStore().read(f"{job.output}/{MANIFEST}") as stream:
        data = stream.read()
    found: Any = None
    with suppress(ValueError):
        found = json.loads(data)
    manifest: dict[str, Any] = found if isinstance(found, dict) else {}
    if manifest.get("fingerprint") == job.description["fingerprint"]:
        return manifest
    raise ConfigError(another(job.output, "a mixture", changes(manifest, _identity(job))))


def _identity(job: Rebalancing) -> dict[str, Any]:
    told = job.description
    inputs = [(item["path"], item["bytes"]) for item in told["inputs"]]
    return {name: told[name] for name in ("settings", "versions", "code")} | {"inputs": inputs}


def prepare_mixture(job: Rebalancing, plan: MixturePlan) -> None:
    """Makes the folder ready: as an unfinished run of the same job left it, or with nothing but the plan.

    ConfigError if it cannot be written.
    """
    store = BeamStore(job.staging)
    try:
        names = names_below(job.output)
        if store.exists(job.plan) and MANIFEST not in names:
            _remove(job.output, filter(HALF_WRITTEN.fullmatch, names))
            return
        # The manifest goes first: from here on the folder holds no finished corpus. The plans go next: without one no
        # staging folder is gone on with, however much of this gets done.
        _remove(job.output, sorted(names, key=lambda name: (name != MANIFEST, not name.endswith(PLAN))))
        if not is_remote(job.output):
            for path in Path(job.output).glob(".staging-*"):
                shutil.rmtree(path)
            make_folder(Path(job.staging))
        with store.write(job.plan) as stream:
            stream.write(plan.to_bytes())
    except OSError as error:
        raise ConfigError(f"--output {job.output} cannot be written: {error.strerror or error}.") from None


def clear_mixture_staging(job: Rebalancing) -> None:
    """Takes away the intermediate files of a finished mixture, and what a killed run was writing."""
    BeamStore().remove(job.staging)
    clear_half_written(job.output)


def _remove(output: str, names: Any) -> None:
    store = BeamStore()
    for name in names:
        if name != LOCK and _OURS.fullmatch(name):
            store.remove(f"{output}/{name}")


class MixtureProgress(ProgressReporter):
    """Says now and then how many files are scattered and written, as the staging folder shows it."""

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
        """One look in words."""
        scattered = sum(1 for _ in self._staging.glob("scattered/[0-9]*.starts"))
        written = sum(1 for _ in self._staging.glob("written/*/[!.]*.json"))
        return (
            f"scattered {scattered:,}/{self._sources:,} source files  written {written:,}/{self._outputs:,} files  "
            f"{self.seconds():,.0f} s"
        )
