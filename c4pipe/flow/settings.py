"""All that a build's workers need to know, as values that travel with each DoFn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from c4pipe.corpus.catalogue import describe_stage
from c4pipe.corpus.plan import Plan, together
from c4pipe.files.assets import Assets, SortedHashes
from c4pipe.passes.sample import per_shard
from c4pipe.presets import Preset
from c4pipe.rules import BadWords, ListedDomain, ListedSubdomain, ListedUrl, PageRule
from c4pipe.stages import Clean, Dedup, Filter, Stage

MAX_GROUPS = 2048  # shards share a group, and a shuffle element, where there are more than that
MAX_PARTITIONS = 4096  # a crawl's 4e10 spans of 20 bytes make partitions of 200 MB
INPUTS = "inputs.jsonl"  # in the staging folder: where it is, the folder is one of a build
WRITTEN = "written"  # below `Settings.own`: a note for each output shard that is whole
PARTITION_INPUT = 256 << 20  # bytes of input a partition


@dataclass(frozen=True)
class Lists:
    """The contents of outside files that a preset reads, so that workers elsewhere need no files of ours.

    Only the URL list stays a path: it may hold 23 million lines.
    """

    _badwords: dict[str, frozenset[str]]
    _news_domains: dict[str, Literal[True] | list[str]]
    url_list: Path | None

    @classmethod
    def of(cls, preset: Preset, assets: Assets) -> Lists:
        """What the rules of the preset ask for; AssetError or ConfigError where it cannot be had."""
        kinds = kinds_of(preset.stages)
        lists = cls(
            assets.badwords() if "badwords" in kinds else {},
            assets.news_domains() if "news_domains" in kinds else {},
            assets.url_list,
        )
        if "url_list" in kinds:
            assets.url_keys()
        return lists

    def badwords(self) -> dict[str, frozenset[str]]:
        return self._badwords

    def news_domains(self) -> dict[str, Literal[True] | list[str]]:
        return self._news_domains

    def url_keys(self) -> SortedHashes:
        return Assets(url_list=self.url_list).url_keys()


def rules_of(stages: Iterable[Stage]) -> list[PageRule]:
    """Every page rule of some stages."""
    rules: list[PageRule] = []
    for stage in stages:
        if isinstance(stage, Filter):
            rules += stage.rules
        elif isinstance(stage, Clean | Dedup):
            rules += stage.then
    return rules


def kinds_of(stages: Iterable[Stage]) -> set[str]:
    """The kinds of outside files that stages read, as `Assets.describe` names them."""
    kinds = set()
    for rule in rules_of(stages):
        if isinstance(rule, BadWords):
            kinds.add("badwords")
        elif isinstance(rule, ListedDomain | ListedSubdomain):
            kinds.add("news_domains")
        elif isinstance(rule, ListedUrl):
            kinds.add("url_list")
        if getattr(rule, "splitter", "").startswith("punkt"):
            kinds.add("punkt")
    return kinds


@dataclass(frozen=True)
class Settings:
    """One corpus. Everything here but `spill_rows`, `max_bad_share` and the folders decides its bytes.

    Several are made over one reading when they differ only in `preset`, `lists`, `output` and `description`.
    """

    preset: Preset
    lists: Lists
    output: str
    staging: str  # shared by every corpus from these inputs
    inputs: int  # number of WET files
    input_bytes: int
    shards: int | None  # train shards, None: by size
    rejected: str  # none | sample | all
    limit_pages: int | None  # of each file
    spill_rows: int  # more rows than that go through files; 0: never
    description: dict[str, Any]  # what the manifest says: settings, versions, assets
    max_bad_share: float = 1.0  # of inputs that give no page for damage; more than that end the build

    @property
    def plan(self) -> Plan:
        """The preset, ready to be bound."""
        return Plan(self.preset, self.lists)

    @cached_property
    def trunk(self) -> str:
        """Where the first passes leave their files: the same folder for presets with the same trunk."""
        stages = [describe_stage(stage) for stage in self.preset.trunk]
        kinds = kinds_of(self.preset.trunk)
        assets = {kind: found for kind, found in self.description["assets"].items() if kind in kinds}
        known = [stages, assets, self.description["versions"], self.rejected, self.limit_pages]
        return f"{self.staging}/trunk-{_key(known)}"

    @cached_property
    def urls(self) -> tuple[Any, ...]:
        """What decides which page owns a URL: presets that have it in common share that dedup."""
        return self.preset.stages[: self.plan.url_index + 1]

    @property
    def own(self) -> str:
        """Where the last passes of this corpus leave their files."""
        return f"{self.staging}/corpus-{_key(self.description['fingerprint'])}"

    @property
    def cap(self) -> int | None:
        """Sampled pages an outcome and shard."""
        return per_shard(self.rejected, max(1, self.inputs))

    @property
    def group_size(self) -> int:
        """Shards a group."""
        return max(1, -(-self.inputs // MAX_GROUPS))

    @property
    def groups(self) -> int:
        """Groups of shards."""
        return -(-self.inputs // self.group_size)

    @property
    def partitions(self) -> int:
        """Hash partitions of a shuffle, a power of two; the result does not depend on it."""
        wanted = min(MAX_PARTITIONS, max(16, self.input_bytes // PARTITION_INPUT))
        return 1 << (wanted - 1).bit_length()

    @property
    def inputs_list(self) -> str:
        return f"{self.staging}/{INPUTS}"


def plans_of(corpora: Sequence[Settings]) -> list[Plan]:
    """Plans of corpora over one reading, sharing what they have in common."""
    return together([(settings.preset, settings.lists) for settings in corpora])


def _key(known: Any) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:12]
