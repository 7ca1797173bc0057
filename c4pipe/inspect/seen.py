"""When a training has read a page: from what `model.exposure` wrote of its run, without the trainer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.shards import Exposure, Seen

STEPS_SAID = 12  # in words; --json has all of them


class SeenPages:
    """Which pages of a corpus a run has read.

    ConfigError where nothing is known of the run, or it has read no shard of this corpus; BuildError where the file is
    damaged.

    Attributes:
        step: the last one that is known of.
        note: what is to be said where the run has gone on since; "" else.
    """

    def __init__(self, corpus: Corpus, run: Path):
        self._exposure = Exposure(run)
        self._sums = {shard["path"]: str(shard.get("sha256", "")) for shard in corpus.shards()}
        if not self._exposure.shards & {*self._sums.values()}:
            raise ConfigError(
                f"the run {run} has read no page of {corpus.folder}: --run takes one that was trained on this corpus"
            )
        self.step, self.note = self._exposure.step, self._exposure.note

    def of(self, shard: str, row: int) -> Seen:
        """How a kept page was met; with no step if it was not."""
        return self._exposure.of(self._sums.get(shard, ""), [row]).get(row, Seen(0, []))

    def with_seen(self, pages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Pages with how they were met under `seen`; None for one that was not kept."""
        found: dict[tuple[str, int], Seen] = {}
        kept = sorted((page["shard"], page["row"]) for page in pages if "shard" in page)
        for shard, rows in groupby(kept, lambda place: place[0]):
            seen = self._exposure.of(self._sums.get(shard, ""), {row for _, row in rows})
            found |= {(shard, row): one for row, one in seen.items()}
        return [
            {**page, "seen": found.get((page["shard"], page["row"]), Seen(0, [])) if "shard" in page else None}
            for page in pages
        ]


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
