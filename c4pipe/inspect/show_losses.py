"""What pages lost to each rule, as plain facts and as lines of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.ledger_losses import ledger_losses
from c4pipe.facts.losses import (
    LOSS_MEASURES,
    ORDER_OF_STAGES,
    CorpusLosses,
    LossRow,
    no_losses,
    read_losses,
    rule_said,
    sorted_losses,
)
from c4pipe.facts.shares import told_between
from c4pipe.facts.table_losses import TableLosses, table_losses
from c4pipe.inspect.terminal import Screen, StyledText, bar
from c4pipe.text import many, percent

UNEVEN_ROWS = 10  # languages and domains shown; --json has all of them


def losses_told(corpus: Corpus) -> dict[str, Any]:
    """The facts; from the ledger alone if the build did not count losses by group, the reason for which is
    `not_counted`. ConfigError for a mixture."""
    losses = read_losses(corpus)
    if losses is None:
        if (by_ledger := ledger_losses(corpus)) is None:
            raise no_losses(corpus)
        return {
            "read": {"pages": by_ledger.pages, "characters": by_ledger.characters},
            "rules": [row._asdict() for row in by_ledger.rows],
            "not_counted": by_ledger.why,
        }
    with connect(corpus, reads=("rejected",)) as db:
        by_table = table_losses(db, corpus, losses)
    return {
        "read": losses.read._asdict(),
        "bounded": losses.bounded,
        "never_asked": {"pages": losses.never.pages, "told_by": losses.never.by, "sampled": losses.never.sampled},
        "rules": [_as_dict(row) | _ends(row, by_table) for row in losses.most()],
        "languages": _groups(losses, "language"),
        "domains": _groups(losses, "domain"),
    }


def _groups(losses: CorpusLosses, by: str) -> list[dict[str, Any]]:
    return [_as_dict(row) for row in sorted_losses(losses.by_group(by), "characters")]


def _ends(row: LossRow, by_table: TableLosses | None) -> dict[str, Any]:
    if by_table is None:
        return {}
    name = str(row.key)
    return {"from_kept_pages": by_table.from_kept.get(name), "pages_as_read": by_table.as_read.get(name)}


def _as_dict(row: LossRow) -> dict[str, Any]:
    told: dict[str, Any] = {"key": row.key, **({"unit": row.cell.unit} if row.cell else {})}
    told |= {name: {"lost": getattr(row.lost, name), "read": getattr(row.came, name)} for name in LOSS_MEASURES}
    if row.whole is not None:
        spans = {name: getattr(row.whole, name)._asdict() for name in ("lost", "came")}
        told["pages_with_never_asked"] = row.whole._asdict() | spans
    return told | {"share_of_pages": row.interval, "more": row.more, "excluded": row.excluded}


def show_losses(screen: Screen, facts: dict[str, Any]) -> None:
    """The rules that dropped most text first, then the groups that lost more than their share."""
    read = facts["read"]
    if "not_counted" in facts:
        _by_ledger(screen, facts)
        return
    screen.head("Losses", f"of {read['characters']:,} characters in {many(read['pages'], 'page')} that were read")
    told = any("from_kept_pages" in row for row in facts["rules"])
    ends = ("from kept", "as read") if told else ()
    heads = ("rule", "takes", "characters", "", *ends, "lines", "pages")
    rows: list[list[StyledText]] = [[(name, "dim") for name in heads]]
    for row in facts["rules"]:
        share = row["characters"]["lost"] / max(1, read["characters"])
        numbers: list[StyledText] = [f"{row[name]['lost']:,} {_of(row[name]):>8}" for name in ("lines", "pages")]
        rows.append(
            [
                rule_said(row["key"], row["unit"]), row["unit"],
                f"{row['characters']['lost']:,} {_of(row['characters']):>8}",
                (bar(max(0.0, share), 12), "green"), *_told_ends(row, told), *numbers,
            ]
        )  # fmt: skip
    screen.table(rows, f"<<><{'>>' if told else ''}>>")
    screen.say((f"  {ORDER_OF_STAGES}", "dim"))
    for name in ("languages", "domains"):
        _uneven(screen, name, [row for row in facts[name] if row["more"] > 0])


def _told_ends(row: dict[str, Any], told: bool) -> list[StyledText]:
    """What a rule cut from pages that were kept, and the length as read of pages that it dropped."""
    amounts = [row.get(name) for name in ("from_kept_pages", "pages_as_read")] if told else []
    return ["" if amount is None else f"{amount:,}" for amount in amounts]


def _by_ledger(screen: Screen, facts: dict[str, Any]) -> None:
    read = facts["read"]
    screen.head("Losses", f"by the ledger, of {many(read['pages'], 'page')} that were read")
    heads: list[StyledText] = [(name, "dim") for name in ("rule", "took", "characters", "of all")]
    rows: list[list[StyledText]] = [heads]
    for row in facts["rules"]:
        took = row["unit"] if row["taken"] is None else many(row["taken"], row["unit"])
        chars = row["characters"]
        known = ["not counted", ""] if chars is None else [f"{chars:,}", percent(chars, max(1, read["characters"]))]
        rows.append([rule_said(row["key"], row["unit"]), took, *known])
    screen.table(rows, "<>>>")
    screen.say(facts["not_counted"])


def _uneven(screen: Screen, name: str, found: list[dict[str, Any]]) -> None:
    if not found:
        return
    screen.head(f"{name.capitalize()} that lose more of their pages than average", f"{len(found):,}")
    rows: list[list[StyledText]] = [[(of, "dim") for of in ("", "pages lost", "share", "95 % interval (all at once)")]]
    for row in found[:UNEVEN_ROWS]:
        low, high = row["share_of_pages"]
        rows.append([str(row["key"]), *_pages_lost(row), told_between(percent(low), percent(high))])
    screen.table(rows, "<>><")


def _pages_lost(row: dict[str, Any]) -> tuple[str, str]:
    """Pages and their share, including those dropped before language identification."""
    whole = row.get("pages_with_never_asked")
    if whole is None:
        return f"{row['pages']['lost']:,}", _of(row["pages"])
    lost, share = whole["lost"], whole["share"]
    if share is None:
        return told_between(f"{lost['low']:,.0f}", f"{lost['high']:,.0f}"), f"at least {percent(whole['least'])}"
    about = "" if lost["low"] == lost["high"] else "about "
    return f"{about}{lost['pages']:,.0f}", f"{about}{percent(share)}"


def _of(amount: dict[str, int]) -> str:
    return percent(amount["lost"], amount["read"])
