"""Pages as lines of a terminal: samples of a reason, and one page with the outcome of every line."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import Any

from c4pipe.benchmarks.items import ITEMS
from c4pipe.corpus.plan import KEPT
from c4pipe.inspect.ancestry import linked_owner
from c4pipe.inspect.output import as_text
from c4pipe.inspect.show_benchmarks import show_items
from c4pipe.inspect.show_moved import show_moved
from c4pipe.inspect.show_seen import show_seen
from c4pipe.inspect.show_standing import show_standing
from c4pipe.inspect.terminal import Screen, StyledText, shorten
from c4pipe.text import in_english, many

DROPPED_SHOWN = 5  # cut lines shown per sampled page
TEXT_LINES = 3  # screen lines of its text
SEGMENT = 2000  # characters of a piece of a line; --json has all of them
_MEASURE = re.compile(r"[\d,.]+ \w[\w ]*")  # "2 sentences": a detail that counts, and quotes nothing
_JUDGED = {"passed": "green", "broken": "red", "masked": "yellow"}


def show_reason(screen: Screen, found: dict[str, Any]) -> None:
    """Sampled pages of a reason."""
    for row in found["counted"]:
        where = f" at stage {row['stage']}" if row["stage"] else ""
        screen.say((f"{row['reason']}", "bold"), f"  {many(row['count'], row['unit'])}{where}")
    for rule in found["rules"]:
        screen.say(f"  {rule['stage']}: a {rule['unit']} that {rule['words']}  ", (f"({rule['source']})", "dim"))
    held = many(found["sampled"], "kept page" if found["reason"] == KEPT else "page")
    lost, verb = " that lost something" if found["reason"] == KEPT else "", "is" if found["sampled"] == 1 else "are"
    screen.say(f"  {held}{lost} {verb} stored; {len(found['pages']):,} shown.")
    if found["note"]:
        screen.say("  ", (found["note"], "yellow"))
    quotes = {rule["stage"]: rule["quotes"] for rule in found["rules"]}
    for page in found["pages"]:
        _page(screen, page, found["reason"], quotes.get(page["stage"], True))


def _page(screen: Screen, page: dict[str, Any], reason: str, quotes: bool) -> None:
    screen.say()
    screen.say((page["url"] or "(no URL)", "bold"))
    outcome = f"rejected at {page['stage']}: {page['reason']}" if page["stage"] else page["reason"]
    screen.say("  ", (outcome, "red" if page["stage"] else "green"), f"  {page['timestamp']}  {page['source']}")
    if page["detail"]:
        screen.say("  detail  ", (shorten(in_english(page["detail"]), screen.width - 10), "yellow"))
    cut = [drop for drop in page["dropped"] if drop["line"]]  # a page dropped as a whole has an empty line
    cut.sort(key=lambda drop: bool(drop["reason"] != reason))  # the requested reason first
    if page["text"]:
        asked = (drop["line"] for drop in cut if drop["reason"] == reason and drop["line"] in page["text"])
        mark = (quoted(page) if quotes else "") or next(asked, "")
        screen.say("  text    ", *highlighted(page["text"], mark, TEXT_LINES * (screen.width - 10)))
    if cut:
        counts = Counter(drop["reason"] for drop in cut)
        said = ", ".join(f"{code} {n:,}" for code, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        screen.say(f"  cut     {said}")
        rows: list[list[StyledText]] = [[(drop["reason"], "yellow"), drop["line"]] for drop in cut[:DROPPED_SHOWN]]
        screen.table(rows, "<<", indent=10)
        if len(cut) > DROPPED_SHOWN:
            screen.say((f"          ... and {len(cut) - DROPPED_SHOWN:,} more; --url shows all", "dim"))
    show_standing(screen, page["stands"])


def quoted(page: dict[str, Any]) -> str:
    """What a page's detail quotes from its text: "" if the detail is a count, a language, or not in the text.

    >>> quoted({"stage": "badwords", "reason": "bad_word", "detail": "gosh", "text": "Oh Gosh!"})
    'Gosh'
    >>> quoted({"stage": "clean", "reason": "few_sentences", "detail": "2 sentences", "text": "It has 2 sentences."})
    ''
    """
    detail = page["detail"]
    if not detail or page["stage"] == "read" or page["reason"].endswith("_language") or _MEASURE.fullmatch(detail):
        return ""
    if linked_owner(page["reason"], page.get("dropped", ())):  # a similarity
        return ""
    found = re.search(re.escape(detail), page["text"], re.IGNORECASE)
    return found[0] if found else ""


def highlighted(text: str, mark: str, width: int) -> list[StyledText]:
    """The text on one line in about so many columns, around the match, which is between » and «."""
    text = text.replace("\n", " ⏎ ")
    mark = mark.replace("\n", " ⏎ ")
    at = text.find(mark) if mark else -1
    if at < 0:
        return [shorten(text, width)]
    hit = shorten(mark, width // 2)
    start = max(0, at - width // 4)
    before = ("…" if start else "") + text[start:at]
    return [before, (f"»{hit}«", "bold red"), shorten(text[at + len(mark) :], width - len(hit) - len(before))]


def show_page(screen: Screen, found: dict[str, Any]) -> None:
    """Every page of a URL, line by line."""
    if found["found"] > len(found["pages"]):
        screen.say(f"{found['found']:,} pages have this URL; the first {len(found['pages']):,}:")
    for page in found["pages"]:
        _heading(screen, page)
        show_seen(screen, page, found)
        if not page["raw"]:
            screen.say("  The page as read is not in the sample: this is what was kept of it.")
        if found["note"]:
            screen.say("  ", (found["note"], "yellow"))
        if page.get("now"):
            now = "/".join((page["now"]["stage"], page["now"]["reason"])).strip("/")
            screen.say(
                "  ", (f"With the rules and files here it would be {now}; shown is what the build decided.", "yellow")
            )
        show_standing(screen, page["stands"])
        show_items(screen, page["items"])
        _lines(screen, page)
        _recorded(screen, page["dropped"])
        _rules(screen, page["tried"])
        show_moved(screen, page["moved"])
        screen.say()


def _heading(screen: Screen, page: dict[str, Any]) -> None:
    screen.say((page["url"] or "(no URL)", "bold"))
    if page["stage"]:
        detail = f" ({shorten(in_english(page['detail']), screen.width)})" if page["detail"] else ""
        screen.say("  ", (f"rejected at {page['stage']}: {page['reason']}{detail}", "red"))
    else:
        language = f", language {page.get('language') or '(none)'} {page.get('language_score') or 0:.4f}"
        screen.say("  ", (f"kept in {page['shard']}, row {page['row']:,}", "green"), language)
        for name, value in page["extra"].items():
            if name == ITEMS:  # shown below, with their words
                continue
            screen.say(f"  {name}  ", (shorten(as_text(value), screen.width), "dim"))
    screen.say(f"  {page['timestamp']}  {page['source']}", (f"  code {page['code']}" if page["code"] else "", "dim"))


def _lines(screen: Screen, page: dict[str, Any]) -> None:
    """Each piece of each line, with the line number, and the reason for which it was cut."""
    screen.head("Lines", "a reason first: why it was cut; »«: what the page was rejected or flagged for")
    segments = [segment for line in page["lines"] for segment in line]
    wide = max((len(segment["code"]) for segment in segments if not segment["quoted"]), default=0)
    told = any(segment["quoted"] for segment in segments) or page["tried"]  # else only the record has it
    mark = (
        "" if told else quoted(page | {"text": "\n".join("".join(s["text"] for s in line) for line in page["lines"])})
    )
    for number, line in enumerate(page["lines"], 1):
        for i, (code, together) in enumerate(groupby(line, lambda s: "" if s["quoted"] else s["code"])):
            place = f"{number:>6,}" if not i else " " * 6
            whole = [*together]
            pieces = [piece for segment in whole for piece in _pieces(segment, mark)]
            screen.say((f"{place}  ", "dim"), (f"{code:<{wide}}  ", "red"), *_cut(pieces), *_owner(whole[0]))


def _pieces(segment: dict[str, Any], mark: str) -> list[tuple[str, str]]:
    if segment["quoted"]:
        return [(f"»{segment['text']}«", "bold red")]
    return [(segment["text"], "dim")] if segment["code"] else _split(segment["text"], mark)


def _split(text: str, mark: str) -> list[tuple[str, str]]:
    """The text around its first match."""
    before, found, after = text.partition(mark) if mark else (text, "", "")
    return [(before, ""), (f"»{found}«", "bold red"), (after, "")] if found else [(text, "")]


def _cut(pieces: list[tuple[str, str]]) -> list[StyledText]:
    """The pieces, none longer than SEGMENT."""
    return [
        (f"{text[:SEGMENT]} … ({len(text) - SEGMENT:,} more characters)" if len(text) > SEGMENT else text, style)
        for text, style in pieces
    ]


def _owner(segment: dict[str, Any]) -> list[StyledText]:
    if not segment["owner"]:
        return []
    where = segment["owner_url"] or f"a page that is not here, md5 {segment['owner']}"
    earlier = f" of the earlier corpus {segment['owner_in']}" if segment["owner_in"] else ""
    return [(f"  (kept by {where}{earlier})", "blue")]


def _recorded(screen: Screen, dropped: list[dict[str, str]]) -> None:
    """The losses of a page whose place in the text is unknown."""
    if cut := [drop for drop in dropped if drop["line"]]:  # a page dropped as a whole has an empty line
        screen.head("Cut from it", "as the build recorded it")
        screen.table([[(drop["reason"], "red"), drop["line"]] for drop in cut], "<<")


def _rules(screen: Screen, tried: list[dict[str, str]]) -> None:
    if tried:
        screen.head("Rules, in the order in which they saw the page")
        rows: list[list[StyledText]] = [
            [
                rule["stage"],
                (rule["outcome"], _JUDGED.get(rule["outcome"], "dim")),
                rule["code"],
                (in_english(rule["detail"]), "yellow"),
                (f"a {rule['unit']} that {rule['words']}", "dim"),
            ]
            for rule in tried
        ]
        screen.table(rows, "<<<<")
