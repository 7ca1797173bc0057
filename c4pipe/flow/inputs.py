"""The inputs of a build, and the list of them that its workers read."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from c4pipe.flow.files import BeamStore
from c4pipe.flow.stamps import Stamped
from c4pipe.text.urls import public


class Input(NamedTuple):
    """One WET file. `name` is its path below the folder that all inputs share: what pages say they come from."""

    path: str
    name: str
    bytes: int  # -1 where it cannot be opened, or where nobody has asked yet
    expected: int = -1  # what a list of sizes says it should have
    stamp: str = ""  # of the version that was listed, as `Stamped` has it

    @property
    def listed(self) -> Stamped:
        """The version that was listed."""
        return Stamped(self.bytes, self.stamp)


def hold_secrets(inputs: Sequence[Input]) -> bool:
    """Whether a URL among them holds what lets one in, which another run may have from another signature."""
    return any(item.path != public(item.path) for item in inputs)


def write_inputs(inputs: Sequence[Input], store: BeamStore, path: str) -> None:
    """The list of inputs as a file, so that 90,000 of them do not make the job graph grow.

    Where a URL holds what lets one in, it is for the owner alone: nothing else that builds write holds that.
    """
    with store.write(path, private=hold_secrets(inputs)) as stream:
        for shard, item in enumerate(inputs):
            stream.write((json.dumps([shard, *item]) + "\n").encode())


def read_inputs(path: str) -> Iterator[tuple[int, Input]]:
    """(shard number, input) for each line of such a list, which lies in a staging folder."""
    with BeamStore(posixpath.dirname(path)).read(path) as stream:
        for line in stream.read().decode().splitlines():
            shard, *fields = json.loads(line)
            yield shard, Input(*fields)
