"""robots.txt by RFC 9309: which rules apply to an agent, and which of them decides on a path.

    the file --rules_for--> rules of one agent --deciding--> the rule that wins, or None

Written here because the answer must name its line. Protego, Scrapy's parser, is the oracle of the tests. Builds do not
use it: it reports no line, treats a group for `CC` as one for `CCBot`, lets a `Crawl-delay` end a group, and reads
`Allow: /x/index.html` as `/x/` too, none of which is in the RFC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

PATTERN_TOLD = 200  # characters of a pattern that are shown
LONGEST_ROBOTS = 500 << 10  # bytes read of a file: the least that a crawler must parse (section 2.5)
PRODUCT_TOKEN = re.compile(r"[A-Za-z0-9_-]+")  # of an agent; the RFC allows no digits, but AI2Bot has one

# As RFC 9309 spells them, with the misspellings that Google's parser takes.
_AGENT_LINE = re.compile(r"user[ -]?agent\s*[:\s]\s*(.*)", re.IGNORECASE)
_RULE_LINE = re.compile(
    r"(allow|disallow|dissallow|dissalow|disalow|diasllow|disallaw)\s*(?::|\s)\s*(.*)", re.IGNORECASE
)


class RobotsRule(NamedTuple):
    """A line of a robots.txt that allows or forbids paths."""

    line: int  # counted from 1
    allows: bool
    path: str  # the pattern as written; `*` matches anything, a final `$` the end

    def told(self) -> str:
        """The line as it can be found in the file; of a long one the beginning."""
        path = self.path if len(self.path) <= PATTERN_TOLD else f"{self.path[:PATTERN_TOLD]}…"
        return f"line {self.line}: {'Allow' if self.allows else 'Disallow'}: {path}"


def rules_for(data: bytes, agent: str) -> tuple[RobotsRule, ...]:
    """The rules of all groups that name the agent; if none does, those of the groups for `*` (section 2.2.1).

    An agent is named by its product token, whatever the case and whatever follows it (`CCBot/2.0`). Other lines, such
    as `Sitemap` and `Crawl-delay`, do not end a group (section 2.2.4). Of a file longer than LONGEST_ROBOTS bytes, only
    the whole lines within them count.
    """
    named: list[RobotsRule] = []
    anyone: list[RobotsRule] = []
    asked, found = agent.lower(), False
    group: set[str] = set()
    beginning = False  # whether the lines just before have named agents
    for number, line in enumerate(_lines(data), 1):
        line = line.partition("#")[0].strip()
        if (who := _AGENT_LINE.fullmatch(line)) is not None:
            group = group if beginning else set()
            beginning = True
            token = PRODUCT_TOKEN.match(who[1])
            group.add("*" if who[1].split(maxsplit=1)[:1] == ["*"] else token[0].lower() if token else "")
            found = found or asked in group
        elif (rule := _RULE_LINE.fullmatch(line)) is not None:
            beginning = False
            if rule[2]:  # an empty one has no effect
                made = RobotsRule(number, rule[1].lower() == "allow", rule[2])
                if asked in group:
                    named.append(made)
                if "*" in group:
                    anyone.append(made)
    return tuple(named if found else anyone)


def _lines(data: bytes) -> list[str]:
    whole = data[:LONGEST_ROBOTS].removeprefix(b"\xef\xbb\xbf")
    lines = re.split("\r\n|\r|\n", whole.decode("utf-8", "replace"))
    return lines if len(data) <= LONGEST_ROBOTS else lines[:-1]


class _Pattern(NamedTuple):
    parts: tuple[bytes, ...]  # between the stars, as octets
    ends: bool  # whether the path must end there

    def matches(self, path: bytes) -> bool:
        first, *rest = self.parts
        if not path.startswith(first):
            return False
        if not rest:
            return not self.ends or path == first
        at, last = len(first), rest.pop()
        for part in rest:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return len(path) - len(last) >= at and path.endswith(last) if self.ends else path.find(last, at) >= 0

    @property
    def octets(self) -> int:
        return sum(map(len, self.parts)) + len(self.parts) - 1 + self.ends


class RobotsRules:
    """The rules of one agent at one host, ready for queries."""

    def __init__(self, rules: Iterable[RobotsRule]) -> None:
        """The most specific rule decides: the one with the most octets, and of two equal ones the one that allows."""
        compiled = [(_compiled(rule.path), rule) for rule in rules]
        self._rules = sorted(compiled, key=lambda pair: (-pair[0].octets, not pair[1].allows, pair[1].line))

    def deciding(self, path: str) -> RobotsRule | None:
        """The rule that decides on a path with its query; None if none matches, which allows it."""
        if path == "/robots.txt":
            return None
        octets = unquote_to_bytes(path)
        return next((rule for pattern, rule in self._rules if pattern.matches(octets)), None)

    def forbidding(self, path: str) -> RobotsRule | None:
        """The rule that forbids a path; None if it is allowed."""
        rule = self.deciding(path)
        return None if rule is None or rule.allows else rule


def _compiled(path: str) -> _Pattern:
    """A pattern as octets: percent-encoded and plain characters are the same, except `%2A` and `%24`, which are
    literal (sections 2.2.2 and 2.2.3)."""
    ends = path.endswith("$")
    parts = re.split(r"\*+", path.removesuffix("$") if ends else path)
    return _Pattern(tuple(unquote_to_bytes(part) for part in parts), ends)
