"""The content of the report, as plain data: counts from the manifest and stats.json, and aggregates of the shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.benchmarks import by_share
from c4pipe.corpus.removed import told_removed
from c4pipe.corpus.telling import levels_told
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.ledger_losses import LedgerLosses, ledger_losses
from c4pipe.facts.listed import WordList
from c4pipe.facts.losses import CorpusLosses, read_losses
from c4pipe.facts.repeated import OwnedCuts, Repeat, owned_cuts, repeats
from c4pipe.facts.table_losses import TableLosses, table_losses
from c4pipe.inspect.blocklists import word_lists
from c4pipe.inspect.relatives import clusters, earlier, with_largest
from c4pipe.inspect.report import queries
from c4pipe.inspect.report.examples import Example, examples, near_words
from c4pipe.inspect.report.likeness import SplitLikeness, split_likeness
from c4pipe.inspect.report.rules import SAMPLES_SHOWN, RuledStage, ruled_stages
from c4pipe.inspect.report.tables import (
    Bin,
    TopRows,
    all_domains,
    bins,
    domains,
    first,
    languages,
    mixture_rows,
    most_first,
    tlds,
)
from c4pipe.inspect.report.titles import Title, corpus_title
from c4pipe.inspect.report.yardsticks import Yardstick, yardsticks
from c4pipe.inspect.sankey import TextFlow, text_flow

MOST_DOMAINS = 60
REPEATS = 40  # per reason
COLOURS = 4  # reasons of a stage with a colour of their own


class Loss(NamedTuple):
    """What one reason dropped at a stage, from `start` on the stage's own scale of units that reached it."""

    code: str
    units: int
    start: int
    colour: int  # 1 .. COLOURS, 0 for all others


class FunnelStage(NamedTuple):
    """A stage of the funnel: pages, and lines if it cuts any."""

    name: str
    entered: int
    kept: int
    lost: list[Loss]
    lines_in: int
    lines_kept: int
    lines_gone: int  # dropped with rejected pages, not cut themselves
    lines_lost: list[Loss]
    sentences: list[tuple[str, int]]
    passages: list[tuple[str, int]]
    flagged: list[tuple[str, int]]
    removed: int  # of the kept pages, those removed from the finished corpus


class Facts(NamedTuple):
    """All facts."""

    title: Title
    manifest: dict[str, Any]
    stats: dict[str, Any]
    kept: int
    shards: int
    disk: int  # bytes of the kept pages' files
    inputs: TopRows
    input_bytes: int
    flow: TextFlow | None
    funnel: list[FunnelStage]
    stages: list[RuledStage]
    changed: list[str]
    sampled: int  # rejected pages in the table, of
    rejected: int  # this many
    noted: int  # kept pages in the table, for what was cut from them
    yardsticks: list[Yardstick]
    bins: list[Bin]
    languages: TopRows
    mixture: TopRows
    repeated: dict[str, list[Repeat]]
    owned: dict[str, OwnedCuts]  # by reason
    domains: TopRows
    tlds: TopRows
    months: TopRows
    parts: TopRows
    validation: int  # pages
    likeness: SplitLikeness | None  # of train and validation, if there are enough pages
    faults: TopRows
    fault_counts: list[tuple[str, int]]
    clusters: list[dict[str, Any]]  # from `relatives.with_largest`
    examples: list[Example]
    near: str  # how near duplicates were found, in words; "" if the build did not look for them
    levels: str  # that the levels of text were set by an option, in words
    earlier: dict[str, Any] | None  # from `relatives.earlier`
    benchmarks: list[dict[str, Any]]  # from `by_share`
    losses: CorpusLosses | None  # None if the build did not count them
    by_table: TableLosses | None  # the rejected table's additions, if it is complete
    ledger_losses: LedgerLosses | None  # None for a mixture
    listed: list[WordList]  # the effect of each word of each list

    @property
    def records(self) -> int:
        """Records read; for a mixture documents."""
        return self.funnel[0].entered if self.funnel else 0

    @property
    def taken_out(self) -> str:
        """What was removed later, in words."""
        return told_removed(self.manifest)

    @property
    def pages_read(self) -> int:
        """Readable pages; for a mixture the documents it was drawn from."""
        return int(self.stats.get("pages_read", 0))

    @property
    def removes(self) -> bool:
        """Whether any readable page was dropped: a mixture only leaves documents out."""
        return any(step.lost for step in self.funnel[1:])

    @property
    def exact(self) -> bool:
        """Whether the rejected table has all rejected pages."""
        return self.sampled == self.rejected

    @property
    def every_drop(self) -> bool:
        """Whether it has everything that was cut from any page."""
        return self.exact and self.noted == self.kept


