"""A corpus in numbers, from its manifest and stats.json alone: reads nothing that grows with the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c4pipe.corpus.benchmarks import by_share
from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.corpus.removed import told_removed
from c4pipe.corpus.stats import Stats
from c4pipe.corpus.telling import html_told
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.relatives import clusters, earlier

# What Stats counts and stats.json stores unchanged.
_COUNTED = (
    "pages_read", "chars_read", "pages_kept", "chars_kept", "lengths_read", "lengths_kept", "languages", "months",
    "domains_kept", "domains_rejected",
)  # fmt: skip


def overview(corpus: Corpus) -> dict[str, Any]:
    """What `--json` prints, documented in `--help`. What the corpus does not record is empty, or None.

    BuildError if the manifest or the statistics have content that no build writes.
    """
    try:
        return _overview(corpus)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise BuildError(f"{corpus.folder}: manifest.json or stats.json is damaged ({what}). Build it again.") from None


def ledger_of(corpus: Corpus) -> Ledger | None:
    """The ledger of the manifest, if it has one. BuildError if it is damaged."""
    return Ledger.from_json(corpus.manifest["ledger"]) if "ledger" in corpus.manifest else None


def _overview(corpus: Corpus) -> dict[str, Any]:
    manifest, ledger = corpus.manifest, ledger_of(corpus)
    stats = Stats.from_json({name: corpus.stats[name] for name in _COUNTED if name in corpus.stats})
    return {
        "preset": {key: str(manifest["preset"][key]) for key in ("name", "says")} if "preset" in manifest else None,
        "settings": dict(manifest.get("settings", {})),
        "inputs": _inputs(manifest.get("inputs", []), manifest.get("no_inputs", [])),
        "corpus": {
            **_size(manifest["shards"]),
            "chars": stats.chars_kept,
            "mean_chars": _share(stats.chars_kept, stats.pages_kept),
            "html": html_told(corpus.stats),
            "mean_chars_read": _share(stats.chars_read, stats.pages_read) if stats.lengths_read else None,
        },
        "splits": _splits(manifest["shards"]),
        "keys": {
            "files": len(manifest.get("keys", ())),
            **{name: sum(row[name] for row in manifest.get("keys", ())) for name in ("keys", "bytes")},
        },
        "restore": _size(manifest.get("restore", [])),
        "taken_out": told_removed(manifest),
        "left_out": {name: int(pages) for name, pages in manifest.get("left_out", {}).items()},
        "ledger": ledger and {"records": ledger.records, "stages": [_stage(s, ledger.records) for s in ledger.stages]},
        "clusters": clusters(corpus),
        "earlier": earlier(corpus),
        "benchmarks": by_share(corpus.stats.get("benchmarks", {})),
        "mixture": _mixture(manifest.get("mixture", {})),
        "languages": _counted(stats.languages, "language", "pages", stats.pages_kept),
        "lengths": [
            {
                "from": 2**k if k else 0,
                "to": 2 ** (k + 1) - 1,
                "read": stats.lengths_read[str(k)] if stats.lengths_read else None,
                "kept": stats.lengths_kept[str(k)],
            }
            for k in sorted(map(int, stats.lengths_read | stats.lengths_kept))
        ],
        "domains": {
            "exact": bool(corpus.stats.get("domains_exact", False)),
            "kept": _counted(stats.domains_kept, "domain", "pages", stats.pages_kept),
            "removed": _counted(stats.domains_rejected, "domain", "pages", stats.pages_read - stats.pages_kept),
        },
        "months": sorted(_counted(stats.months, "month", "pages", stats.pages_kept), key=lambda row: str(row["month"])),
        "faults": [
            {key: fault[key] for key in ("file", "offset", "record", "reason", "detail")}
            for fault in corpus.stats.get("faults", [])
        ],
    }


def _inputs(inputs: list[dict[str, Any]], others: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "files": len(inputs),
        "bytes": sum(item["bytes"] for item in inputs),
        "records": sum(item["records"] for item in inputs),
        "faulty": [{"file": item["path"], "faults": dict(item["faults"])} for item in inputs if item["faults"]],
        "without_page": [{"file": item["path"], "why": item["why"]} for item in inputs if item.get("why")],
        "not_read": [{"path": item["path"], "why": item["why"]} for item in others],
    }


def _size(shards: list[dict[str, Any]]) -> dict[str, int]:
    pages, size = (sum(shard[key] for shard in shards) for key in ("rows", "bytes"))
    return {"pages": pages, "files": len(shards), "bytes": size}


def _splits(shards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each config and split, the largest first."""
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for shard in shards:
        parts.setdefault((shard["config"], shard["split"]), []).append(shard)
    rows = [{"config": config, "split": split, **_size(part)} for (config, split), part in parts.items()]
    return sorted(rows, key=lambda row: (-row["pages"], row["config"], row["split"]))


def _stage(stage: StageCount, records: int) -> dict[str, Any]:
    """A row of the ledger. Shares of pages are of the records read, shares of lines of those that reached the stage."""
    return {
        "stage": stage.stage,
        "in": stage.entered,
        "kept": stage.kept,
        "share": _share(stage.kept, records),
        "removed": stage.removed,
        "rejected": _counted(stage.rejected, "reason", "pages", records),
        "flagged": _counted(stage.flagged, "reason", "pages", records),
        "lines_in": stage.lines_in,
        "lines_dropped": _counted(stage.lines_dropped, "reason", "lines", stage.lines_in),
        "sentences_dropped": _counted(stage.sentences_dropped, "reason", "sentences"),
        "passages_dropped": _counted(stage.passages_dropped, "reason", "passages"),
    }


def _mixture(mixture: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each entry, the largest of the corpora first, with its share of their documents and of those written."""
    documents, written = (sum(row[key] for row in mixture.values()) for key in ("documents", "written"))
    rows = [
        {
            "entry": name,
            **{key: row[key] for key in ("documents", "rate", "epochs", "written")},
            "share_before": _share(row["documents"], documents),
            "share_after": _share(row["written"], written),
        }
        for name, row in mixture.items()
    ]
    return sorted(rows, key=lambda row: (-row["documents"], row["entry"]))


def _counted(counts: Mapping[str, int], name: str, what: str, whole: int | None = None) -> list[dict[str, Any]]:
    """The most frequent first, with shares of the whole."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{name: key, what: n} | ({} if whole is None else {"share": _share(n, whole)}) for key, n in rows if n]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
