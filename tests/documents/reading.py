"""Reading in tests: bytes in, verdicts out; and what is short to compare."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.documents import read_documents
from c4pipe.documents.layouts import NO_KEYS, FieldKeys
from c4pipe.page import Kept, Verdict
from c4pipe.wet import Limits


class Dribble(io.BytesIO):
    """Gives at most `chunk` bytes a call."""

    def __init__(self, data: bytes, chunk: int):
        super().__init__(data)
        self._chunk = chunk

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._chunk if size is None or size < 0 else min(size, self._chunk))


def read(
    data: bytes, kind: str, limits: Limits | None = None, chunk: int = 0, name: str = "f", keys: FieldKeys = NO_KEYS
) -> list[Verdict]:
    stream = Dribble(data, chunk) if chunk else io.BytesIO(data)
    return list(read_documents(stream, name, kind, limits or Limits(), keys=keys))


def short(verdicts: list[Verdict]) -> list[str]:
    """The text of a page that is kept, the reason of one that is not."""
    return [v.page.text if isinstance(v, Kept) else f"<{v.reason.code}>" for v in verdicts]


def details(verdicts: list[Verdict]) -> list[str]:
    return ["" if isinstance(v, Kept) else v.detail for v in verdicts]


def parquet(table: pa.Table | dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), out, **options)
    return out.getvalue()
