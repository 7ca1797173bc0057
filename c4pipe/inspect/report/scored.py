"""For the report, the words that moved the scores of sampled pages that were dropped for them."""

from __future__ import annotations

from collections.abc import Callable

from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.explain import Recorded, explain
from c4pipe.inspect.moved import strongest_words, told_words
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.inspect.report.queries import SAMPLED_CHARS, SampledPage
from c4pipe.page import Page
from c4pipe.stages import PageStage
from c4pipe.text.urls import as_read

TellMoved = Callable[[SampledPage], str]


def words_of_scores(corpus: Corpus) -> TellMoved:
    """The text for a sampled page: "" for one dropped at a stage without scores, and for all if the preset or its model
    is unavailable."""
    try:
        scoring = {stage.name for stage in preset_of(corpus)[0].stages if _scores(stage)}
        plan = plan_of(corpus) if scoring else None
    except C4Error:
        plan = None

    def words(sample: SampledPage) -> str:
        if plan is None or sample.stage not in scoring or len(sample.text) >= SAMPLED_CHARS:
            return ""
        page = as_read(Page(sample.url, sample.text, "", sample.source))
        found = explain(page, plan, sample.dropped, Recorded(sample.stage, sample.reason, sample.detail))
        return next((told_words(strongest_words(each)) for each in found.moved if each.stage == sample.stage), "")

    return words


def _scores(stage: object) -> bool:
    return isinstance(stage, PageStage) and type(stage).moved_by is not PageStage.moved_by
