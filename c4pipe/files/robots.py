"""The rules of robots.txt files for one agent, as a file: written by `c4pipe.robots`, stored with a corpus.

One line of JSON for each group of hosts with the same rules, after a first line that names the agent:

    {"robots": 1, "agent": "CCBot"}
    {"of": ["http://a.example", "https://a.example"], "rules": [[3, false, "/private"]]}
    {"of": ["https://b.example:8443"], "status": 503}

Hosts that forbid the agent nothing are left out.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from c4pipe.errors import AssetError
from c4pipe.text import hash64
from c4pipe.text.hosts import authority_of
from c4pipe.text.robots import RobotsRule, RobotsRules

if TYPE_CHECKING:
    import numpy
    import numpy.typing

FORM = 1  # version of the file format
KEPT_RULES = 4096  # groups whose parsed rules are cached


def write_robots(path: Path, agent: str, groups: Mapping[str, Iterable[str]]) -> None:
    """Writes hosts by their rules: `groups` maps the JSON of `rules` or `status` to hosts as `host_key`."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps({"robots": FORM, "agent": agent}) + "\n")
        for what in sorted(groups):
            hosts = json.dumps(sorted(groups[what]), ensure_ascii=False)
            out.write(f'{{"of": {hosts}, {what[1:]}\n')


def host_key(scheme: str, host: str, port: str) -> str:
    """A host as RFC 9309 defines it, including scheme and port: "https://a.example", "http://a.example:8080"."""
    return f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"


class RobotsIndex:
    """The file, queried by URL. It takes 12 bytes of memory per host and 8 per group; rules are read on demand."""

    def __init__(self, path: Path) -> None:
        """Raises AssetError for an invalid file."""
        import numpy

        try:
            with path.open("rb") as file:  # mapped, because forked processes share the position in an open file
                self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            head = self._lines.readline()
            told = json.loads(head)
            if told["robots"] != FORM:
                raise ValueError
            self.agent: str = told["agent"]
            hashes: list[int] = []
            groups: list[int] = []
            starts: list[int] = []
            at = len(head)
            for line in iter(self._lines.readline, b""):
                hosts = json.loads(line)["of"]
                hashes += map(hash64, hosts)
                groups += [len(starts)] * len(hosts)
                starts.append(at)
                at += len(line)
        except (ValueError, KeyError, TypeError) as error:
            raise AssetError(f"{path} does not hold robots.txt rules in c4pipe's format.") from error
        self._starts: numpy.typing.NDArray[numpy.int64] = numpy.array(starts, dtype=numpy.int64)
        unsorted = numpy.array(hashes, dtype=numpy.uint64)
        order = unsorted.argsort()
        self._hashes, self._groups = unsorted[order], numpy.array(groups, dtype=numpy.uint32)[order]
        self._rules = lru_cache(maxsize=KEPT_RULES)(self._load)

    def offence_of(self, url: str) -> str | None:
        """The line that forbids the agent a URL, None if it is allowed. A URL without a scheme counts as http."""
        scheme, host, port, rest = authority_of(url)
        if scheme not in ("", "http", "https") or not len(self._hashes):
            return None
        wanted = self._hashes.dtype.type(hash64(host_key(scheme or "http", host, port)))
        at = int(self._hashes.searchsorted(wanted))
        if at == len(self._hashes) or self._hashes[at] != wanted:
            return None
        rules, status = self._rules(int(self._groups[at]))
        if status:
            return f"status {status}: nothing may be fetched if robots.txt returns a server error"
        path = rest.partition("#")[0]
        rule = rules.forbidding(path if path.startswith("/") else f"/{path}")
        return None if rule is None else rule.told()

    def _load(self, group: int) -> tuple[RobotsRules, int]:
        start = int(self._starts[group])
        said: dict[str, Any] = json.loads(self._lines[start : self._lines.find(b"\n", start)])
        return RobotsRules(RobotsRule(*rule) for rule in said.get("rules", ())), said.get("status", 0)


@cache
def read_robots(path: Path) -> RobotsIndex:
    """The file, read once per process."""
    return RobotsIndex(path)
