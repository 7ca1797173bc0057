"""Part 3 of the public summary: how the build treated reservations of rights, illegal content, and other points.

Everything is read from the manifest: the corpus's rules, the files they read, what they removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c4pipe.benchmarks import ItemOverlap
from c4pipe.card.origin import COMMON_CRAWL, is_crawl
from c4pipe.card.personal import personal_of
from c4pipe.card.summary.answers import AnswerTable, Reply, Subject, SummaryPart
from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.removed import told_removed
from c4pipe.files.record import files_of
from c4pipe.text import many, percent

OPT_OUT = {"robots": "robots.txt", "excluded": "Exclusion lists"}  # reason -> its meaning
ILLEGAL = {"bad_word": "Word block list"}
_OF_CORPORA = "Those of the corpora that it was drawn from."
_MOST_FILES = 30  # listed of those that a rule read
_NO_SETTING = ("rule", "class", "in", "alone", "reason", "source", "columns")  # of a rule in the manifest


def processing(subject: Subject) -> list[SummaryPart]:
    """Sections 3.1 to 3.3."""
    return [
        SummaryPart("3.1", "Reservations of rights (text and data mining)", tuple(_reservations(subject))),
        SummaryPart("3.2", "Removal of illegal content", tuple(_illegal(subject))),
        SummaryPart("3.3", "Other information", tuple(_other(subject))),
    ]


def _reservations(subject: Subject) -> Iterator[Reply]:
    found = [*_measures(subject.manifest, OPT_OUT)]
    yield from found
    if not found:
        said = _OF_CORPORA if subject.mixed else "No robots.txt and no list of opt-outs was applied."
        yield Reply("Measures of this build", (said,))
    if taken := told_removed(subject.manifest):
        yield Reply("Removed on request", (f"{taken}, after the corpus was first built.",))
    if is_crawl(subject.formats):
        yield Reply(
            "When it was crawled",
            (f"Common Crawl says that its crawler follows robots.txt: {COMMON_CRAWL}/ccbot",),
        )
    yield Reply(
        "Measures of the provider",
        gap="how reservations of rights are found and kept to, before and while data is collected, and whether you "
        "have signed the code of practice",
    )
    yield Reply("How to have a page removed", gap="contact address, and how soon you answer")


def _illegal(subject: Subject) -> Iterator[Reply]:
    found = [*_measures(subject.manifest, ILLEGAL)]
    yield from found
    if not found:
        yield Reply("Measures of this build", (_OF_CORPORA if subject.mixed else "No block list was applied.",))
    yield Reply(
        "Measures of the provider",
        gap="what else was done, such as classifiers or lists of known content; which lists of 3.1 belong here",
    )


def _measures(manifest: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[Reply]:
    """What each rule with one of these reasons removed, and by which files."""
    counts = {row["stage"]: row for row in manifest["ledger"]["stages"]}
    for stage in manifest["preset"]["stages"]:
        for rule in stage.get("rules", ()):
            if (code := rule.get("reason")) in reasons:
                row = counts[stage["stage"]]
                taken = row["rejected"].get(code, 0)
                share = percent(taken, row["in"])
                said = f"Dropped: {many(taken, 'page')} of the {row['in']:,} that reached it ({share})."
                yield Reply(f"{reasons[code]} ({code})", (said, *_with(manifest, rule)))


def _with(manifest: Mapping[str, Any], rule: Mapping[str, Any]) -> Iterator[str]:
    """The settings of a rule, and the files that it read."""
    own = ((name, value) for name, value in rule.items() if name not in _NO_SETTING)
    told = ((name, value) for name, value in own if not isinstance(value, bool) and value not in ("", None))
    settings = [f"{name} {value}" for name, value in told]
    if settings:
        yield f"Settings: {', '.join(settings)}."
    files = [file for file in files_of(manifest) if rule["rule"] in file.get("read_by", ())]
    if files:
        named = ", ".join(file["name"] for file in files[:_MOST_FILES])
        more = f" and {len(files) - _MOST_FILES:,} more" if len(files) > _MOST_FILES else ""
        yield f"Files: {named}{more}; manifest.json has their checksums."


def _other(subject: Subject) -> Iterator[Reply]:
    manifest = subject.manifest
    yield Reply("How it was made", (f"{manifest['preset']['says']}.",), table=_losses(manifest))
    stages = {row["kind"] for row in manifest["preset"]["stages"]}
    if "Benchmarks" in stages:
        said = "They were searched for; README.md says how many were found for each benchmark."
        gone = sum(row["rejected"].get(ItemOverlap.BENCHMARK.code, 0) for row in manifest["ledger"]["stages"])
        said += (
            f" {many(gone, 'page')} with one {'was' if gone == 1 else 'were'} dropped."
            if gone
            else " No page was dropped."
        )
        yield Reply("Test items of benchmarks", (said,))
    yield Reply("Personal data", (personal_of(manifest),), gap="what else was done about it")
    known = f"fingerprint {manifest.get('fingerprint', '')}"
    yield Reply(
        "Corpus that this describes",
        (f"Built by c4pipe {manifest.get('versions', {}).get('c4pipe', '')} with the {known}.",),
        files=("README.md", "manifest.json", "croissant.json"),
    )


def _losses(manifest: Mapping[str, Any]) -> AnswerTable:
    """The ledger: what entered each stage, what was kept, and what was removed for which reason."""
    rows = []
    for row in manifest["ledger"]["stages"]:
        lost = [
            f"{code} {many(number, unit.value)}"
            for unit, name in LOST_AS.items()
            for code, number in sorted(row.get(name, {}).items())
        ]
        rows.append((row["stage"], f"{row['in']:,}", f"{row['kept']:,}", ", ".join(lost) or "nothing"))
    return AnswerTable(("stage", "pages in", "pages kept", "what was dropped, by reason"), rows, " >>")
