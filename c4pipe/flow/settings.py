"""Everything that a build's workers need to know, as values that travel with each DoFn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from c4pipe.corpus.catalogue import describe_stage
from c4pipe.corpus.identity import RESTAGING, STAGING, code_behind, files_read, fingerprint, versions_behind
from c4pipe.corpus.plan import Plan, together
from c4pipe.files.assets import Assets
from c4pipe.flow.ours import MADE_NAME
from c4pipe.passes.sample import per_input
from c4pipe.shards import shard_formats
from c4pipe.stages import Preset, Stage

MAX_GROUPS = 2048  # with more units than that, several share a group and a shuffle element
MAX_PARTITIONS = 4096  # a crawl's 4e10 spans of 20 bytes make partitions of 200 MB
INPUTS = "inputs.jsonl"  # in the staging folder: if it exists, the folder belongs to a build
LEFT_OUT = "left_out.jsonl"  # next to it: paths that are not inputs
UNITS = "units.jsonl"  # and their units of work
WRITTEN = "written"  # below `Settings.own`: a note for each finished output shard
PARTITION_INPUT = 256 << 20  # bytes of input per partition


class KeyFile(NamedTuple):
    """The keys of one dedup of an earlier corpus."""

    stage: str
    path: str
    digest: str  # of its ends when the build began; "" for a file that the build makes


@dataclass(frozen=True)
class Settings:
    """One corpus. Every field except `spill_rows`, `held`, `max_bad_share` and the folders decides its bytes.

    Several are built over one reading if they differ only in `preset`, `assets`, `output` and `description`.
    """

    preset: Preset
    assets: Assets  # with the contents of small files, for remote workers
    output: str
    staging: str  # shared by every corpus from these inputs
    inputs: int  # number of files
    units: int  # number of units of work
    cut: bool  # whether large inputs are read in parts
    input_bytes: int
    shards: int | None  # train shards, None: by size
    rejected: str  # none | sample | all
    limit_pages: int | None  # of each file
    spill_rows: int  # shuffles with more rows go through files; 0: never
    description: dict[str, Any]  # fields of the manifest: settings, versions, assets
    against: tuple[KeyFile, ...] = ()  # of earlier corpora
    keys: bool = False  # whether the corpus keeps its keys
    restorable: bool = False  # and, with them, what `remove` needs
    every: int = 1  # in a dry run, one page in so many is used
    held: int | None = None  # bytes of an output shard that are in memory at once; None: all
    max_bad_share: float = 1.0  # largest share of inputs without a page because of damage; more end the build

    @property
    def plan(self) -> Plan:
        """The preset, ready to be bound."""
        return Plan(self.preset, self.assets)

    def prefix(self, leg: int) -> str:
        """The folder of the passes up to a text dedup: the same for presets that agree up to it."""
        return self._prefixes[leg]

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        plan = self.plan
        return tuple(
            f"{self.staging}/prefix-{self._deciding(plan.prefix(leg), leg)}" for leg in range(len(plan.starts))
        )

    def _deciding(self, stages: Sequence[Stage], leg: int) -> str:
        """A key of everything that decides the bytes of work staged after these stages."""
        told, code = self.description, code_behind(stages, STAGING if leg == 0 else (*STAGING, *RESTAGING))
        identifiers = [langid for langid in told["identifiers"] if any(langid["stage"] == s.name for s in stages)]
        known = [describe_stage(stage) for stage in stages], files_read(stages, told["files"]), code, identifiers
        versions = versions_behind(stages, told["versions"])
        earlier = [row["sha256"] for row in told.get("against", ())] if leg else []
        return fingerprint([*known, versions, self.rejected, self.limit_pages, *earlier])[:12]

    @cached_property
    def urls(self) -> tuple[Any, ...]:
        """What decides which page owns a URL: presets with the same value share that dedup."""
        return self.preset.stages[: self.plan.url_index + 1]

    def keys_folder(self, leg: int | None) -> str:
        """Where the partitions of a text dedup, or of URL dedup, store the keys that are owned from then on: one folder
        for all presets that share the dedup.
        """
        earlier = fingerprint([row["sha256"] for row in self.description.get("against", ())])[:12]
        folder = f"{self.staging}/urls-{self._deciding(self.urls, 0)}" if leg is None else self.prefix(leg)
        return f"{folder}/keys-{earlier}"

    @property
    def own(self) -> str:
        """The folder of the last passes of this corpus."""
        return f"{self.staging}/corpus-{self.description['fingerprint'][:12]}"

    @property
    def made(self) -> str:
        """Where the corpus is made, before it is moved into place: on the same disk."""
        return f"{self.output}/{MADE_NAME}{self.description['fingerprint'][:16]}"

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats of its shards."""
        return shard_formats(self.description)

    @property
    def cap(self) -> int | None:
        """Sampled pages per outcome and input, or part of a large one."""
        return per_input(self.rejected, max(1, self.inputs, self.units))

    @property
    def group_size(self) -> int:
        """Units per group."""
        return max(1, -(-self.units // MAX_GROUPS))

    @property
    def groups(self) -> int:
        """Groups of units."""
        return -(-self.units // self.group_size)

    @property
    def partitions(self) -> int:
        """Hash partitions of a shuffle, a power of two; the result does not depend on it."""
        wanted = min(MAX_PARTITIONS, max(16, self.input_bytes // PARTITION_INPUT))
        return 1 << (wanted - 1).bit_length()

    @property
    def link_partitions(self) -> int:
        """Partitions of links between pages, which are few compared with claims: those of 4 GB of input need one
        partition.
        """
        return max(1, self.partitions // 16)

    @property
    def inputs_list(self) -> str:
        return f"{self.staging}/{INPUTS}"

    @property
    def left_out_list(self) -> str:
        return f"{self.staging}/{LEFT_OUT}"

    @property
    def units_list(self) -> str:
        return f"{self.staging}/{UNITS}"


def plans_of(corpora: Sequence[Settings]) -> list[Plan]:
    """Plans of corpora over one reading, sharing what they have in common."""
    return together([(settings.preset, settings.assets) for settings in corpora])
