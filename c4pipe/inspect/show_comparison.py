"""A comparison of two corpora as lines of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.inspect.terminal import Screen, StyledText, shorten
from c4pipe.text import counts_told, in_english

_STYLES = {"-": "red", "+": "green", "…": "dim", " ": ""}
COMPARED_REASONS, COMPARED_LANGUAGES = 20, 12  # rows shown; --json has all of them
_WORDS = {"not_read": "its file was not read", "not_recorded": "its fate was not recorded"}


def show_comparison(screen: Screen, found: dict[str, Any]) -> None:
    """The differences, in numbers; then their reasons, page by page. The first corpus is A, the other one B."""
    a, b = found["folders"]
    screen.say(("A  ", "bold"), a)
    screen.say(("B  ", "bold"), b)
    if "verdict" in found:
        screen.say(("Which is better  ", "bold"), found["verdict"]["line"])
    screen.head("Built differently" if found["settings"] else "Built with the same settings")
    for line in found["settings"]:
        screen.say(f"  {line}")
    _numbers(screen, found)
    _removed(screen, found["removed"])
    for title, rows, other in (
        ("Only in A", found["gone"], "B"),
        ("Only in B", found["come"], "A"),
    ):
        _whys(screen, title, rows, other)
    for folder, lost in zip(found["folders"], found["lost"], strict=True):
        if lost:
            screen.say((f"Damaged records of {folder} that gave no page: {counts_told(lost)}", "yellow"))
    if found["changed"]:
        screen.head("In both, with different text", f"{found['other_text']:,}, such as")
        for page in found["changed"]:
            _page(screen, page)


def _numbers(screen: Screen, found: dict[str, Any]) -> None:
    screen.head("Pages")
    rows: list[list[StyledText]] = [["", ("A", "bold"), ("B", "bold")]]
    rows.append(["kept", *(f"{n:,}" for n in found["kept"])])
    rows.append(["bytes of text", *(f"{n:,}" for n in found["bytes"])])
    rows.append(["only there", *(f"{n:,}" for n in found["only"])])
    rows.append(["in both, the same", f"{found['same']:,}", ""])
    rows.append(["in both, another text", f"{found['other_text']:,}", ""])
    rows.append(["in both, another language", f"{found['other_language']:,}", ""])
    screen.table(rows, "<>>")
    for before, after, pages in found["languages"][:COMPARED_LANGUAGES]:
        screen.say(f"    {before or '(none)'} became {after or '(none)'}: {pages:,}")


def _removed(screen: Screen, removed: list[dict[str, Any]]) -> None:
    rows = [row for row in removed if row["counts"][0] != row["counts"][1]]
    if not rows:
        return
    screen.head("Removed", "by each corpus's own ledger, where they differ")
    table: list[list[StyledText]] = [["", "", ("A", "bold"), ("B", "bold"), ("B - A", "dim"), ""]]
    rows = sorted(rows, key=lambda row: -abs(row["counts"][1] - row["counts"][0]))
    for row in rows[:COMPARED_REASONS]:
        before, after = row["counts"]
        numbers = [f"{before:,}", f"{after:,}", f"{after - before:+,}"]
        table.append([row["stage"], row["reason"], *numbers, f"{row['unit']}s"])
    screen.table(table, "<<>>><")
    if len(rows) > COMPARED_REASONS:
        screen.say((f"  ... and {len(rows) - COMPARED_REASONS:,} more; --json has all", "dim"))


def _whys(screen: Screen, title: str, rows: list[dict[str, Any]], other: str) -> None:
    if not rows:
        return
    screen.head(title, f"by what became of them in {other}")
    for row in rows:
        reason = _WORDS.get(row["reason"], f"{row['stage']}: {row['reason']}" if row["stage"] else row["reason"])
        screen.say("  ", (reason, "yellow"), f"  {row['pages']:,}")
        for page in row["shown"]:
            _page(screen, page)


def _page(screen: Screen, page: dict[str, Any]) -> None:
    screen.say("    ", (page["url"] or "(no URL)", "bold"), f"  {page['source']}")
    for fate in page["fates"]:
        if fate["stage"] and fate["detail"]:
            screen.say("      ", shorten(in_english(fate["detail"]), screen.width - 6))
    before, after = page["languages"]
    if before and after and before != after:
        screen.say(f"      language {before}, then {after}")
    for line in page["lines"]:
        why = f"  ({line['code']})" if line["code"] else ""
        text = shorten(line["text"], screen.width - 8 - len(why))
        screen.say("      ", (f"{line['mark']} {text}", _STYLES.get(line["mark"], "")), (why, "dim"))
