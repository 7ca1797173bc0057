"""A rebalancing as values: its folders and its identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from c4pipe.flow.ours import MADE_NAME
from c4pipe.shards import shard_formats

PLAN = "plan.json"  # in the staging folder: if it exists, the folder belongs to a rebalancing


@dataclass(frozen=True)
class Rebalancing:
    """All that the workers need to know; the plan itself is in a file, so that the job graph stays small."""

    output: str
    staging: str
    description: dict[str, Any]  # what the manifest holds in addition to the plan

    @property
    def plan(self) -> str:
        return f"{self.staging}/{PLAN}"

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats of its shards."""
        return shard_formats(self.description)

    @property
    def made(self) -> str:
        """Where the mixture is made, before it is moved into place: on the same disk."""
        return f"{self.output}/{MADE_NAME}{self.description['fingerprint'][:16]}"

    def note(self, path: str) -> str:
        """The path of the note on a finished file of the mixture."""
        return f"{self.staging}/written/{path}.json"
