"""When a training has read a page, as a line of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.inspect.seen import seen_words
from c4pipe.inspect.terminal import Screen


def show_seen(screen: Screen, page: dict[str, Any], found: dict[str, Any]) -> None:
    """When a training has read it, where that was asked for."""
    if seen := page.get("seen"):
        screen.say("  run     ", (seen_words(seen["steps"], seen["times"], found["seen_to"]), "cyan"))
