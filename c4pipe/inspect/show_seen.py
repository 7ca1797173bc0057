"""When a training run read a page, as a line of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.inspect.seen import met_words
from c4pipe.inspect.terminal import Screen
from c4pipe.shards import Seen


def show_seen(screen: Screen, page: dict[str, Any], found: dict[str, Any]) -> None:
    """When a training run read it, if requested."""
    if "seen" in page and "shard" in page:
        seen = Seen(**page["seen"]) if page["seen"] else None
        screen.say("  run     ", (met_words(seen, found["seen_to"]), "cyan"))
