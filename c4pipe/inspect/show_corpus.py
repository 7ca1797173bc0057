"""The overview of a corpus and the answer to a query as lines of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.inspect.output import as_text
from c4pipe.inspect.show_benchmarks import show_benchmarks
from c4pipe.inspect.show_relatives import show_relatives
from c4pipe.inspect.terminal import Screen, StyledText, bar, shorten
from c4pipe.text import many, percent

LANGUAGE_ROWS, DOMAIN_ROWS, MONTH_ROWS, SPLIT_ROWS, FAULT_ROWS, ENTRY_ROWS = (
    20,
    10,
    12,
    12,
    10,
    20,
)  # rows shown; --json has all of them
SETTINGS = 8  # values shown of a list
BARS = 16  # columns of a bar if there are two in a row


def show_overview(screen: Screen, facts: dict[str, Any]) -> None:
    """The overview, section by section; empty sections are left out."""
    _title(screen, facts)
    if facts["ledger"]:
        _funnel(screen, facts["ledger"])
    show_relatives(screen, facts)
    show_benchmarks(screen, facts["benchmarks"])
    _mixture(screen, facts["mixture"])
    _pages(screen, facts)
    _languages(screen, facts["languages"])
    _lengths(screen, facts["lengths"], facts["corpus"])
    _domains(screen, facts["domains"])
    _months(screen, facts["months"])
    _account(screen, facts["inputs"])
    _faults(screen, facts)
    _sample(screen, facts["sample"])


def show_answer(screen: Screen, found: dict[str, Any]) -> None:
    """A table as wide as the screen."""
    columns, rows = found["columns"], found["rows"]
    numbers = [all(isinstance(row[i], int | float) for row in rows) and bool(rows) for i in range(len(columns))]
    table: list[list[StyledText]] = [[(name, "bold") for name in columns]]
    table += [[("null", "dim") if cell is None else as_text(cell) for cell in row] for row in rows]
    screen.table(table, "".join(">" if number else "<" for number in numbers), indent=0)
    more = "; there are more (--limit)" if found["more"] else ""
    screen.say((f"{many(len(rows), 'row')}{more}", "dim"))


def _title(screen: Screen, facts: dict[str, Any]) -> None:
    preset, inputs, corpus = facts["preset"], facts["inputs"], facts["corpus"]
    screen.say((facts["folder"], "bold"), f"  {preset['name']}: {preset['says']}" if preset else "")
    rows: list[tuple[str, str]] = []
    if facts["settings"]:
        said = (f"{key} {_setting(value)}" for key, value in facts["settings"].items() if value not in (None, []))
        rows.append(("settings", "; ".join(said)))
    if inputs["files"]:
        numbers = ((_read_with_faults(inputs), "with faults"), (len(inputs["without_page"]), "without a page"))
        bad = ", ".join(f"{number:,} {words}" for number, words in numbers if number)
        what, parts = ("folder", "page") if facts["mixture"] else ("file", "record")
        size = f"{inputs['bytes'] / 1e6:,.2f} MB, {many(inputs['records'], parts)}"
        rows.append(("input", f"{many(inputs['files'], what)}, {size}{bad and f'; {bad}'}"))
    mean = corpus["mean_chars"]
    chars = f", {corpus['chars']:,} characters, {mean:,.0f} per page" if mean is not None else ""
    kept = f"{many(corpus['pages'], 'page')} in {many(corpus['files'], 'file')}, {corpus['bytes'] / 1e6:,.2f} MB"
    rows.append(("corpus", kept + chars if corpus["pages"] else "no page was kept"))
    if (keys := facts["keys"])["files"]:
        rows.append(("keys", f"{many(keys['keys'], 'key')} for later builds, {keys['bytes'] / 1e6:,.2f} MB"))
    if (restore := facts["restore"])["files"]:
        rows.append(
            ("restore", f"{many(restore['pages'], 'page')} for later removals, {restore['bytes'] / 1e6:,.2f} MB")
        )
    if facts["taken_out"]:
        rows.append(("removed", f"{facts['taken_out']}; after the build, see removed.json"))
    for name, words in rows:
        screen.say(f"  {name:<10}", words)


def _setting(value: Any) -> str:
    if not isinstance(value, list):
        return as_text(value)
    more = f" and {len(value) - SETTINGS:,} more" if len(value) > SETTINGS else ""
    return ", ".join(map(as_text, value[:SETTINGS])) + more


def _funnel(screen: Screen, ledger: dict[str, Any]) -> None:
    records = ledger["records"]
    screen.head("Funnel", f"shares of {many(records, 'record')} read; of lines, of those that reached the stage")
    table: list[list[StyledText]] = []
    for stage in ledger["stages"]:
        kept = bar(stage["share"] or 0)
        table.append([(stage["stage"], "bold"), f"{stage['kept']:,}", percent(stage["share"]), (kept, "green")])
        for kind, what, style in (
            ("rejected", "dropped", "red"),
            ("flagged", "kept, but flagged", ""),
            ("lines_dropped", "lines cut", "yellow"),
            ("sentences_dropped", "sentences cut", "yellow"),
            ("passages_dropped", "passages cut", "yellow"),
        ):
            for row in stage[kind]:
                count = next(row[unit] for unit in ("pages", "lines", "sentences", "passages") if unit in row)
                share = percent(row["share"]) if "share" in row else ""
                table.append([(f"  {row['reason']}", style), f"{count:,}", share, (what, "dim")])
        if stage["removed"]:  # between two stages: it is not a loss of this one
            share = percent(stage["removed"] / records)
            table.append([("removed later", "red"), f"{stage['removed']:,}", share, ("reached this stage", "dim")])
    screen.table(table, "<>><")


def _mixture(screen: Screen, mixture: list[dict[str, Any]]) -> None:
    if not mixture:
        return
    screen.head("Mixture", "documents of each entry, and what was written of them")
    table: list[list[StyledText]] = [
        [(name, "dim") for name in ("entry", "natural", "share", "rate", "epochs", "written", "share")]
    ]
    for row in mixture[:ENTRY_ROWS]:
        numbers = [f"{row['documents']:,}", percent(row["share_before"]), percent(row["rate"])]
        numbers += [f"{row['epochs']:.2f}", f"{row['written']:,}", percent(row["share_after"])]
        table.append([row["entry"], *numbers])
    screen.table(table, "<>>>>>>")
    _rest(screen, mixture, ENTRY_ROWS, "written")


def _pages(screen: Screen, facts: dict[str, Any]) -> None:
    if facts["splits"]:
        screen.head("Shards")
        rows = [
            [
                f"{row['config']}/{row['split']}",
                many(row["pages"], "page"),
                many(row["files"], "file"),
                f"{row['bytes'] / 1e6:,.2f} MB",
            ]
            for row in facts["splits"][:SPLIT_ROWS]
        ]
        screen.table(rows, "<>>>")
        _rest(screen, facts["splits"], SPLIT_ROWS, "pages")
    if facts["left_out"]:
        few = ", ".join(f"{config} {pages:,}" for config, pages in facts["left_out"].items())
        screen.say("  left out for having too few pages: ", few)


def _languages(screen: Screen, languages: list[dict[str, Any]]) -> None:
    if languages:
        screen.head("Languages")
        screen.table([_bar_row(row, "language") for row in languages[:LANGUAGE_ROWS]], "<>><")
        _rest(screen, languages, LANGUAGE_ROWS, "pages")


def _lengths(screen: Screen, lengths: list[dict[str, Any]], corpus: dict[str, Any]) -> None:
    if not lengths:
        return
    means = f"{corpus['mean_chars'] or 0:,.0f} characters per page on average"
    if corpus["mean_chars_read"] is not None:
        means += f", {corpus['mean_chars_read']:,.0f} as read"
    screen.head("Lengths", means)
    if corpus["html"]:
        screen.say("  as read ", corpus["html"])
    sides = [side for side in ("read", "kept") if lengths[0][side] is not None]
    most = max(row[side] for row in lengths for side in sides)
    table: list[list[StyledText]] = [[("characters", "dim"), *(cell for side in sides for cell in ((side, "dim"), ""))]]
    for row in lengths:
        cells: list[StyledText] = [f"{row['from']:,} to {row['to']:,}"]
        for side in sides:
            cells += [f"{row[side]:,}", (bar(row[side] / most, BARS), "green" if side == "kept" else "blue")]
        table.append(cells)
    screen.table(table, ">" + "><" * len(sides))


def _domains(screen: Screen, domains: dict[str, Any]) -> None:
    kept, removed = domains["kept"], domains["removed"]
    if not kept and not removed:
        return
    screen.head("Domains", "most pages kept, and most removed" + ("" if domains["exact"] else "; at least so many"))
    blank: list[StyledText] = ["", "", ""]
    table: list[list[StyledText]] = [[("kept", "green"), "", "", ("removed", "red"), "", ""]]
    for i in range(min(DOMAIN_ROWS, max(len(kept), len(removed)))):
        row: list[StyledText] = []
        for side in (kept, removed):
            row += (
                [side[i]["domain"] or "no URL", f"{side[i]['pages']:,}", percent(side[i]["share"])]
                if i < len(side)
                else blank
            )
        table.append(row)
    screen.table(table, "<>><>>")


def _months(screen: Screen, months: list[dict[str, Any]]) -> None:
    if months:
        screen.head("Crawled", "pages kept, by month")
        often = sorted(months, key=lambda row: (-row["pages"], row["month"]))
        largest = sorted(often[:MONTH_ROWS], key=lambda row: str(row["month"]))
        screen.table([_bar_row(row | {"month": row["month"] or "no date"}, "month") for row in largest], "<>><")
        _rest(screen, often, MONTH_ROWS, "pages")


def _account(screen: Screen, inputs: dict[str, Any]) -> None:
    """Inputs that gave no page, and what was found next to the inputs."""
    for name, key, head in (("file", "without_page", "Inputs without a page"), ("path", "not_read", "Not read")):
        rows = inputs[key]
        if rows:
            screen.head(head, f"{len(rows):,}")
            screen.table([[row[name], row["why"]] for row in rows[:FAULT_ROWS]], "<")  # in full: advice comes last
            _rest(screen, rows, FAULT_ROWS)


def _faults(screen: Screen, facts: dict[str, Any]) -> None:
    faulty, faults = facts["inputs"]["faulty"], facts["faults"]
    if not faulty and not faults:
        return
    rest = len(faulty) - _read_with_faults(facts["inputs"])
    without = f", {rest:,} of them without a page" if rest else ""
    screen.head("Faults", f"{len(faulty):,} of {many(facts['inputs']['files'], 'file')}{without}")
    for item in faulty[:FAULT_ROWS]:
        screen.say(f"  {item['file']}: ", ", ".join(f"{code} {n:,}" for code, n in item["faults"].items()))
    _rest(screen, faulty, FAULT_ROWS)
    table = []
    for fault in faults[:FAULT_ROWS]:
        whole = fault["offset"] is None
        where = "whole file" if whole else f"byte {fault['offset']:,}, record {fault['record']:,}"
        detail = fault["detail"].removeprefix(f"{fault['file']}: ")
        table.append([fault["file"], where, (fault["reason"], "red"), detail])
    screen.table(table, "<<<", indent=4)
    _rest(screen, faults, FAULT_ROWS)


def _read_with_faults(inputs: dict[str, Any]) -> int:
    """The number of files with faults that gave pages, as a build counts them."""
    without = {item["file"] for item in inputs["without_page"]}
    return sum(item["file"] not in without for item in inputs["faulty"])


def _sample(screen: Screen, pages: list[dict[str, Any]]) -> None:
    if not pages:
        return
    screen.head("Pages", "--reason CODE has more of one, --url URL all of one")
    table: list[list[StyledText]] = []
    for page in pages:
        kept = not page["stage"]
        reason = ("kept", "green") if kept else (page["reason"], "red")
        words = " ".join(page["text"].split())
        table.append([reason, shorten(page["url"], screen.width // 3), (shorten(words, screen.width // 2), "dim")])
    screen.table(table, "<<<")


def _bar_row(row: dict[str, Any], name: str) -> list[StyledText]:
    return [row[name] or "(none)", f"{row['pages']:,}", percent(row["share"]), (bar(row["share"] or 0), "green")]


def _rest(screen: Screen, rows: list[dict[str, Any]], shown: int, what: str = "") -> None:
    """How many rows are not shown, and their total."""
    if rest := rows[shown:]:
        total = f" with {sum(row[what] for row in rest):,} {what}" if what else ""
        screen.say((f"  ... and {len(rest):,} more{total}; --json has all", "dim"))
