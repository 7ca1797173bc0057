"""When a training run read a page: from the files of `model.exposure`, without the trainer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.shards import EXPOSURE, Exposure, Seen

STEPS_SAID = 12  # in words; --json has all of them


class SeenPages:
    """Which pages of a corpus a run has read.

    ConfigError if nothing is known about the run, or if it reads no current shard of this corpus; errors of `Exposure`.

    Attributes:
        step: the last known step.
    """

    def __init__(self, corpus: Corpus, run: Path):
        self._exposure = Exposure(run)
        self._sums = {shard["path"]: str(shard.get("sha256", "")) for shard in corpus.shards()}
        if not self._exposure.shards & {*self._sums.values()}:
            raise ConfigError(
                f"the run {run} reads no shard of {corpus.folder} as it is now: it was trained on another corpus, or "
                "before these shards were rewritten. Give --run a run that was trained on these shards"
            )
        self._path, self.step = run / EXPOSURE, self._exposure.step

    @property
    def note(self) -> str:
        """A remark if the run has continued since, or was rolled back; "" else."""
        note = self._exposure.note
        return f"{self._path}: {note}" if note else ""

    def of(self, shard: str, rows: Iterable[int]) -> dict[int, Seen | None]:
        """How pages of a shard were read, without steps if they were not; None if unknown."""
        rows, sha256 = [*rows], self._sums.get(shard, "")
        if sha256 not in self._exposure.shards:
            return dict.fromkeys(rows)
        met = self._exposure.of(sha256, rows)
        return {row: met.get(row, Seen(0, [])) for row in rows}

    def with_seen(self, pages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Pages with how they were read under `seen`; None if unknown, or if a page was not kept."""
        found: dict[tuple[str, int], Seen | None] = {}
        pages = [*pages]
        kept = sorted((page["shard"], page["row"]) for page in pages if "shard" in page)
        for shard, places in groupby(kept, lambda place: place[0]):
            found |= {(shard, row): one for row, one in self.of(shard, [row for _, row in places]).items()}
        return [{**page, "seen": found[page["shard"], page["row"]] if "shard" in page else None} for page in pages]


def met_words(seen: Seen | None, last: int) -> str:
    """How a kept page was read, in words; `last` is the last known step."""
    if seen is None:
        return "unknown whether the run has read it: the run does not read its shard"
    return seen_words(seen.steps, seen.times, last)


def seen_words(steps: list[int], times: int, last: int) -> str:
    """When a page was read, in words.

    >>> seen_words([3, 17], 2, 800), seen_words([], 0, 800)
    ('seen at steps 3, 17; read twice', 'not seen up to step 800')
    """
    if not steps:
        return f"not seen up to step {last:,}"
    more = len(steps) - STEPS_SAID
    said = ", ".join(f"{step:,}" for step in steps[:STEPS_SAID]) + (f" and {more:,} more" if more > 0 else "")
    often = {1: "once", 2: "twice"}.get(times, f"{times:,} times")
    return f"seen at {'step' if len(steps) == 1 else 'steps'} {said}; read {often}"
