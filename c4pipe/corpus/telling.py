"""What summaries, cards and reports say about near duplicates, earlier corpora, and what is kept for later ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from c4pipe.dedup import NearLevel
from c4pipe.text import many, percent

COMPARED = "that reached the comparison (cleaned, but before the language and later rules)"  # what `Overlap.came` are
_PARTS = ":parts"  # suffix of a stage in `Stats.earlier`: what its pages lost
_POINTS = (0.5, 0.7, 0.8, 0.9)  # of the S-curve
_WHATEVER = {"hash": "", "newest": ", whatever their dates", "longest": ", however long they are"}
_STAYS = {
    "hash": "the one with the smallest MD5 of its URL stays",
    "newest": "the newest stays",
    "longest": "the one with the longest text stays",
}


class Overlap(NamedTuple):
    """How much of a crawl was in earlier corpora."""

    came: int  # pages compared: kept by the rules before the first dedup of text; later ones may drop them
    old: int  # of these, dropped because of earlier corpora; a later rule might have rejected them
    pages: dict[str, int]  # by stage, most first
    parts: dict[str, int]  # pieces of text that other pages lost to them, by stage

    @property
    def share(self) -> float | None:
        return self.old / self.came if self.came else None


def overlap_of(stats: Mapping[str, Any]) -> Overlap | None:
    """From statistics as `stats.json` has them; None for a corpus that was not built against others."""
    came, old, earlier = (stats.get(name) or {} for name in ("months_came", "months_old", "earlier"))
    if not came:
        return None
    rows = sorted(earlier.items(), key=lambda item: (-item[1], item[0]))
    return Overlap(
        sum(came.values()),
        sum(old.values()),
        {stage: n for stage, n in rows if not stage.endswith(_PARTS)},
        {stage.removesuffix(_PARTS): n for stage, n in rows if stage.endswith(_PARTS)},
    )


def overlap_told(found: Overlap) -> str:
    """As one line.

    >>> overlap_told(Overlap(200, 30, {"url": 28, "near": 2}, {}))
    'Of the 200 pages that reached the comparison (cleaned, but before the language and later rules) 30 (15.0 %) fell \
to earlier corpora: 28 by stage url, 2 by near'
    """
    said = f"Of the {many(found.came, 'page')} {COMPARED} {found.old:,} ({percent(found.old, found.came)}) fell to "
    said += "earlier corpora" + _by(found.pages, ": ", "{:,}")
    return said + _by(found.parts, "; others lost ", "{:,} parts of their text")


def _by(counts: Mapping[str, int], before: str, words: str) -> str:
    told = [f"{words.format(n)} by {stage}" for stage, n in counts.items()]
    return before + ", ".join(told).replace(" by ", " by stage ", 1) if told else ""


def html_told(stats: Mapping[str, Any]) -> str:
    """How large pages were as HTML and as text, in a corpus read from HTML; "" for any other.

    >>> html_told({"pages_read": 10, "html_bytes_read": 612000, "text_bytes_read": 31000})
    'a page was 61,200 bytes of HTML on average, and 3,100 of text (5.1 %)'
    """
    html, text, pages = (stats.get(name) or 0 for name in ("html_bytes_read", "text_bytes_read", "pages_read"))
    if not html or not pages:
        return ""
    means = f"{html / pages:,.0f} bytes of HTML on average, and {text / pages:,.0f} of text"
    return f"a page was {means} ({percent(text, html)})"


def restore_told(manifest: Mapping[str, Any]) -> str:
    """The pages stored so that others can be removed, and their size next to the keys; "" if there are none.

    >>> parts = {"restore": [{"rows": 1200, "bytes": 3400000}], "keys": [{"bytes": 1200000}]}
    >>> restore_told(parts)
    'stored for later removals: 1,200 pages (3.40 MB), keys (1.20 MB)'
    """
    rows, size = (sum(row[name] for row in manifest.get("restore", ())) for name in ("rows", "bytes"))
    keys = sum(row["bytes"] for row in manifest.get("keys", ()))
    sizes = f"{many(rows, 'page')} ({size / 1e6:,.2f} MB), keys ({keys / 1e6:,.2f} MB)"
    return f"stored for later removals: {sizes}" if rows else ""


def not_restorable(manifest: Mapping[str, Any]) -> str:
    """That removal restores nothing, and what to do; "" if nobody asked for restoring, or no texts are compared.

    >>> stages = [{"stage": "url", "level": {}}, {"stage": "lines", "level": {}}]
    >>> not_restorable({"preset": {"stages": stages}, "settings": {"restorable": False}})[:71]
    'pages cannot be removed and the text they own restored; rebuild without'
    """
    settings, stages = manifest.get("settings", {}), manifest.get("preset", {}).get("stages", ())
    asked = {"--no-keys": settings.get("keys"), "--restorable no": settings.get("restorable")}
    without = [option for option, value in asked.items() if value is False]
    if not without or sum("level" in stage for stage in stages) < 2:
        return ""
    if without == ["--restorable no"] and any("MaskPersonal" in stage.get("kind", "") for stage in stages):
        return "pages cannot be removed: those that come back would show the personal data that is masked here"
    return f"pages cannot be removed and the text they own restored; rebuild without {without[0]}"


def near_told(level: NearLevel, against: bool = False) -> str:
    """How near duplicates are found, with the numbers of this level, in a few sentences; `against`: in addition to
    those of earlier corpora.
    """
    curve = ", ".join(f"{percent(level.linked(point))} of those with {point:g}" for point in _POINTS)
    said = (
        f"Two texts are candidates if one of {level.bands} bands of {level.rows} minima of their word "
        f"{level.shingle}-grams is the same: with Jaccard similarity s this has probability 1 - (1 - "
        f"s^{level.rows})^{level.bands}, which is steepest near {level.threshold:.2f} and links {curve}."
    )
    if level.verify:
        said += f" Candidates were compared n-gram by n-gram, and linked from a similarity of {level.verify:.2f} on."
    else:
        said += " Candidates were not compared further."
    said += f" Of each group of linked pages {_STAYS[level.stays]}."
    return f"{said} {near_earlier_told(level)}" if against else said


def near_earlier_told(level: NearLevel) -> str:
    """What a level does with earlier corpora, of which it has keys but no texts, in one sentence.

    >>> near_earlier_told(NearLevel(stays="newest"))
    'Pages linked to a page of an earlier corpus are dropped in its favour, whatever their dates.'
    """
    said = f"Pages linked to a page of an earlier corpus are dropped in its favour{_WHATEVER[level.stays]}"
    if level.verify:
        said += ", without this comparison, since only the keys of those corpora are read"
    return f"{said}."


def levels_told(settings: Mapping[str, Any]) -> str:
    """That the levels of text were chosen by an option; "" if they are the preset's."""
    chosen = settings.get("dedup")
    return "" if chosen is None else f"The levels of text were chosen for this corpus: --dedup {chosen}."
