"""The pages that contain a text, as lines of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.inspect.holders import check_held, number_words, scan_words
from c4pipe.inspect.show_pages import highlighted
from c4pipe.inspect.show_seen import show_seen
from c4pipe.inspect.terminal import Screen
from c4pipe.text import many

TEXT_LINES_SHOWN = 3  # screen lines around the match


def show_holders(screen: Screen, found: dict[str, Any]) -> None:
    """Each page with the match marked. BuildError if no page contains it."""
    check_held(found["folder"], found["text"], found["number"])
    screen.say((number_words(found["number"], found["exact"]), "bold"), f"; {len(found['pages']):,} shown.")
    if not found["indexed"]:
        screen.say((f"  {scan_words(found['fault'])}", "dim"))
    for page in found["pages"]:
        screen.say()
        screen.say((page["url"] or "(no URL)", "bold"))
        often = f"  {many(page['times'], 'place')}" if page["times"] > 1 else ""
        screen.say("  ", (f"{page['shard']}, row {page['row']:,}", "green"), f"  {page['timestamp']}{often}")
        around = page["before"] + found["text"] + page["after"]
        screen.say("  text    ", *highlighted(around, found["text"], TEXT_LINES_SHOWN * (screen.width - 10)))
        show_seen(screen, page, found)
