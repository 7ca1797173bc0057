"""What the report says, as plain data: counts from the manifest and stats.json, and aggregates of the shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from c4pipe.inspect.corpus import Corpus, connect
from c4pipe.inspect.report import queries
from c4pipe.inspect.report.rules import VICTIMS, RuledStage, ruled_stages
from c4pipe.inspect.report.yardsticks import Yardstick, yardsticks
from c4pipe.mixture import Mixture
from c4pipe.stats import by_language

ROWS = 200  # of a table; what is left is counted
DOMAINS = 60
REPEATS = 40  # of each reason
COLOURS = 4  # reasons of a stage that have a colour of their own
NO_TLD = "none, or an address in figures"
T = TypeVar("T")


class Rows(NamedTuple):
    """The first rows of a table, and how many more there are."""

    rows: Sequence[Any]
    left: int = 0


class Loss(NamedTuple):
    """What one reason took at a stage, from `start` on the stage's own scale of units that came in."""

    code: str
    count: int
    start: int
    colour: int  # 1 .. COLOURS, 0 for all others


class Step(NamedTuple):
    """A stage of the funnel: pages, and lines where it cuts any."""

    name: str
    entered: int
    kept: int
    lost: list[Loss]
    lines_in: int
    lines_kept: int
    lines_gone: int  # with rejected pages, not cut themselves
    lines_lost: list[Loss]
    sentences: list[tuple[str, int]]
    flagged: list[tuple[str, int]]


class Bin(NamedTuple):
    """Pages of `low` to `high` characters."""

    low: int
    high: int
    read: int
    kept: int


class Language(NamedTuple):
    """Kept pages of a language. `tempered` is the share that mT5's temperature would give it."""

    code: str
    pages: int
    share: float
    tempered: float
    agreed: int  # of the pages that several identifiers named, those they all named alike
    voted: int


class Entry(NamedTuple):
    """A part of a mixture before and after its temperature."""

    name: str
    documents: int
    before: float
    rate: float
    epochs: float
    written: int
    after: float


class Rivals(NamedTuple):
    """Pages of a domain or TLD, kept and removed; None where it is in no list of the most frequent ones."""

    name: str
    kept: int | None
    removed: float | None


class Facts(NamedTuple):
    """All of it."""

    manifest: dict[str, Any]
    stats: dict[str, Any]
    kept: int
    shards: int
    disk: int  # bytes of the kept pages' files
    inputs: Rows
    input_bytes: int
    funnel: list[Step]
    stages: list[RuledStage]
    changed: list[str]
    sampled: int  # rejected pages in the table, of
    rejected: int  # this many
    yardsticks: list[Yardstick]
    bins: list[Bin]
    languages: Rows
    mixture: Rows
    repeats: dict[str, list[queries.Repeat]]
    domains: Rows
    tlds: Rows
    months: Rows
    parts: Rows
    faults: Rows
    fault_counts: list[tuple[str, int]]

    @property
    def records(self) -> int:
        """Records read; of a mixture documents."""
        return self.funnel[0].entered if self.funnel else 0

    @property
    def pages_read(self) -> int:
        """Readable pages; of a mixture the documents it was drawn from."""
        return int(self.stats.get("pages_read", 0))

    @property
    def exact(self) -> bool:
        """Whether the table of rejected pages holds all of them."""
        return self.sampled == self.rejected


def gather(corpus: Corpus) -> Facts:
    """Everything that the report shows of a corpus."""
    manifest, stats = corpus.manifest, corpus.stats
    db = connect(corpus)
    steps = funnel(manifest.get("ledger", {}).get("stages", []))
    lost = {(step.name, loss.code): loss.count for step in steps for loss in step.lost}
    pages = {key: count for key, count in lost.items() if key[0] != steps[0].name}  # readable ones
    held = {key: count for key, count in queries.sampled(db).items() if key[0]}
    stages, changed = ruled_stages(corpus, queries.victims(db, VICTIMS))
    inputs = sorted(manifest.get("inputs", []), key=lambda item: (not item["faults"], item["path"]))
    faults = stats.get("faults", [])
    found = Facts(
        manifest,
        stats,
        sum(shard["rows"] for shard in corpus.shards()),
        len(corpus.shards()),
        sum(shard["bytes"] for shard in corpus.shards()),
        first(inputs),
        sum(item["bytes"] for item in inputs),
        steps,
        stages,
        changed,
        sum(held.values()),
        0 if "mixture" in manifest else sum(lost.values()),
        yardsticks(corpus),
        bins(stats),
        first(languages(stats)),
        first(entries(manifest.get("mixture", {}))),
        _by_reason(queries.repeats(db, REPEATS)),
        first(domains(stats), DOMAINS),
        first(tlds(queries.tlds_kept(db), queries.tlds_rejected(db, queries.weights(pages, held))), DOMAINS),
        first(sorted(stats.get("months", {}).items())),
        first(queries.parts(db)),
        first(faults),
        _most(Counter(fault["reason"] for fault in faults)),
    )
    db.close()
    return found


