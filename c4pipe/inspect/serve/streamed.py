"""Files that are sent while they are read."""

from __future__ import annotations

from contextlib import suppress

import duckdb
import pyarrow as pa
from starlette.responses import StreamingResponse
from starlette.types import Send

from c4pipe.errors import C4Error


class StreamedFile(StreamingResponse):
    """A file whose transfer is aborted if the rest cannot be produced: the final chunk is never sent, so the client
    sees that it is incomplete. That is not an error of the viewer, and prints no traceback."""

    async def stream_response(self, send: Send) -> None:
        """Sends as much as there is."""
        with suppress(C4Error, duckdb.Error, pa.ArrowException):
            await super().stream_response(send)
