"""The viewer's answers about pages that own what others have lost, or that replace them, here and in earlier corpora.

The page view does not wait for it: finding an owner reads the URLs of whole corpora.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.diff import MOST_TEXT
from c4pipe.inspect.ancestry import Ancestry, OwnerPage
from c4pipe.inspect.serve.lasting import PageLink
from c4pipe.inspect.serve.records import record_at
from c4pipe.inspect.serve.repeats import lines_with
from c4pipe.inspect.serve.selection import Selection
from c4pipe.inspect.serve.shown import plain_lines
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.serve.viewing import is_owner
from c4pipe.inspect.standing import stands_for

_MOST_NAMES = 500  # per request


class Owners:
    """The viewer's addresses that look up owners."""

    def __init__(self, viewer: Viewer, corpus: Corpus, given: Sequence[Path] = ()):
        """`given` are further files that rules read, besides those that the corpus keeps."""
        self._viewer, self._ancestry = viewer, Ancestry(corpus, given)

    async def stands(self, request: Request) -> Response:
        """The page that replaces another one, and their differences; the script inserts it into the view of that
        page."""
        record = await self._viewer.record(request)
        row = record.page._asdict() | record._asdict()
        found = await self._viewer.ask(request, partial(stands_for, self._ancestry), row)
        if found is None:
            raise HTTPException(404)
        back = f"/page?{PageLink.of(record).query()}"
        return self._viewer.html("stands.html", selection=Selection(), record=record, found=found, back=back)

    async def owner(self, request: Request) -> Response:
        """Redirects to the page that keeps a repeated line, or replaces another one; for an earlier corpus shows its
        text."""
        name, mark = request.path_params["name"], request.query_params.get("mark", "")
        selection, _ = self._viewer.selection(request)
        if not is_owner(name):
            raise ConfigError(f"{name!r} does not name an owner. Expected 16 hexadecimal digits.")
        found = (await self._viewer.ask(request, self._ancestry.owners, [name])).get(name)
        if found is None:
            named = await self._viewer.ask(request, _names_it, name)
            return self._viewer.message(404, "The owner is not here", _nobody(self._ancestry, name, named))
        if found.earlier:
            text = await self._viewer.ask(request, lambda _: found.text()[:MOST_TEXT])
            lines = plain_lines(text)
            marked = lines_with([line.kept for line in lines], mark)
            return self._viewer.html("earlier.html", selection=selection, found=found, lines=lines, marked=marked)
        record = await self._viewer.ask(request, record_at, self._viewer.corpus, found.path, found.row)
        if record is None:
            raise HTTPException(404)
        asked = request.query_params
        rest = selection.query(
            **{name: asked[name] for name in ("after", "before", "mark", "build") if asked.get(name)}
        )
        return RedirectResponse(f"/page?{PageLink.of(record).query(rest)}{'#marked' if mark else ''}", 303)

    async def owners(self, request: Request) -> Response:
        """The places of the owners of lines, for the script of the page view."""
        names = [name for name in request.query_params.getlist("name") if is_owner(name)][:_MOST_NAMES]
        found = await self._viewer.ask(request, self._ancestry.owners, names)
        return JSONResponse({name: _told(found[name]) if name in found else None for name in names})


def _names_it(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the rejected table names this owner for any cut, or for a dropped page."""
    sql = "SELECT count(*) FROM rejected WHERE list_contains(list_transform(dropped, lambda d: d.owner), $1)"
    ((count,),) = cursor.execute(sql, [name]).fetchall()
    return bool(count)


def _nobody(ancestry: Ancestry, name: str, named: bool) -> str:
    """What is known about an owner that no available corpus has."""
    also = ancestry.not_among_lost
    neither = "neither" if "nor in" in also else "not"
    said = f"A page with a URL whose MD5 begins with {name} is {neither} among the kept pages{also}."
    absent = "; ".join(f"{one.path}: {one.lacks}" for one in ancestry.earlier if one.corpus is None)
    if not named:
        table = "in the table of rejected pages " if ancestry.corpus.rejected else ""
        said += f" Nothing {table}names it, so it may not be an owner at all."
    elif "sample" in also:
        said += " What was cut here names it: it owned that text, and may be a page that a later stage rejected."
    else:
        said += " What was cut here names it, so it did own that text."
    return f"{said} Or it is a page of an earlier corpus that was not found ({absent})." if absent else said


def _told(page: OwnerPage) -> dict[str, Any]:
    """An owner for the script."""
    earlier = str(page.corpus.folder) if page.earlier else ""
    return {"url": page.url or page.source, "kept": page.kept, "earlier": earlier}
