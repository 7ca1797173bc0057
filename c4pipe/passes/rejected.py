"""A shard's part of the rejected table: its sampled pages as read, each with its last outcome and what was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.page import Dropped, Page, Rejected
from c4pipe.passes.sample import Cut, Sample, Sampled

RawTexts = Callable[[set[int]], dict[int, str]]  # of these rows of a shard, the texts before they were cleaned


class Shown:
    """The shard's part of the rejected table, while the last outcomes become known."""

    def __init__(self, early: list[Sampled], lost: set[int], plan: Plan, cap: int | None, raw: RawTexts):
        url, older = plan.names()[plan.url_index], plan.url.OLDER.code
        self._early = [s._replace(stage=url, reason=older, detail="") if s.row in lost else s for s in early]
        self._kept_rows = {s.row for s in self._early if s.reason == KEPT}
        self._dropped: dict[int, tuple[Dropped, ...]] = {}
        self._late = Sample(cap)
        self._plan, self._raw = plan, raw
        self._full = cap is None  # a table that is not sampled any further shows now what cleaning cut

    def dropped(self, row: int, dropped: Cut) -> None:
        """Takes the sentences or lines that the page of this row loses to dedup, if they will be shown."""
        if row in self._kept_rows:
            self._dropped[row] = tuple(dropped())

    def rejected(self, row: int, page: Page, stage: str, verdict: Rejected, dropped: Cut) -> None:
        self._kept_rows.discard(row)
        self._late.add(page, stage, verdict.reason.code, verdict.detail, row, dropped)

    def final(self) -> Iterator[Sampled]:
        """All with their last outcome, and as they were read."""
        for s in self._early:
            if s.reason != KEPT or s.row in self._kept_rows:
                dropped = self._dropped.get(s.row, ()) if s.reason == KEPT else ()
                yield self._explained(s._replace(dropped=dropped))
        late = list(self._late)
        texts = self._texts({s.row for s in late})
        for s in late:
            yield self._explained(s._replace(page=s.page._replace(text=texts[s.row])))

    def _texts(self, rows: set[int]) -> dict[int, str]:
        """The pages of these rows as read: the sample has them if it is of all pages."""
        if self._full:
            return {s.row: s.page.text for s in self._early if s.row in rows}
        return self._raw(rows) if rows else {}

    def _explained(self, sampled: Sampled) -> Sampled:
        return explained(sampled, self._plan) if self._full else sampled


def explained(sampled: Sampled, plan: Plan) -> Sampled:
    """The page with the lines that cleaning cuts from it in front of what dedup cut."""
    index = plan.clean_index
    if index is None or sampled.stage in plan.names()[:index]:
        return sampled
    return sampled._replace(dropped=(*plan.dropped_lines(sampled.page), *sampled.dropped))