def gather(corpus: Corpus) -> Facts:
    """Collects all content of the report of a corpus."""
    manifest, stats = corpus.manifest, corpus.stats
    db = connect(corpus)
    steps = funnel_stages(manifest.get("ledger", {}).get("stages", []))
    lost = {(step.name, loss.code): loss.units for step in steps for loss in step.lost}
    pages = {key: count for key, count in lost.items() if key[0] != steps[0].name}  # readable ones
    table = queries.sampled_counts(db)
    held = {key: count for key, count in table.items() if key[0]}
    stages, changed = ruled_stages(corpus, queries.sampled_pages(db, SAMPLES_SHOWN))
    inputs = sorted(
        manifest.get("inputs", []), key=lambda item: (not item.get("why"), not item["faults"], item["path"])
    )
    parts = queries.parts(db)
    losses = read_losses(corpus)
    found = Facts(
        corpus_title(corpus),
        manifest,
        stats,
        sum(shard["rows"] for shard in corpus.shards()),
        len(corpus.shards()),
        sum(shard["bytes"] for shard in corpus.shards()),
        first(inputs),
        sum(item["bytes"] for item in inputs),
        text_flow(corpus, db),
        steps,
        stages,
        changed,
        sum(held.values()),
        0 if "mixture" in manifest else sum(lost.values()),
        sum(table.values()) - sum(held.values()),
        yardsticks(corpus),
        bins(stats),
        first(languages(stats)),
        first(mixture_rows(manifest.get("mixture", {}))),
        _by_reason(repeats(db, corpus, REPEATS)),
        owned_cuts(db, corpus),
        _domain_rows(stats, losses, db),
        first(tlds(queries.tlds_kept(db), queries.tlds_rejected(db, queries.weights(pages, held))), MOST_DOMAINS),
        first(sorted(stats.get("months", {}).items())),
        first(parts),
        sum(part.pages for part in parts if part.split == "validation"),
        split_likeness(parts),
        first(stats.get("faults", [])),
        most_first(sum((Counter(item["faults"]) for item in inputs), Counter())),
        with_largest(db, corpus, clusters(corpus)),
        examples(corpus, db, SAMPLES_SHOWN),
        near_words(corpus),
        levels_told(manifest.get("settings", {})),
        earlier(corpus),
        by_share(stats.get("benchmarks", {})),
        losses,
        None if losses is None else table_losses(db, corpus, losses),
        ledger_losses(corpus),
        word_lists(db, corpus),
    )
    db.close()
    return found


def _domain_rows(stats: dict[str, Any], losses: CorpusLosses | None, db: duckdb.DuckDBPyConnection) -> TopRows:
    """All domains if the losses count each separately; else those in the lists of the most frequent, with kept pages
    counted in the shards if these lists do not have them."""
    if losses is not None and not losses.bounded:
        return first(all_domains(losses), MOST_DOMAINS)
    table = first(domains(stats), MOST_DOMAINS)
    counted = queries.kept_of_domains(db, {row.name for row in table.rows if row.kept is None and row.name})
    rows = [row._replace(kept=counted.get(row.name)) if row.kept is None else row for row in table.rows]
    return table._replace(rows=rows)


def funnel_stages(stages: Iterable[dict[str, Any]]) -> list[FunnelStage]:
    """The ledger's stages with each loss in its position: after what is kept, the largest first."""
    found = []
    for stage in stages:
        lines = stage.get("lines", {"in": 0, "kept": 0, "rejected": 0})
        found.append(
            FunnelStage(
                stage["stage"],
                stage["in"],
                stage["kept"],
                _losses(stage["rejected"], stage["kept"]),
                lines["in"],
                lines["kept"],
                lines["rejected"],
                _losses(stage["lines_dropped"], lines["kept"] + lines["rejected"]),
                most_first(stage.get("sentences_dropped", {})),
                most_first(stage.get("passages_dropped", {})),
                most_first(stage.get("flagged", {})),
                stage.get("removed", 0),
            )
        )
    return found


def _losses(counts: Mapping[str, int], start: int) -> list[Loss]:
    found = []
    for place, (code, count) in enumerate(most_first(counts), 1):
        found.append(Loss(code, count, start, place if place <= COLOURS else 0))
        start += count
    return found


def _by_reason(rows: Iterable[Repeat]) -> dict[str, list[Repeat]]:
    found: dict[str, list[Repeat]] = {}
    for repeat in rows:
        found.setdefault(repeat.reason, []).append(repeat)
    return found
