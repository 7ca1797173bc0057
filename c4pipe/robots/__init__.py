"""Reads robots.txt files, single ones or a crawl's, and keeps their rules for one agent.

    folder --gather_robots--> newest answer of each host --outcome--> rules | status | nothing --> files.robots

RFC 9309 2.3.1: a response of 2xx has rules; redirects are followed up to five times, within the data; a missing
target, and any 4xx, allow everything; 5xx forbids everything.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from c4pipe.errors import ConfigError
from c4pipe.files.robots import host_key, write_robots
from c4pipe.robots.answers import RobotsAnswer, answers_of, key_of, said_by
from c4pipe.text.hosts import listed_host
from c4pipe.text.robots import LONGEST_ROBOTS
from c4pipe.wet import LostRecord

MOST_REDIRECTS = 5  # RFC 9309, section 2.3.1.2
ROBOTS = "/robots.txt"
_WARC = (".warc", ".warc.gz", ".warc.zst")
_EXPECTED = "expected HOST.txt or HOST/robots.txt, such as www.example.com.txt, or WARC files (robotstxt/*.warc.gz)"


class RobotsFound(NamedTuple):
    """The numbers of a gathering."""

    hosts: int  # http and https of one host count once
    forbidding: int  # hosts that forbid the agent anything
    files: int
    unreadable: int  # records, and damaged stretches of files


class Gathered(NamedTuple):
    """The newest responses in a folder."""

    answers: dict[str, RobotsAnswer]  # by `key_of` of the URL that was fetched
    files: int
    unreadable: int  # records, and damaged stretches of files


def gather_robots(folder: Path, agent: str, target: Path) -> RobotsFound:
    """Writes the rules for an agent in the robots.txt files below a folder; returns the numbers.

    Raises ConfigError for a folder without any, and for a file whose name is not a host.
    """
    found = read_answers(folder, agent)
    groups: dict[str, list[str]] = defaultdict(list)
    hosts = [key.removesuffix(ROBOTS) for key in found.answers if key.endswith(ROBOTS) and key.count("/") == 3]
    for host in hosts:
        said = outcome(host + ROBOTS, found.answers)
        if said:
            groups[said] += [host, *_other_scheme(host, found.answers)]
    write_robots(target, agent, groups)
    return RobotsFound(
        len({host.partition("://")[2] for host in hosts}),
        len({host.partition("://")[2] for told in groups.values() for host in told}),
        found.files,
        found.unreadable,
    )


def outcome(key: str, answers: Mapping[str, RobotsAnswer]) -> str:
    """The result for a host, as JSON of `rules` or `status`; "" if everything is allowed."""
    for _ in range(MOST_REDIRECTS + 1):
        answer = answers.get(key)
        if answer is None or 400 <= answer.status < 500:
            return ""
        if answer.status >= 500:
            return json.dumps({"status": answer.status})
        if answer.status < 300:
            return answer.said
        try:
            key = key_of(urljoin(key, answer.said))
        except ValueError:  # not a URL: "http://[x"
            break
    return ""


def _other_scheme(host: str, answers: Mapping[str, RobotsAnswer]) -> Iterator[str]:
    """The same host under the other scheme, if that was never fetched: its answer for http also counts for https."""
    scheme, _, name = host.partition("://")
    other = f"{'http' if scheme == 'https' else 'https'}://{name}"
    if ":" not in name.rpartition("]")[2] and other + ROBOTS not in answers:
        yield other


def read_answers(folder: Path, agent: str) -> Gathered:
    """The newest response for each URL. A single file outranks what a crawl fetched from its host."""
    fetched: dict[str, RobotsAnswer] = {}
    given: dict[str, RobotsAnswer] = {}
    whose: dict[str, Path] = {}
    files = unreadable = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name.endswith(_WARC):
            files += 1
            with path.open("rb") as stream:
                for item in answers_of(stream, agent):
                    if isinstance(item, LostRecord):
                        unreadable += 1
                    elif (key := item[0]) not in fetched or fetched[key] < item[1]:
                        fetched[key] = item[1]
        elif path.name.endswith(".txt"):
            files += 1
            for key in _keys_of(path):
                if key in whose:
                    raise ConfigError(f"--robots: {whose[key]} and {path} belong to the same host. Remove one of them.")
                whose[key] = path
                with path.open("rb") as stream:
                    given[key] = RobotsAnswer("", 200, said_by(stream.read(LONGEST_ROBOTS + 1), agent))
    if not fetched and not given:
        raise ConfigError(f"--robots {folder} holds no robots.txt file: {_EXPECTED}.")
    return Gathered(fetched | given, files, unreadable)


def _keys_of(path: Path) -> list[str]:
    """The URLs of a single file, by its name: it applies to http and https."""
    written = path.parent.name if path.name == ROBOTS[1:] else path.name.removesuffix(".txt")
    name, _, port = written.partition(":")
    host = listed_host(name)
    if not host or (port and not port.isdigit()):
        raise ConfigError(f"--robots: {path} does not name a host: {_EXPECTED}.")
    return [host_key(scheme, host, port) + ROBOTS for scheme in ("http", "https")]
