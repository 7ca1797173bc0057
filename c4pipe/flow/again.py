"""Pages of the rejected table whose original text was not staged, read again from the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from apache_beam.io.filesystem import BeamIOError

from c4pipe.fetch import FetchError
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input
from c4pipe.flow.stamps import read_stamped
from c4pipe.passes.reading import pages_again
from c4pipe.passes.sample import Sampled
from c4pipe.stages import Read
from c4pipe.text.urls import hushed


class ReadAgain(NamedTuple):
    """What can still be read of some pages from the inputs."""

    texts: dict[str, str]  # by `source`
    gone: dict[str, str]  # by the name of an input, why its pages cannot be read again


def texts_again(sampled: Sequence[Sampled], inputs: Mapping[str, Input], how: Read, store: BeamStore) -> ReadAgain:
    """The texts of unread pages, read from the inputs by name.

    An input that changed since the build began yields none: its places may now hold other pages.
    """
    wanted: dict[str, set[str]] = {}
    for s in sampled:
        if s.unread:
            wanted.setdefault(s.page.source.rpartition("#")[0], set()).add(s.page.source)
    found = ReadAgain({}, {})
    for name, sources in sorted(wanted.items()):
        item = inputs[name]
        try:
            with store.open_input(item.path) as stream:
                pages = {page.source: page.text for page in pages_again(stream, name, how, sources)}
                why = item.listed.changed(read_stamped(item.path, stream))
        except (OSError, BeamIOError, FetchError) as error:
            pages, why = {}, hushed(getattr(error, "strerror", None) or str(error), item.path)
        if why or pages.keys() != sources:
            found.gone[name] = why or "some of its pages have moved"
        if not why:
            found.texts.update(pages)
    return found
