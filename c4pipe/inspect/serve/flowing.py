"""The viewer's diagram of the way from the crawl to the corpus."""

from __future__ import annotations

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from c4pipe.inspect.sankey import TextFlow, legend, svg, text_flow
from c4pipe.inspect.serve.viewer import Viewer


class FlowView:
    """The diagram of a corpus, and its numbers. Texts are measured once, on the first request."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer
        self._found = list[TextFlow | None]()  # one element, when known

    async def flow(self, request: Request) -> Response:
        """The diagram; or a message if the manifest has no ledger to draw one from."""
        found = await self._viewer.ask(request, self._flow)
        if found is None:
            says = "The manifest of this corpus has no ledger: it does not say what became of the input."
            return self._viewer.message(404, "Nothing to draw", says)
        pictures = {"wide": svg(found), "narrow": svg(found, narrow=True)}
        return self._viewer.html("flow.html", flow=found, legend=legend(found), pictures=pictures)

    def _flow(self, cursor: duckdb.DuckDBPyConnection) -> TextFlow | None:
        if not self._found:
            self._found.append(text_flow(self._viewer.corpus, cursor))
        return self._found[0]
