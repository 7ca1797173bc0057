"""From the list of inputs to staged ones: one file is one element, for gzip cannot be split."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError

from c4pipe.documents import read_documents
from c4pipe.fetch import FetchError
from c4pipe.files.storage import TEMPORARY
from c4pipe.flow.files import BeamStore, is_remote
from c4pipe.flow.inputs import Input
from c4pipe.flow.settings import Settings, plans_of
from c4pipe.flow.stamps import read_stamped
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.passes.staged import Staged, staged_already
from c4pipe.passes.staging import Progress, Stager, stage_input
from c4pipe.stages import Read
from c4pipe.wet import read_wet
from c4pipe.wet.reasons import CHANGED_INPUT, TRUNCATED, UNREADABLE

HEARTBEAT = 0.5  # seconds between two notes on how far a file has come

StagedInput = tuple[int, int, int]  # its number, rows at URL dedup, atoms


class Watched:
    """A stream that knows how many bytes were taken from it."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.position += len(data)
        return data

    # What a Parquet file is read with, back and forth: there the position is what was taken so far.

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    @property
    def closed(self) -> bool:
        return self._stream.closed


def verdicts(item: Input, store: BeamStore, how: Read, limit: int | None, heartbeat: Heartbeat) -> Iterator[Verdict]:
    """The records of one file. One that cannot be opened or read to its end is a verdict too, not an exception."""
    try:
        with store.open_input(item.path) as stream:
            heartbeat.stream = watched = Watched(stream)
            if how.format == "wet":
                read = read_wet(watched, item.name, quirks=how.quirks)
            else:
                read = read_documents(watched, item.name, how.format, keys=how.keys)  # type: ignore[arg-type]
            yield from read if limit is None else _first_pages(read, limit)
            now = read_stamped(item.path, stream)
            heartbeat.size = now.bytes
        place = Page("", "", "", f"{item.name}#{now.bytes}")
        if limit is None and 0 <= item.expected != now.bytes:
            found = f"the file has {now.bytes:,} bytes, the list of sizes says {item.expected:,}"
            yield Rejected(place, TRUNCATED, found)
        if limit is None and (found := item.listed.changed(now)):
            yield Rejected(place, CHANGED_INPUT, found)
    except (OSError, BeamIOError, FetchError) as error:
        found = getattr(error, "strerror", None) or str(error)
        yield Rejected(Page("", "", "", f"{item.name}#unreadable"), UNREADABLE, f"{item.name}: {found}")


def _first_pages(read: Iterator[Verdict], limit: int) -> Iterator[Verdict]:
    pages = 0
    for verdict in read:
        yield verdict
        pages += isinstance(verdict, Kept)
        if pages >= limit:
            return


@beam.typehints.with_input_types(tuple[int, Input])
@beam.typehints.with_output_types(tuple[int, tuple[int, StagedInput]])
class StageFile(beam.DoFn):
    """Reads, judges and stages one input for one corpus of each prefix, which all read alike.

    Emits (prefix, (group, (number, rows, atoms))) for each prefix, by its number.
    """

    def __init__(self, prefixes: Sequence[Settings]):
        self._prefixes = prefixes

    def setup(self) -> None:
        self._plans = plans_of(self._prefixes)
        self._store = BeamStore(self._prefixes[0].staging)

    def process(self, element: tuple[int, Input]) -> Iterator[tuple[int, tuple[int, StagedInput]]]:
        number, item = element
        staged = [Staged.of(settings.prefix(0), number) for settings in self._prefixes]
        done: list[tuple[int, int] | None] = [staged_already(self._store, files) for files in staged]
        missing = [i for i, counts in enumerate(done) if counts is None]
        if missing:
            settings = self._prefixes[0]
            heartbeat = Heartbeat(settings.staging, number)
            stagers = [Stager(self._plans[i], self._store, staged[i], settings.cap) for i in missing]
            heartbeat.size = item.bytes  # until it is read
            read = verdicts(item, self._store, self._plans[0].read, settings.limit_pages, heartbeat)
            for i, now in zip(missing, stage_input(read, stagers, heartbeat), strict=True):
                done[i] = now
        for prefix, counts in enumerate(done):
            if counts is not None:
                yield prefix, (number // self._prefixes[prefix].group_size, (number, *counts))


class Heartbeat:
    """Leaves a note beside the staged files now and then, for the progress line of the starting process."""

    def __init__(self, staging: str, number: int):
        self._path = None if is_remote(staging) else heartbeat_path(staging, number)
        self._next = time.monotonic() + HEARTBEAT
        self.stream: Watched | None = None
        self.size = -1

    @property
    def position(self) -> int:
        """Bytes of the input read so far."""
        return self.stream.position if self.stream else 0

    def __call__(self, progress: Progress) -> None:
        if self._path is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + HEARTBEAT
        note = {**progress._asdict(), "bytes": self.position}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}{TEMPORARY}")
        temporary.write_text(json.dumps(note))
        temporary.replace(self._path)


def heartbeat_path(staging: str, number: int) -> Path:
    """Where a file's notes lie."""
    return Path(staging) / "progress" / f"{number:06d}.json"
