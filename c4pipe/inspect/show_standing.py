"""The page that replaces another one, and the differences, as lines of a terminal."""

from __future__ import annotations

import shlex
from typing import Any

from c4pipe.command import as_called
from c4pipe.inspect.terminal import Screen, StyledText

_STYLES = {"-": "red", "+": "green"}


def show_standing(screen: Screen, found: dict[str, Any] | None) -> None:
    """Prints nothing for a page that was dropped for another reason."""
    if found is None:
        return
    screen.head("The page that replaces it")
    page = found["page"]
    for url in found["through"]:
        screen.say("  ", (f"by way of {url}, which was itself dropped", "dim"))
    if page is not None:
        screen.say("  ", (page["url"] or page["source"], "bold"))
    screen.say(f"  {found['says']}")
    if found["likeness"]:
        screen.say(f"  {found['likeness']}")
    if page is not None:
        where = page["url"] or page["source"]
        command = as_called("python -m c4pipe.inspect")
        screen.say("  ", (f"{command} {shlex.join([page['corpus'], '--url', where])}", "dim"))
        _difference(screen, found)


def _difference(screen: Screen, found: dict[str, Any]) -> None:
    screen.say("  ", (found["shown"], "dim"))
    if found["same"] or not found["lines"]:
        screen.say("  Both texts are the same.")
        return
    screen.say("  What differs: - this page, + the one that replaces it, »« the words")
    for line in found["lines"]:
        style = _STYLES.get(line["mark"], "dim")
        pieces: list[StyledText] = [
            (f"»{piece['text']}«", f"bold {style}") if piece["differs"] else (piece["text"], style if style else "")
            for piece in line["pieces"]
        ]
        screen.say("    ", (f"{line['mark']} ", style), *pieces)