def first(rows: Sequence[T], most: int = ROWS) -> Rows:
    """The table cut to what a report can hold."""
    return Rows(rows[:most], max(0, len(rows) - most))


def funnel(stages: Iterable[dict[str, Any]]) -> list[Step]:
    """The ledger's stages with each loss where it is drawn: behind what is kept, the largest first."""
    found = []
    for stage in stages:
        lines = stage.get("lines", {"in": 0, "kept": 0, "rejected": 0})
        found.append(
            Step(
                stage["stage"],
                stage["in"],
                stage["kept"],
                _losses(stage["rejected"], stage["kept"]),
                lines["in"],
                lines["kept"],
                lines["rejected"],
                _losses(stage["lines_dropped"], lines["kept"] + lines["rejected"]),
                _most(stage.get("sentences_dropped", {})),
                _most(stage.get("flagged", {})),
            )
        )
    return found


def _losses(counts: Mapping[str, int], start: int) -> list[Loss]:
    found = []
    for place, (code, count) in enumerate(_most(counts), 1):
        found.append(Loss(code, count, start, place if place <= COLOURS else 0))
        start += count
    return found


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((code, n) for code, n in counts.items() if n), key=lambda item: (-item[1], item[0]))


def bins(stats: dict[str, Any]) -> list[Bin]:
    """The histograms of lengths over one range of powers of two, without the empty ends."""
    read, kept = ({int(k): n for k, n in stats.get(f"lengths_{which}", {}).items()} for which in ("read", "kept"))
    used = [k for k, n in (*read.items(), *kept.items()) if n]
    if not used:
        return []
    # Bin 0 holds the empty texts too.
    return [
        Bin((1 << k) if k else 0, (2 << k) - 1, read.get(k, 0), kept.get(k, 0)) for k in range(min(used), max(used) + 1)
    ]


def languages(stats: dict[str, Any]) -> list[Language]:
    """The languages of the kept pages, the largest first."""
    counts = {code: n for code, n in stats.get("languages", {}).items() if n}
    if not counts:
        return []
    total, rates = sum(counts.values()), Mixture.parse().rates(counts)
    agreed, voted = Counter[str](), Counter[str]()
    votes = stats.get("votes", {})
    nested = all(isinstance(said, dict) for said in votes.values())  # a mixture's are as `Stats` has them
    for code, said in (votes if nested else by_language(votes)).items():
        for key, n in said.items():
            voted[code] += n
            agreed[code] += n if {vote.rpartition("=")[2] for vote in key.split()} == {code} else 0
    return [
        Language(code, n, n / total, rates[code], agreed[code], voted[code]) for code, n in _most(counts)
    ]


def entries(mixture: Mapping[str, dict[str, Any]]) -> list[Entry]:
    """The entries of a mixture, the largest first."""
    natural = sum(row["documents"] for row in mixture.values()) or 1
    written = sum(row["written"] for row in mixture.values()) or 1
    rows = sorted(mixture.items(), key=lambda item: (-item[1]["documents"], item[0]))
    return [
        Entry(
            name,
            row["documents"],
            row["documents"] / natural,
            row["rate"],
            row["epochs"],
            row["written"],
            row["written"] / written,
        )
        for name, row in rows
    ]


def domains(stats: dict[str, Any]) -> list[Rivals]:
    """The most frequent domains of kept or removed pages. A list that was cut off knows nothing of those behind it."""
    kept, removed = stats.get("domains_kept", {}), stats.get("domains_rejected", {})
    unlisted = [
        0 if sum(counts.values()) == total else None
        for counts, total in (
            (kept, stats.get("pages_kept", 0)),
            (removed, stats.get("pages_read", 0) - stats.get("pages_kept", 0)),
        )
    ]
    return [Rivals(name, kept.get(name, unlisted[0]), removed.get(name, unlisted[1])) for name in _ranked(kept, removed)]


def tlds(kept: Mapping[str, int], removed: Mapping[str, float]) -> list[Rivals]:
    """Top-level domains of kept and removed pages, the most frequent first."""
    return [Rivals(name or NO_TLD, kept.get(name, 0), removed.get(name, 0.0)) for name in _ranked(kept, removed)]


def _ranked(kept: Mapping[str, float], removed: Mapping[str, float]) -> list[str]:
    return sorted({*kept, *removed}, key=lambda name: (-kept.get(name, 0) - removed.get(name, 0), name))


def _by_reason(repeats: Iterable[queries.Repeat]) -> dict[str, list[queries.Repeat]]:
    found: dict[str, list[queries.Repeat]] = {}
    for repeat in repeats:
        found.setdefault(repeat.reason, []).append(repeat)
    return found
