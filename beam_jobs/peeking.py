"""A look at the inputs before any work: the layout of their records, and whether the build can use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from c4pipe.documents import KEYED, Peek, check_keys, peek, reading_as
from c4pipe.errors import ConfigError
from c4pipe.fetch import FetchError
from c4pipe.flow.buckets import or_of_bucket
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input
from c4pipe.presets import asks_for_urls
from c4pipe.stages import Preset, Read

MOST_FILES = 20  # files sampled, spread over all inputs


def look_into(inputs: Sequence[Input], presets: Sequence[Preset]) -> list[str]:
    """Lines on how the inputs are read. ConfigError for a key that no record has, and for a preset that needs URLs if
    there are clearly none.
    """
    read = presets[0].read
    if read.format not in KEYED:
        return []
    chosen = inputs[:: -(-len(inputs) // MOST_FILES)]
    peeks = list(_peeks(chosen, read))
    check_keys(peeks, read.keys)
    if len(peeks) == len(inputs) and all(each.whole and "url" in each.lacks for each in peeks):
        for preset in presets:
            if why := asks_for_urls(preset):
                raise ConfigError(
                    f"preset {preset.name!r} {why}, and no record of the input has one. Name its field with --url-key, "
                    "or use another preset, such as `en`."
                )
    return list(reading_as(peeks))


def _peeks(inputs: Sequence[Input], read: Read) -> Iterator[Peek]:
    """A look into the readable files; the build reports faults of the others."""
    store = BeamStore()
    for item in inputs:
        try:
            with store.open_input(item.path) as stream:
                found = peek(stream, read.format, read.keys)
        except or_of_bucket(OSError, FetchError):
            continue
        if found is not None:
            yield found
