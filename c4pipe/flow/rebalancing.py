"""A rebalancing as values: where it works, and what it is known by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from c4pipe.flow.ours import MADE_NAME
from c4pipe.shards import shard_formats

PLAN = "plan.json"  # in the staging folder: where it is, the folder is one of a rebalancing


@dataclass(frozen=True)
class Rebalancing:
    """All that the workers need to know; the plan itself lies in a file, so that the job graph does not grow."""

    output: str
    staging: str
    description: dict[str, Any]  # what the manifest says beside what the plan holds

    @property
    def plan(self) -> str:
        return f"{self.staging}/{PLAN}"

    @property
    def formats(self) -> tuple[str, ...]:
        """What its shards are written as."""
        return shard_formats(self.description)

    @property
    def made(self) -> str:
        """Where the mixture is made, before it takes its place: on the disk of its place."""
        return f"{self.output}/{MADE_NAME}{self.description['fingerprint'][:16]}"

    def note(self, path: str) -> str:
        """Where a finished file of the mixture is noted."""
        return f"{self.staging}/written/{path}.json"
