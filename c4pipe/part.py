"""What presets are made of: rules, levels and stages are all `Part`s, and each describes itself.

Other packages query a part and do not depend on its class. So a part in your own module is treated like a built-in one:
its name and fields are recorded, its files are hashed and stored, its columns are written, its reasons are counted
and explained.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from c4pipe.page import Reason, Unit


class Told(NamedTuple):
    """One thing that a part may do to a page, in words."""

    code: str  # of its reason; for an edit, which has none, its name
    words: str  # what the sentence, line or page does: "has fewer than 5 words"
    source: str  # where the rule and its numbers come from
    unit: Unit  # what it costs
    reason: Reason | None  # None for an edit, which drops nothing
    owner: Part  # whose fields are the thresholds


class Part:
    """A frozen dataclass whose fields are plain values or other parts.

    Attributes:
        reasons: why it removes something, in the order in which they apply to a page.
        columns: what it adds to the corpus, column -> type as for `pyarrow.type_for_alias` ("float64", "int32").
        libraries: distributions whose versions affect what it does, besides those that affect every build.
        chooses: whether it only says which pages may be used at all; crawls that differ only in this can be compared.
        needs_url: whether it needs pages with URLs; a build without any is refused.
    """

    kind: ClassVar[str] = "rule"  # or "level", "stage": for messages
    reasons: ClassVar[tuple[Reason, ...]] = ()
    columns: ClassVar[Mapping[str, Any]] = {}
    libraries: ClassVar[tuple[str, ...]] = ()
    chooses: ClassVar[bool] = False
    needs_url: ClassVar[bool] = False

    def parts(self) -> tuple[Part, ...]:
        """The parts in its fields, in their order."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        each = (one for value in values for one in (value if isinstance(value, tuple) else (value,)))
        return tuple(one for one in each if isinstance(one, Part))

    def told(self) -> Iterator[Told]:
        """Everything that it and its parts may do to a page, in the order in which it happens."""
        for reason in self.reasons:
            yield Told(reason.code, words_of(reason, self), reason.source, reason.unit, reason, self)
        for part in self.parts():
            yield from part.told()

    def files(self, assets: Any) -> Iterable[str | Path]:
        """The external files that it reads itself; their bytes affect the corpus. `assets.path` returns where to
        read each."""
        return ()

    def remarks(self, assets: Any) -> Mapping[str, str]:
        """Remarks about these files, by path, such as entries that can never match."""
        return {}

    def modules(self) -> Iterable[str]:
        """Modules that affect what it does, besides that of its class and what that module imports."""
        return ()

    def bind(self, assets: Any) -> Any:
        """What a worker judges with: the part with its files loaded from `assets.path(name)`.

        Called once per process. `assets` is a `files.assets.Assets`.
        """
        return self

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        """The same part for pages in these languages."""
        return self


def is_own(part: object) -> bool:
    """Whether a part is user-defined rather than built in."""
    return type(part).__module__.partition(".")[0] != "c4pipe"


def everything(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts and their parts, recursively, each before its own parts."""
    for part in parts:
        yield part
        yield from everything(part.parts())


_Part = TypeVar("_Part", bound=Part)


def loaded(part: _Part, **data: object) -> _Part:
    """A copy of the part with loaded data as private attributes; its fields stay plain."""
    bound = copy.copy(part)
    for name, value in data.items():
        object.__setattr__(bound, f"_{name}", value)
    return bound


def words_of(reason: Reason, owner: object = None) -> str:
    """The reason in words, with the thresholds of its part."""
    own = fields(owner) if is_dataclass(owner) and not isinstance(owner, type) else ()
    return reason.says.format(**{field.name: _plain(getattr(owner, field.name)) for field in own})


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else value
