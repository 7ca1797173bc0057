"""A corpus and the earlier ones that it was built against: which of them are available, and the page that owns what
another has lost, in whichever corpus it is.

An owner is recorded as a code, the first 16 hexadecimal digits of the MD5 of its URL. It may be in an earlier corpus,
and need not be kept: a later stage may have rejected it, or it is linked to a page that replaces both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.corpus.trunk import deduped
from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.errors import BuildError, C4Error
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.query import at_url, database, table_rows
from c4pipe.inspect.rebuild import plan_of
from c4pipe.shards import MANIFEST


class EarlierCorpus(NamedTuple):
    """A corpus that another was built against."""

    path: str  # as in the manifest
    sha256: str  # of its manifest
    corpus: Corpus | None  # None if it is not available
    lacks: str = ""  # why it is not


class OwnerPage(NamedTuple):
    """A page that owns something. `path` and `row` are its place in the corpus or in the rejected table."""

    code: str
    corpus: Corpus
    earlier: bool  # whether that is an earlier one
    path: str
    row: int
    url: str
    source: str
    stage: str  # that rejected it; "" if it is kept
    reason: str  # KEPT if it is
    detail: str
    owner: str  # if it was dropped for a linked page, the code of that page

    @property
    def kept(self) -> bool:
        return self.reason == KEPT

    def text(self) -> str:
        """Its text: what was kept of it, or as read."""
        with database(self.corpus) as views:
            return str(self.record(views)["text"])

    def record(self, views: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        """Its row with all columns, from the view `pages` or `rejected`."""
        table, place = ("pages", "shard") if self.kept else ("rejected", "part")
        (found,) = table_rows(
            views.execute(f"SELECT * FROM {table} WHERE {place} = $1 AND row = $2", [self.path, self.row])
        )
        return found

    def as_read(self, views: duckdb.DuckDBPyConnection) -> str | None:
        """Its text as read, if the rejected table has it: of kept pages that holds a sample."""
        sql = "SELECT text FROM rejected WHERE source = $1 AND stage = $2 AND reason = $3"
        found = views.execute(sql, [self.source, self.stage, self.reason]).fetchone()
        return None if found is None else str(found[0])


def linked_owner(reason: str, dropped: Iterable[Mapping[str, str]]) -> str:
    """The code of the linked page for which a page was dropped, from its row of the rejected table; "" if there is
    none.

    >>> linked_owner("near_duplicate", [{"reason": "near_duplicate", "line": "", "owner": "b30d4f59eb97517b"}])
    'b30d4f59eb97517b'
    """
    found = (drop["owner"] or "" for drop in dropped if drop["reason"] == reason and not drop["line"])
    return next(filter(None, found), "")


class Ancestry:
    """A corpus with its earlier ones, which are opened when needed."""

    def __init__(self, corpus: Corpus, given: Sequence[Path] = (), plan: Plan | None = None):
        """`given` are further files that rules of this corpus read; `plan` is its own, if available."""
        self.corpus, self._given = corpus, given
        self._plans: dict[Path, Plan | None] = {} if plan is None else {corpus.folder: plan}
        self.lock = Lock()  # plans cache the last page that they judged

    @cached_property
    def earlier(self) -> list[EarlierCorpus]:
        """The earlier corpora in the manifest, in its order."""
        return [_opened(self.corpus, row) for row in self.corpus.manifest.get(AGAINST, ())]

    @property
    def not_among_lost(self) -> str:
        """The rest of a sentence about a page that is not kept, if no available rejected table has it either."""
        corpora = [self.corpus, *(one.corpus for one in self.earlier if one.corpus is not None)]
        if not any(one.rejected for one in corpora):
            return ", and there is no table of rejected pages"
        complete = all(one.complete for one in corpora)
        return f" nor in the {'table' if complete else 'sample'} of rejected pages"

    def plan(self, corpus: Corpus) -> Plan | None:
        """The preset of one of them, ready to judge; None if it is not available. Use it under the lock."""
        if corpus.folder not in self._plans:
            try:
                plan = plan_of(corpus, self._given if corpus is self.corpus else ())
            except C4Error:
                plan = None
            self._plans[corpus.folder] = plan
        return self._plans[corpus.folder]

    def owners(self, views: duckdb.DuckDBPyConnection, codes: Iterable[str]) -> dict[str, OwnerPage]:
        """The pages behind codes, as far as a corpus or its rejected table has them: this one, whose views are given,
        else the first earlier one."""
        wanted = {code for code in codes if code}
        found = _owner_pages(views, self.corpus, wanted, False)
        for number, one in enumerate(self.earlier):
            missing = wanted.difference(found)
            if missing and one.corpus is not None:
                try:
                    with database(one.corpus) as theirs:
                        found |= _owner_pages(theirs, one.corpus, missing, True)
                except BuildError as error:  # this corpus can still be inspected
                    self.earlier[number] = one._replace(corpus=None, lacks=str(error))
        return found

    def earlier_copy(self, url: str) -> OwnerPage | None:
        """The page of an earlier corpus with the same URL key, preferably a kept one."""
        copies: list[OwnerPage] = []
        for number, one in enumerate(self.earlier):
            if one.corpus is not None:
                try:
                    copies += _copies(one.corpus, url)
                except BuildError as error:
                    self.earlier[number] = one._replace(corpus=None, lacks=str(error))
        return next((page for page in copies if page.kept), copies[0] if copies else None)


def _opened(corpus: Corpus, row: Mapping[str, str]) -> EarlierCorpus:
    """The corpus in its folder at the build, in a folder of that name next to this one, or in a given folder; the
    checksum of its manifest must match."""
    path, sha256 = str(row["path"]), str(row["sha256"])
    lacks = "it is not there, nor in a folder of its name beside this corpus: --earlier DIR says where"
    for place in (Path(path), corpus.folder.resolve().parent / Path(path).name, *corpus.elsewhere):
        try:
            if not (place / MANIFEST).is_file():
                continue
            if hashlib.sha256((place / MANIFEST).read_bytes()).hexdigest() != sha256:
                lacks = "another corpus is there now"
                continue
            return EarlierCorpus(path, sha256, open_corpus(place))
        except C4Error as error:
            lacks = str(error)
        except (OSError, ValueError) as error:  # an invalid name
            lacks = f"it cannot be read ({getattr(error, 'strerror', None) or error})"
    return EarlierCorpus(path, sha256, None, lacks)


def _owner_pages(
    views: duckdb.DuckDBPyConnection, corpus: Corpus, codes: Iterable[str], earlier: bool
) -> dict[str, OwnerPage]:
    """The pages of one corpus. A page without a URL is identified by the MD5 of its text as read, which the sample
    has."""
    names = sorted(codes)
    if not names:
        return {}
    sql = (
        "SELECT left(md5(if(url = '', md5(text), url)), 16) AS code, part, row, url, source, stage, reason, detail, "
        "dropped FROM rejected WHERE list_contains($1, code) AND (stage != '' OR url = '')"
    )
    order = _text_stages(corpus)
    lost = sorted(views.execute(sql, [names]).fetchall(), key=lambda r: (order.get(r[5], -1), r[4]))
    found: dict[str, OwnerPage] = {}
    for code, path, row, url, source, stage, reason, detail, dropped in lost:
        if stage and (not order or stage in order):  # pages dropped earlier have no claims
            owner = linked_owner(reason, dropped)
            found[code] = OwnerPage(code, corpus, earlier, path, row, url, source, stage, reason, detail, owner)
    sources = {row[4]: row[0] for row in lost if not row[5]}
    kept = views.execute(
        "SELECT left(md5(url), 16) AS code, shard, row, url, source FROM pages "
        "WHERE (url != '' AND list_contains($1, code)) OR list_contains($2, source)",
        [names, [*sources]],
    ).fetchall()
    for code, path, row, url, source in kept:
        code = sources.get(source, code)
        found[code] = OwnerPage(code, corpus, earlier, path, row, url, source, "", KEPT, "", "")
    return found


def _text_stages(corpus: Corpus) -> dict[str, int]:
    """The stages from the first text dedup on, with their places; empty if the manifest does not list them."""
    try:
        names = [str(row["stage"]) for row in corpus.manifest["preset"]["stages"]]
        first = deduped(corpus.manifest)[1:2]
    except (AttributeError, KeyError, TypeError):
        return {}
    return {name: i for i, name in enumerate(names) if first and i >= names.index(first[0])}


def _copies(corpus: Corpus, url: str) -> list[OwnerPage]:
    """The pages of a corpus with the same URL key."""
    copies = []
    for row in at_url(corpus, url)[1]:
        kept = "text" in row
        page = row if kept else row["rejected"]
        stage, reason, detail = ("", KEPT, "") if kept else (page["stage"], page["reason"], page["detail"])
        owner = "" if kept else linked_owner(reason, page["dropped"])
        code, path = owner_of(page_priority(page["url"])), row["shard"] if kept else page["part"]
        copies.append(
            OwnerPage(code, corpus, True, path, page["row"], page["url"], page["source"], stage, reason, detail, owner)
        )
    return copies
