"""The first stage of every preset: turns the bytes of an input into pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from c4pipe.documents import DOCUMENT_REASONS, FieldKeys
from c4pipe.html import HTML_BYTES, HTML_REASONS
from c4pipe.page import Reason
from c4pipe.stages.base import Scope, Stage
from c4pipe.wet import READ_REASONS


@dataclass(frozen=True)
class Read(Stage):
    """Turns records into pages. `quirks` reads WET as the reference does, line by line, headers and all."""

    name: str = "read"
    quirks: bool = False
    format: str = "wet"  # or one of documents.FORMATS
    text_key: str = ""  # paths of JSON Lines and Parquet; "": as in the layout of a file (documents.layouts)
    url_key: str = ""
    date_key: str = ""
    scope: ClassVar = Scope.INPUT

    @property
    def keys(self) -> FieldKeys:
        """The paths as `read_documents` takes them."""
        return FieldKeys(self.text_key, self.url_key, self.date_key)

    @property
    def reasons(self) -> tuple[Reason, ...]:  # type: ignore[override]
        return tuple(READ_REASONS if self.format == "wet" else DOCUMENT_REASONS)


@dataclass(frozen=True)
class ReadWarc(Read):
    """Turns HTTP responses into pages, with resiliparse's text. `extract` is one of html.EXTRACTS."""

    format: str = "warc"
    extract: str = "main"
    columns: ClassVar[Mapping[str, Any]] = {HTML_BYTES: "int64"}
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse", "brotli")

    @property
    def reasons(self) -> tuple[Reason, ...]:  # type: ignore[override]
        return HTML_REASONS
