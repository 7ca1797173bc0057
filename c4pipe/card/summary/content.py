"""What the shards of a corpus contain by language and by domain, in bytes of text, counted in the files themselves.

    shards --DuckDB, one reading--> (host, language): pages, bytes --public suffix list--> domains, languages

Counts are in a database in a temporary folder, where grouping also spills. So memory is bounded by `_MEMORY`, the
process, and the written list: 230 MB for a million pages of 16,000 domains, 520 for a million of 980,000, 630 MB for
two million of 1.9 million, 6 MB of them the list. Each host takes a lookup in the public suffix list.
"""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.stats import SCHEME, registered
from c4pipe.errors import BuildError
from c4pipe.scratch import scratch
from c4pipe.shards import belongings, check_sums
from c4pipe.text import defused, visible

_MEMORY = "1GB"  # of DuckDB; larger groupings spill to the temporary folder
_SHOWN = 20  # domains in the page itself
_HEAD = ("domain", "pages", "bytes", "share_of_bytes")

# Hosts and domains are compared without regard to case, as name servers do. `strlen` counts bytes of UTF-8.
_COUNTED = f"""
CREATE TABLE counted AS
SELECT lower(split_part(regexp_replace(url, '{SCHEME.pattern}', ''), '/', 1)) AS host, language,
       count(*) AS pages, sum(strlen(text)) AS bytes,
       min(nullif(timestamp, '')) AS first, max(timestamp) AS last
FROM read_parquet($files) GROUP BY ALL
"""
_DOMAINS = """
CREATE TABLE domains AS
SELECT registered_domain(host) AS domain, sum(pages) AS pages, sum(bytes) AS bytes
FROM (SELECT host, sum(pages) AS pages, sum(bytes) AS bytes FROM counted GROUP BY host)
GROUP BY domain
"""


class SizeOf(NamedTuple):
    """How much text has a name: a language, or a registered domain."""

    name: str
    pages: int
    bytes: int  # of UTF-8


class Content(NamedTuple):
    """The contents of a corpus, both splits together."""

    pages: int
    size: int  # bytes of UTF-8
    first: str  # date of the oldest dated page, "" if there is none
    last: str
    languages: list[SizeOf]  # the largest first
    domains: int  # all of them, except for pages without a URL
    nameless: SizeOf  # pages without a URL
    listed: int  # domains in the list
    listed_bytes: int
    largest: list[SizeOf]  # the first of the list
    csv: bytes  # the list


def most_of(domains: int, small: bool = False) -> int:
    """The number of domains that the AI Office's template requires, by size: the top 10 % of all, and for a small or
    medium-sized firm the top 5 % or 1,000, whichever is less. A part of a domain counts as one.

    >>> most_of(0), most_of(11), most_of(11, small=True), most_of(10**6, small=True)
    (0, 2, 1, 1000)
    """
    return min(-(-domains // 20), 1000) if small else -(-domains // 10)


def content_of(folder: Path, manifest: Mapping[str, Any], small: bool = False) -> Content:
    """Reads the shards, after verifying their checksums. Raises BuildError for a changed file."""
    sums = {file.path: file.sha256 for file in belongings(manifest) if file.data}
    paths = [folder / row["path"] for row in manifest["shards"]]
    check_sums((folder / row["path"], sums[row["path"]]) for row in manifest["shards"])
    with (
        scratch("summary") as place,
        duckdb.connect(str(place / "content.duckdb"), config={"memory_limit": _MEMORY}) as database,
    ):
        database.execute("SET temp_directory = $1", [str(place / "spilt")])
        database.execute("SET preserve_insertion_order = false")
        database.create_function("registered_domain", _domain, ["VARCHAR"], "VARCHAR")
        try:
            database.execute(_COUNTED, {"files": [glob.escape(str(path)) for path in paths]})
            database.execute(_DOMAINS)
            return _content(database, small)
        except duckdb.Error as error:
            what = str(error).partition("\n")[0]
            raise BuildError(f"{folder} cannot be read ({what}). Copy or build the corpus again.") from None


def _domain(host: str) -> str:
    return registered(host).lstrip(".")  # for a host that is itself a public suffix


def _content(database: duckdb.DuckDBPyConnection, small: bool) -> Content:
    (total,) = database.execute(
        "SELECT coalesce(sum(pages), 0), coalesce(sum(bytes), 0), coalesce(min(first), ''), coalesce(max(last), '') "
        "FROM counted"
    ).fetchall()
    languages = database.execute(
        "SELECT language, sum(pages), sum(bytes) FROM counted GROUP BY language ORDER BY 3 DESC, 1"
    ).fetchall()
    nameless = database.execute("SELECT '', pages, bytes FROM domains WHERE domain = ''").fetchone()
    (domains,) = database.execute("SELECT count(*) FROM domains WHERE domain <> ''").fetchall()[0]
    listed = most_of(domains, small)
    asked = database.execute("FROM domains WHERE domain <> '' ORDER BY bytes DESC, domain LIMIT $1", [listed])
    sink, largest, size = io.BytesIO(), list[SizeOf](), 0
    with io.TextIOWrapper(sink, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_HEAD)
        while row := asked.fetchone():
            found = _size(row)
            size += found.bytes
            largest += [found] if len(largest) < _SHOWN else []
            writer.writerow([defused(visible(found.name)), found.pages, found.bytes, _share(found.bytes, total[1])])
        text.flush()
        data = sink.getvalue()
    return Content(
        pages=int(total[0]),
        size=int(total[1]),
        first=total[2],
        last=total[3],
        languages=[_size(row) for row in languages],
        domains=domains,
        nameless=_size(nameless or ("", 0, 0)),
        listed=listed,
        listed_bytes=size,
        largest=largest,
        csv=data,
    )


def _size(row: tuple[Any, ...]) -> SizeOf:
    return SizeOf(row[0], int(row[1]), int(row[2]))  # DuckDB's sums exceed 64 bits


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.6f}" if whole else "0"
