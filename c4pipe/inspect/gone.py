"""Pages that a corpus does not have: possible reasons, and what its log of removals says about a URL, by digest."""

from __future__ import annotations

from c4pipe.facts.corpus import Corpus


def said_of_removals(corpus: Corpus, url: str) -> str:
    """Whether a page of a URL was removed, in a sentence; "" if nothing was ever removed. BuildError for a damaged
    log."""
    if not corpus.manifest.get("removed"):
        return ""
    from c4pipe.removal.log import REMOVED, earlier_removals, taken_out

    row = taken_out(url, earlier_removals(corpus.folder, corpus.manifest))
    if row is None:
        return f"Pages were removed later; {REMOVED} has digests of the requests: none matches this URL."
    when = f" {row['date']}" if row["date"] else ""
    why = f" ({row['reason']})" if row["reason"] else ""
    return f"Pages with this URL, its domain or its prefix were removed{when}{why}, says {REMOVED}."


def said_of_absence(corpus: Corpus) -> str:
    """Why a page may be neither kept nor in the rejected table, in a sentence."""
    if not corpus.rejected:
        return "It keeps no rejected pages, so whether the page was crawled is unknown."
    if corpus.complete:
        absent = "it was not in the input"
        absent += ", or it was removed" if corpus.manifest.get("removed") else ""
        return f"Every page that was read is here, kept or rejected, so {absent}."
    return "It keeps a sample of rejected pages; a build with --rejected all keeps all of them."
