"""A unit's part of the rejected table: its sampled pages as read, each with its last outcome and what was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.langid import UND, LanguageIdentifier, describe_identifier, load
from c4pipe.page import Dropped, Page, Rejected
from c4pipe.passes.sample import FindDropped, Sample, Sampled
from c4pipe.stages import Preset

SAID_BY = "cld2"  # the fastest identifier, for pages dropped before the language stage; named in README.md
SAID_CHARS = 1000  # of the beginning: for 98.4 % of 3,000 pages this gives the language of the whole text
FindTexts = Callable[[set[int]], dict[int, str]]  # texts of these rows of an input as read, where available


class RejectedSample:
    """The unit's part of the rejected table, filled while a pass decides the fate of its pages."""

    def __init__(
        self,
        early: Sequence[Sampled],
        lost: Mapping[int, tuple[str, str]],
        plan: Plan,
        cap: int | None,
        raw: FindTexts,
    ):
        """`early` is from the pass before; `lost` maps rows that lost their URL since to stage and reason."""
        self._lost, self._shown = lost, {s.row for s in early}
        self._early = [
            s._replace(stage=lost[s.row][0], reason=lost[s.row][1], detail="") if s.row in lost else s for s in early
        ]
        self._kept_rows = {s.row for s in self._early if s.reason == KEPT}
        self._dropped: dict[int, tuple[Dropped, ...]] = {}
        self._languages: dict[int, str] = {}
        self._late = Sample(cap)
        self._input = ""
        self._plan, self._raw = plan, raw
        self._full = cap is None  # a table that is not sampled further shows now what cleaning cut
        self.wanted = cap != 0

    def kept(self, row: int, dropped: FindDropped, language: str = "") -> None:
        """Records what this page lost to dedup and later stages, and its language, if it will be shown."""
        if row in self._kept_rows:
            self._dropped[row], self._languages[row] = tuple(dropped()), language

    def rejected(self, row: int, page: Page, stage: str, verdict: Rejected, dropped: FindDropped) -> None:
        """Records a page that is rejected now."""
        self._kept_rows.discard(row)
        self._offer(row, page, stage, verdict.reason.code, verdict.detail, dropped)

    def lost(self, row: int, page: Page) -> None:
        """Records a page that lost its URL, which the pass before may not have sampled."""
        if row not in self._shown:
            self._offer(row, page, *self._lost[row])

    def _offer(
        self, row: int, page: Page, stage: str, reason: str, detail: str = "", dropped: FindDropped = tuple
    ) -> None:
        name = page.source.rpartition("#")[0]
        if name != self._input:
            self._input = name
            self._late.close()
        self._late.add(page, stage, reason, detail, row, dropped)

    def so_far(self) -> Iterator[Sampled]:
        """All pages with their outcome so far, as read or unread; kept ones may still be rejected."""
        for s in self._early:
            if s.reason != KEPT:
                yield s
            elif s.row in self._kept_rows:
                page = s.page._replace(language=self._languages.get(s.row, ""))
                yield s._replace(page=page, dropped=self._dropped.get(s.row, ()))
        late = list(self._late)
        texts = self._texts({s.row for s in late})
        for s in late:
            text = texts.get(s.row)
            yield s._replace(page=s.page._replace(text=text or ""), unread=text is None)

    def final(self) -> Iterator[Sampled]:
        """All pages with their final outcome, without what a stage of the preset hides."""
        found = (explained(s, self._plan) for s in self.so_far()) if self._full else self.so_far()
        return (veiled(s, self._plan) for s in found) if self._plan.hides else found

    def _texts(self, rows: set[int]) -> dict[int, str]:
        """The pages of these rows as read: the sample holds them if it covers all pages."""
        if self._full:
            return {s.row: s.page.text for s in self._early if s.row in rows}
        return self._raw(rows) if rows else {}


@cache
def _identifier() -> LanguageIdentifier:
    return load(SAID_BY)


def guessed_language(text: str) -> str:
    """The language of a text that no stage identified: "und" if undetermined, "" if the text is empty."""
    guess = _identifier().guess(text[:SAID_CHARS]) if text else None
    return guess.language if guess is not None else UND if text else ""


def languages_said(preset: Preset) -> dict[str, Any]:
    """What a manifest records about languages in the rejected table: the stage of the preset that identifies them (None
    if none does), and the identifier used for pages that did not get that far.
    """
    stage = next((stage.name for stage in preset.stages if stage.identifier()), None)
    return {"stage": stage, "before": describe_identifier(SAID_BY)}


def in_languages(rows: pa.Table, plan: Plan) -> pa.Table:
    """Rows of the table, each with a language, except records that yielded no page and texts that are stored
    nowhere.
    """
    reading, place = plan.names()[0], rows.schema.get_field_index("language")
    columns = (rows[name].to_pylist() for name in ("language", "stage", "text"))
    said = [
        language if language or stage == reading else guessed_language(text)
        for language, stage, text in zip(*columns, strict=True)
    ]
    return rows.set_column(place, rows.schema.field(place), pa.array(said, pa.string()))


def with_texts(sampled: Iterable[Sampled], texts: Mapping[str, str], plan: Plan) -> Iterator[Sampled]:
    """The pages, unread ones with their texts by `source`, less what a stage hides; without pages that have no text
    there.
    """
    for s in sampled:
        if not s.unread:
            yield s
        elif s.page.source in texts:
            yield s._replace(page=s.page._replace(text=plan.veil.text(texts[s.page.source])), unread=False)


def veiled(sampled: Sampled, plan: Plan) -> Sampled:
    """The page without what a stage hides: in its text, in what was cut from it, and in the detail of its rejection."""
    veil, text = plan.veil, sampled.page.text
    if sampled.stage == plan.names()[0]:  # which has the beginning of the text, and the reader's detail
        return sampled._replace(
            page=sampled.page._replace(text=veil.beginning(text)), detail=veil.detail(sampled.detail)
        )
    dropped = tuple(cut._replace(line=veil.text(cut.line)) for cut in sampled.dropped)
    return sampled._replace(
        page=sampled.page._replace(text=veil.text(text)), detail=veil.text(sampled.detail), dropped=dropped
    )


def cuts_unshown(stage: str, plan: Plan) -> bool:
    """Whether the first pass may have cut lines from pages whose outcome is of this stage."""
    early = any(index in plan.cutting for index, _ in (*plan.before, *plan.between))
    return early and stage not in plan.names()[: plan.url_index + 1]


def explained(sampled: Sampled, plan: Plan) -> Sampled:
    """The page with the lines that the first pass cut before those that were cut later."""
    if not cuts_unshown(sampled.stage, plan):
        return sampled
    return sampled._replace(dropped=(*plan.cut_early(sampled.page), *sampled.dropped))
