"""From the list of inputs to staged units of work: small files together, large ones in parts if they can be cut."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError

from c4pipe.documents import Span
from c4pipe.fetch import FetchError
from c4pipe.files.storage import draft_of
from c4pipe.flow.allocators import keep_free_blocks
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Piece, unpack_unit
from c4pipe.flow.settings import Settings, plans_of
from c4pipe.flow.stamps import Stamped, read_stamped
from c4pipe.flow.web import is_web
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.passes.account import Account
from c4pipe.passes.reading import has_places, read_input
from c4pipe.passes.staged import Staged, staged_already
from c4pipe.passes.staging import Stager, stage_unit
from c4pipe.stages import Read
from c4pipe.text.urls import hushed
from c4pipe.wet.reasons import CHANGED_INPUT, TRUNCATED, UNREADABLE

HEARTBEAT = 0.5  # seconds between two notes on the progress of a unit

StagedUnit = tuple[int, int, int]  # its number, rows at URL dedup, atoms


class Watched:
    """A stream that counts the bytes read from it."""

    def __init__(self, stream: BinaryIO, most: int = sys.maxsize):
        """At most `most` bytes are read at a time: for a small file, a larger buffer costs more than reading."""
        self._stream = stream
        self._most = most
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._most))
        self.position += len(data)
        return data

    # For Parquet files, which are read back and forth: there the position counts as bytes read.

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    @property
    def closed(self) -> bool:
        return self._stream.closed


class PieceReader:
    """A piece of an input while it is read."""

    def __init__(self, piece: Piece, store: BeamStore, how: Read, heartbeat: Heartbeat, every: int = 1):
        """`every`: one page in so many is used."""
        self._piece, self._store, self._how, self._heartbeat, self._every = piece, store, how, heartbeat, every
        self.account = Account(piece.number, piece.start, piece.item.bytes)
        self.places = False

    def verdicts(self) -> Iterator[Verdict]:
        """Its records. A file that cannot be opened or read completely is a verdict, not an exception."""
        item, account = self._piece.item, self.account
        watched: Watched | None = None
        try:
            with self._store.open_input(item.path) as stream:
                self.places = not is_web(item.path) and has_places(stream, self._how)
                self._heartbeat.stream = watched = Watched(stream, item.bytes + 1 if item.bytes >= 0 else sys.maxsize)
                span = Span(self._piece.start, self._piece.stop)
                read = read_input(watched, item.name, self._how, span)
                if self._piece.most is not None:
                    read = _first_pages(read, self._piece.most)
                yield from read if self._every == 1 else _one_of(read, self._every)
                now = read_stamped(item.path, stream)
                account.size = now.bytes
            if self._piece.most is None:
                yield from self._doubts(now)
        except (OSError, BeamIOError, FetchError) as error:
            found = getattr(error, "strerror", None) or str(error)
            found = hushed(found, item.path)
            yield Rejected(Page("", "", "", f"{item.name}#unreadable"), UNREADABLE, f"{item.name}: {found}")
        finally:
            account.read = watched.position if watched else 0
            self._heartbeat.done(account.read)

    def _doubts(self, now: Stamped) -> Iterator[Verdict]:
        """Differences between the file and its listing."""
        item = self._piece.item
        place = Page("", "", "", f"{item.name}#{now.bytes}")
        if not self._piece.start and 0 <= item.expected != now.bytes:
            found = f"the file has {now.bytes:,} bytes, the list of sizes says {item.expected:,}"
            yield Rejected(place, TRUNCATED, found)
        if found := item.listed.changed(now):
            yield Rejected(place, CHANGED_INPUT, found)


def _one_of(read: Iterator[Verdict], every: int) -> Iterator[Verdict]:
    pages = 0
    for verdict in read:
        pages += isinstance(verdict, Kept)
        if not isinstance(verdict, Kept) or pages % every == 1:
            yield verdict


def _first_pages(read: Iterator[Verdict], limit: int) -> Iterator[Verdict]:
    pages = 0
    for verdict in read:
        yield verdict
        pages += isinstance(verdict, Kept)
        if pages >= limit:
            return


@beam.typehints.with_input_types(tuple[int, bytes])
@beam.typehints.with_output_types(tuple[int, tuple[int, StagedUnit]])
class StageUnit(beam.DoFn):
    """Reads, judges and stages one unit for one corpus of each prefix, which all read the same way.

    Emits (prefix, (group, (number, rows, atoms))) for each prefix, by its number.
    """

    def __init__(self, prefixes: Sequence[Settings]):
        self._prefixes = prefixes

    def setup(self) -> None:
        keep_free_blocks()
        self._plans = plans_of(self._prefixes)
        self._store = BeamStore(self._prefixes[0].staging)

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, tuple[int, StagedUnit]]]:
        number, unit = element
        staged = [Staged.of(settings.prefix(0), number) for settings in self._prefixes]
        done: list[tuple[int, int] | None] = [staged_already(self._store, files) for files in staged]
        missing = [i for i, counts in enumerate(done) if counts is None]
        if missing:
            settings = self._prefixes[0]
            heartbeat = Heartbeat(settings.prefix(0), number)  # a note for each way of reading
            stagers = [Stager(self._plans[i], self._store, staged[i], settings.cap) for i in missing]
            how, every = self._plans[0].read, settings.every
            readings = (PieceReader(piece, self._store, how, heartbeat, every) for piece in unpack_unit(unit))
            for i, now in zip(missing, stage_unit(readings, stagers, heartbeat), strict=True):
                done[i] = now
        for prefix, counts in enumerate(done):
            if counts is not None:
                yield prefix, (number // self._prefixes[prefix].group_size, (number, *counts))


class Heartbeat:
    """Writes a note next to the staged files now and then, for the progress line of the starting process."""

    def __init__(self, staging: str, number: int):
        self._path = None if is_remote(staging) else heartbeat_path(staging, number)
        self._next = time.monotonic() + HEARTBEAT
        self._behind = 0  # bytes of finished pieces
        self.stream: Watched | None = None

    def done(self, read: int) -> None:
        """Records that a piece is finished, after so many bytes."""
        self._behind += read
        self.stream = None

    @property
    def position(self) -> int:
        """Bytes of the unit read so far."""
        return self._behind + (self.stream.position if self.stream else 0)

    def __call__(self, stager: Stager) -> None:
        if self._path is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + HEARTBEAT
        note = {**stager.progress._asdict(), "bytes": self.position}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = draft_of(self._path)
        temporary.write_text(json.dumps(note))
        temporary.replace(self._path)


def heartbeat_path(staging: str, number: int) -> Path:
    """The path of a unit's notes."""
    return Path(staging) / "progress" / f"{number:06d}.json"
