"""The result as one line, as terminal output, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from c4pipe.compare.comparing import Compared
from c4pipe.compare.overlaps import SHARED_RUN
from c4pipe.compare.sample import MOST_CHARS
from c4pipe.compare.texts import FEWEST_TEXTS
from c4pipe.facts.verdict import CorpusVerdict
from c4pipe.inspect.terminal import Screen
from c4pipe.text import many, visible

MOST_TAKEN = 20  # reasons listed; --json has all


def show_answer_of(screen: Screen, found: Compared) -> None:
    """The whole result on a terminal."""
    a, b = found.verdict.folders
    for name, folder, read in zip("AB", (a, b), _read(found), strict=True):
        screen.say((f"{name}  ", "bold"), folder, (f"  {read}", "dim"))
    screen.say()
    screen.say((found.verdict.line, "bold"))
    screen.head("Test texts", f"level {found.verdict.level}")
    screen.table(domain_rows(found.verdict), "<>>>>><")
    screen.say((f"  {_null_words(found.verdict)}", "dim"))
    left = [*left_out(found)]
    if left:
        screen.head("Left out")
        for line in left:
            screen.say(f"  {line}")
    screen.head("What differs", "" if found.said else "nothing beyond chance, at 99 %, in samples of pages")
    for one in found.said:
        screen.say(f"  {one.sentence}")
    screen.say((f"  {sample_note(found)}", "dim"))
    if found.taken:
        screen.head("What was dropped", "by both ledgers, where they differ")
        for line in taken_lines(found):
            screen.say(f"  {line}")


def domain_rows(verdict: CorpusVerdict) -> list[list[str]]:
    """One row per domain, the mean of all last, below the column names."""
    rows = [["domain", "documents", "A", "B", "B - A", "null", "better"]]
    for one in (*verdict.domains, verdict.overall):
        rows.append(
            [
                visible(one.domain),
                f"{one.documents:,}",
                *(f"{bits:.3f}" for bits in one.bits),
                f"{one.difference:+.3f}",
                f"± {one.null:.3f}",
                verdict.winner(one),
            ]
        )
    return rows


def taken_lines(found: Compared) -> list[str]:
    """What each reason dropped on each side, one line each, the largest differences first."""
    rows = sorted(found.taken, key=lambda row: -abs(row.counts[1] - row.counts[0]))
    lines = [
        f"{row.stage}: {row.reason} dropped {many(row.counts[0], row.unit)} of A, {row.counts[1]:,} of B"
        for row in rows[:MOST_TAKEN]
    ]
    return [*lines, f"and {len(rows) - MOST_TAKEN:,} more reasons"] if len(rows) > MOST_TAKEN else lines


def sample_note(found: Compared) -> str:
    """What shares of pages refer to, and when a run of words counts as being on a page."""
    held = " that are not held out" if any(found.held_out) else ""
    return (
        f"Shares of pages are of a sample, {many(found.sampled, 'page')} of each corpus{held}, of whose texts the "
        f"first {MOST_CHARS:,} characters are read. A page counts for words that it contains as whole words in this "
        "order, in upper or lower case: “policy” does not match “policyholder”."
    )


def _read(found: Compared) -> Iterator[str]:
    """What was measured of each side, out of how many pages."""
    for pages, size, held in zip(found.pages, found.bytes, found.held_out, strict=True):
        why = " (the others are held out, for test texts)" if held else ""
        of = f"{pages:,} of {many(pages + held, 'page')}{why}" if held else many(pages, "page")
        yield f"{of}, {size / 1e6:,.1f} MB of text"


def _null_words(verdict: CorpusVerdict) -> str:
    return (
        "Bits per byte of text; lower is better. A difference is reported if it is larger than its null: "
        f"{verdict.null_note}; for domains, if that holds for all of them together."
    )


def left_out(found: Compared) -> Iterator[str]:
    """What was left out of the tests, and of other files, one line each."""
    for domain in found.domains:
        name = visible(domain.name)
        before = len(domain.documents) + domain.left_out
        if domain.left_out:
            share = f"{domain.left_out:,} of {many(before, 'document')} share"
            yield f"{name}: {share} {SHARED_RUN} words in a row with a page"
        if len(domain.documents) < FEWEST_TEXTS:
            yield f"{name}: not measured, for {many(len(domain.documents), 'document')} are fewer than {FEWEST_TEXTS}"
        if domain.of > before:
            yield f"{name}: {before:,} of {many(domain.of, 'document')} are used, chosen by hash"
    for name, lost in zip("AB", found.lost, strict=True):
        if lost:
            yield f"{name}: {lost}"


def as_markdown(found: Compared) -> str:
    """The result as a file to go with the chart."""
    rows = domain_rows(found.verdict)
    lines = [f"**{_escaped(found.verdict.line)}**", ""]
    for name, folder, read in zip("AB", found.verdict.folders, _read(found), strict=True):
        lines.append(f"* {name}: `{visible(folder)}`, {read}")
    lines += [
        "",
        _row(rows[0]),
        _row(["---", *["---:"] * 5, "---"]),
        *map(_row, rows[1:]),
        "",
        _null_words(found.verdict),
        "",
    ]
    lines += [f"* {_escaped(line)}" for line in left_out(found)]
    lines += ["", "## What differs", ""]
    lines += [f"* {_escaped(one.sentence)}" for one in found.said] or [
        "Nothing beyond chance, at 99 %, in samples of pages."
    ]
    lines += ["", sample_note(found)]
    if found.taken:
        lines += [
            "",
            "## What was dropped, by both ledgers",
            "",
            *(f"* {_escaped(line)}" for line in taken_lines(found)),
        ]
    return "\n".join(lines) + "\n"


def as_json(found: Compared) -> dict[str, Any]:
    """The verdict in its own words, then the other results."""
    return {
        **found.verdict.as_json(),
        "line": found.verdict.line,
        "words": [one._asdict() for one in found.said],
        "taken": [row._asdict() for row in found.taken],
        "overlaps": {domain.name: domain.left_out for domain in found.domains},
        "left_out": [*left_out(found)],
        "sampled": found.sampled,
        "read": [
            {"pages": pages, "bytes": size, "held_out": held}
            for pages, size, held in zip(found.pages, found.bytes, found.held_out, strict=True)
        ],
    }


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    """Text without Markdown syntax."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>|#!" else c for c in text)
