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
from c4pipe.passes.ordering import Held
from c4pipe.passes.sample import per_input
from c4pipe.shards import shard_formats
from c4pipe.stages import Preset, Stage

MAX_GROUPS = 2048  # units share a group, and a shuffle element, where there are more than that
MAX_PARTITIONS = 4096  # a crawl's 4e10 spans of 20 bytes make partitions of 200 MB
INPUTS = "inputs.jsonl"  # in the staging folder: where it is, the folder is one of a build
LEFT_OUT = "left_out.jsonl"  # beside it: what is none
UNITS = "units.jsonl"  # and what they make
WRITTEN = "written"  # below `Settings.own`: a note for each output shard that is whole
PARTITION_INPUT = 256 << 20  # bytes of input a partition


class KeyFile(NamedTuple):
    """The keys of one dedup of an earlier corpus."""

    stage: str
    path: str
    digest: str  # of its ends, when the build began; "" of one that the build makes


@dataclass(frozen=True)
class Settings:
    """One corpus. Everything here but `spill_rows`, `held`, `max_bad_share` and the folders decides its bytes.

    Several are made over one reading when they differ only in `preset`, `assets`, `output` and `description`.
    """

    preset: Preset
    assets: Assets  # with the contents of small files, for workers elsewhere
    output: str
    staging: str  # shared by every corpus from these inputs
    inputs: int  # files that are read
    units: int  # of work that they make
    cut: bool  # whether large ones are read in parts
    input_bytes: int
    shards: int | None  # train shards, None: by size
    rejected: str  # none | sample | all
    limit_pages: int | None  # of each file
    spill_rows: int  # more rows than that go through files; 0: never
    description: dict[str, Any]  # what the manifest says: settings, versions, assets
    against: tuple[KeyFile, ...] = ()  # of earlier corpora
    keys: bool = False  # whether the corpus keeps its keys
    restorable: bool = False  # and with them what `remove` needs
    every: int = 1  # of so many pages one is looked at: in a dry run
    held: Held | None = None  # of an output shard in memory at once; None: all of it
    max_bad_share: float = 1.0  # of inputs that give no page for damage; more than that end the build

    @property
    def plan(self) -> Plan:
        """The preset, ready to be bound."""
        return Plan(self.preset, self.assets)

    def prefix(self, leg: int) -> str:
        """Where the passes up to a dedup of text leave their files: the same folder for presets that agree so far."""
        return self._prefixes[leg]

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        plan = self.plan
        return tuple(
            f"{self.staging}/prefix-{self._deciding(plan.prefix(leg), leg)}" for leg in range(len(plan.starts))
        )

    def _deciding(self, stages: Sequence[Stage], leg: int) -> str:
        """A key of all that decides the bytes of work staged behind these stages."""
        told, code = self.description, code_behind(stages, STAGING if leg == 0 else (*STAGING, *RESTAGING))
        identifiers = [langid for langid in told["identifiers"] if any(langid["stage"] == s.name for s in stages)]
        known = [describe_stage(stage) for stage in stages], files_read(stages, told["files"]), code, identifiers
        versions = versions_behind(stages, told["versions"])
        earlier = [row["sha256"] for row in told.get("against", ())] if leg else []
        return fingerprint([*known, versions, self.rejected, self.limit_pages, *earlier])[:12]

    @cached_property
    def urls(self) -> tuple[Any, ...]:
        """What decides which page owns a URL: presets that have it in common share that dedup."""
        return self.preset.stages[: self.plan.url_index + 1]

    def keys_folder(self, leg: int | None) -> str:
        """Where the partitions of a dedup of text, or of that of URLs, leave the keys that are owned from then on: one
        folder for all presets that share the dedup."""
        earlier = fingerprint([row["sha256"] for row in self.description.get("against", ())])[:12]
        folder = f"{self.staging}/urls-{self._deciding(self.urls, 0)}" if leg is None else self.prefix(leg)
        return f"{folder}/keys-{earlier}"

    @property
    def own(self) -> str:
        """Where the last passes of this corpus leave their files."""
        return f"{self.staging}/corpus-{self.description['fingerprint'][:12]}"

    @property
    def made(self) -> str:
        """Where the corpus is made, before it takes its place: on the disk of its place."""
        return f"{self.output}/{MADE_NAME}{self.description['fingerprint'][:16]}"

    @property
    def formats(self) -> tuple[str, ...]:
        """What its shards are written as."""
        return shard_formats(self.description)

    @property
    def cap(self) -> int | None:
        """Sampled pages an outcome and input, or part of a large one."""
        return per_input(self.rejected, max(1, self.inputs, self.units))

    @property
    def group_size(self) -> int:
        """Units a group."""
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
        """Partitions of links between pages, which are few beside claims: those of 4 GB of input meet in one place."""
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
