"""The values that filters may take for a corpus, and their counts, from its manifest alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from c4pipe.corpus.catalogue import reasons_of
from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.stats import by_first_word
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.repeated import REPEATED
from c4pipe.inspect.serve.edits import edit_names
from c4pipe.page import Unit
from c4pipe.shards import SPLITS
from c4pipe.stages import Preset
from c4pipe.stages.personal import PERSONAL_REASONS


class CutReason(NamedTuple):
    """A reason that cuts lines, sentences or passages."""

    stage: str
    code: str
    unit: str  # "line", "sentence", "passage"
    taken: int  # number of such units in all pages, by the ledger


class Known(NamedTuple):
    """The values that the filters of a corpus may take."""

    configs: tuple[str, ...]  # the largest first
    splits: tuple[str, ...]
    outcomes: tuple[str, ...]  # "stage/reason" by stage, most pages first; () without a rejected table
    cuts: tuple[CutReason, ...] = ()  # by stage, most first; () without a rejected table
    sampled: bool = False  # whether the build was to store only a sample of rejected pages
    columns: tuple[str, ...] = ()  # of the kept pages
    edits: tuple[str, ...] = ()  # of lines, by name; () without a rejected table
    rejected_columns: tuple[str, ...] = ()  # of the rejected table; () without one
    spared: frozenset[str] = frozenset()  # "stage/reason" of rules that dropped nothing: valid in an address
    absent: frozenset[str] = frozenset()  # configs and splits that the preset can produce and this corpus lacks

    @property
    def one_config(self) -> bool:
        """Whether languages are distinguished by a column only, as in a mixture. Otherwise each has its own config."""
        return len(self.configs) == 1

    def tells_language(self, kept: bool) -> bool:
        """Whether kept pages, or rejected ones, have a language to filter by; those of older builds may not."""
        return "language" in (self.columns if kept else self.rejected_columns)

    @property
    def lost(self) -> tuple[str, ...]:
        """The codes of `cuts`, without duplicates."""
        return tuple(dict.fromkeys(cut.code for cut in self.cuts))

    @property
    def repeated(self) -> bool:
        """Whether anything was cut because it occurs elsewhere."""
        return any(code in REPEATED for code in self.lost)


def known(corpus: Corpus) -> Known:
    """The configs and splits that have shards, and the reasons that rejected a page or cut something from one."""
    shards = corpus.shards()
    stages = corpus.manifest.get("ledger", {}).get("stages", []) if corpus.rejected else []
    outcomes = [f"{stage['stage']}/{reason}" for stage in stages for reason, _ in _most_first(stage["rejected"])]
    splits = dict.fromkeys(shard["split"] for shard in shards)
    rows = Counter[str]()
    for shard in shards:
        rows[shard["config"]] += shard["rows"]
    return Known(
        tuple(sorted(rows, key=lambda name: (-rows[name], name))),
        tuple(splits),
        tuple(outcomes),
        tuple(cut for stage in stages for cut in _cuts(stage)),
        corpus.sampled,
        tuple(corpus.schema.names),
        edit_names(corpus.manifest) if corpus.rejected else (),
        tuple(corpus.rejected_schema.names) if corpus.rejected else (),
    )


def with_preset(has: Known, corpus: Corpus, preset: Preset | None) -> Known:
    """Adds what the preset of a corpus could have dropped and kept: links may come from builds of other inputs."""
    if preset is None:
        return has
    reasons = {f"{stage}/{reason.code}" for stage, reason, _ in reasons_of(preset)} if corpus.rejected else set[str]()
    languages = {language for stage in preset.stages for language in stage.kept_languages()}
    return has._replace(
        spared=frozenset(reasons - set(has.outcomes)),
        absent=frozenset({*languages, *SPLITS} - {*has.configs, *has.splits}),
    )


class DoubtedPages(NamedTuple):
    """Kept pages by the agreement of the language identifiers, as in `conditions.VOTED`."""

    disagreed: int  # they disagreed
    undetermined: int  # they agreed on a language that was not accepted


def doubted_pages(corpus: Corpus) -> DoubtedPages:
    """The counts in the statistics; none if these do not have them."""
    votes = corpus.stats.get("votes", {})
    nested = all(isinstance(told, dict) for told in votes.values())  # a mixture's are as in `Stats`
    disagreed = undetermined = 0
    for language, told in (votes if nested else by_first_word(votes)).items():
        for said, pages in told.items():
            labels = {vote.partition("=")[2] for vote in said.split()}
            disagreed += pages * (len(labels) > 1)
            undetermined += pages * (len(labels) == 1 and labels != {language})
    return DoubtedPages(disagreed, undetermined)


def _cuts(stage: dict[str, Any]) -> Iterator[CutReason]:
    """What a stage cuts, except what it masks: nobody records the pages for that."""
    masked = {reason.code for reason in PERSONAL_REASONS.values()}
    for unit, counted in LOST_AS.items():
        if unit is not Unit.PAGE:
            for code, taken in _most_first(stage.get(counted, {})):
                if code not in masked:
                    yield CutReason(stage["stage"], code, unit.value, taken)


def _most_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
