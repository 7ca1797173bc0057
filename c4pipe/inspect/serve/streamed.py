"""Files that are sent while they are read."""

from __future__ import annotations

from contextlib import suppress

import duckdb
import pyarrow as pa
from starlette.responses import StreamingResponse
from starlette.types import Send

from c4pipe.errors import C4Error


class StreamedFile(StreamingResponse):
    """A file that is broken off when the rest of it cannot be made: the last piece is never said to be the last, so
    that whoever loads it sees that it is not whole. What is wrong is no fault of the viewer, and no traceback of it."""

    async def stream_response(self, send: Send) -> None:
        """Sends what there is of it."""
        with suppress(C4Error, duckdb.Error, pa.ArrowException):
            await super().stream_response(send)
