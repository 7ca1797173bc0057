"""A page's citation: what it is, its outcome with the rule, and the corpus with the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from c4pipe import __version__
from c4pipe.corpus.plan import KEPT
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.records import Record
from c4pipe.text import printable, visible


def citation(
    corpus: Corpus, digest: str, record: Record, link: str, says: str, words: Mapping[str, tuple[str, str]]
) -> str:
    """Lines of a name and a value. `says` is the reason in words; `words` has those of the preset with their sources,
    by "stage/reason"."""
    page = record.page
    rejected = record.reason not in ("", KEPT)
    told, source = words.get(f"{record.stage}/{record.reason}", (says, ""))
    reason = f"rejected at {record.stage}: {record.reason}" + (f", it {says or told}" if says or told else "")
    rows = (
        ("Page", page.url or "(no URL)"),
        ("Crawled", page.timestamp),
        ("Record", page.record_id),
        ("Source", page.source),
        ("Outcome", reason if rejected else "kept"),
        ("Rule from", source if rejected else ""),
    )
    return "\n".join((_lines(rows), cited_view(corpus, digest, link)))


NOTHING_BESIDE: Mapping[str, str] = {}


def cited_view(corpus: Corpus, digest: str, link: str, beside: Mapping[str, str] = NOTHING_BESIDE) -> str:
    """Lines of a name and a value: the corpus behind the numbers and lists of a view, and the view's address. `beside`
    are the name and digest of the corpus compared with there."""
    versions = corpus.manifest.get("versions") or {}
    rows = (
        ("Corpus", corpus.folder.resolve().name),
        ("Digest", f"{digest} (sha256 of its manifest.json)"),
        ("Preset", (corpus.manifest.get("preset") or {}).get("name", "")),
        *(row for name, other in beside.items() for row in (("Beside", name), ("Digest", f"{other} (likewise)"))),
        ("Built by", f"c4pipe {versions.get('c4pipe', '(version not recorded)')}"),
        ("Shown by", f"c4pipe {__version__}"),
        ("Link", link),
    )
    return _lines(rows)


def _lines(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name + ':':<10} {visible(printable(value))}" for name, value in rows if value)
