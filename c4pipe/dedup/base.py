"""What a dedup level is: what it claims for a page, and what the page becomes when it loses some of its claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import nan
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup.recorded import DroppedAtoms, dropped_atoms
from c4pipe.page import Dropped, Kept, Page, Rejected, Verdict
from c4pipe.part import Part


class TextBatch(NamedTuple):
    """Texts of pages, one behind the other in UTF-8, and where the atoms of each begin, in characters."""

    data: NDArray[np.uint8]
    bounds: NDArray[np.int32]  # [pages + 1] where each begins, and the end of the last one
    starts: NDArray[np.uint32]  # [atoms] what `atoms_at` said
    firsts: NDArray[np.int32]  # [pages + 1] the first atom of each, and the end of those of the last one


class TextLevel(Part):
    """A level over texts: a text is a sequence of atoms (lines, sentences, or hashes of the whole page), and each
    run of `width` atoms claims a 64-bit key. Of all pages that claim a key, the one with the smallest MD5 of its URL
    owns it, and within a page the first occurrence; the other claims are lost, together with the atoms that they cover.

    To make your own: a frozen dataclass with `reasons`, `atoms` and `apply`. Claims are shuffled as 20 bytes each
    (`dedup.claims`), texts never are.
    """

    kind: ClassVar = "level"
    by_url: ClassVar[bool] = False  # whether pages are claimed by their URL, before anything is cut from them
    links: ClassVar[bool] = False  # whether a shared key links two pages instead of having an owner
    width: ClassVar[int] = 1  # atoms that a claim covers; may also be a field
    within: ClassVar[tuple[str, ...]] = ()  # codes of reasons for which a page only loses to itself

    def atoms(self, text: str) -> list[int]:
        """A hash of 64 bits for each atom, in order."""
        raise NotImplementedError

    def atoms_at(self, text: str) -> tuple[Sequence[int], Sequence[int]]:
        """The atoms, and the offset of each in the text; no offsets if they are obvious, or if atoms have none."""
        return self.atoms(text), []

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        """The page without its lost atoms, or its rejection. Built-in levels report how many characters were cut; for
        your own, this is computed from `dropped`.

        Args:
            page: as it came in.
            lost: one flag per atom, in order; at least one is set.
            dropped: receives what is cut, in order, for displayed pages.
            owners: for each atom the priority of the page that owns it (`claims.owner_of` names it), if requested.
            starts: the offsets from `atoms_at`.
        """
        raise NotImplementedError

    def apply_all(self, batch: TextBatch, lost: NDArray[np.bool_]) -> Callable[[int, Page], Verdict] | None:
        """`apply` for the pages of a batch at once: says of each that loses something, by its number, what `apply` says
        without `dropped`. None where one by one is the way. `lost` holds a flag an atom, page after page."""
        return None

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where each atom begins and ends in the text; empty if atoms have no place."""
        starts = self.atoms_at(text)[1]
        return list(pairwise([*starts, len(text)])) if starts else []

    def lost(self, text: str, dropped: Sequence[Dropped]) -> DroppedAtoms:
        """For each atom with a place, the cause of its loss, reconstructed from the list of what a build dropped."""
        return dropped_atoms([text[start:end] for start, end in self.places(text)], dropped, self.width)

    def repeated_within(self, text: str) -> list[bool]:
        """For each atom, whether it is lost however few other pages there are: it is in a run of `width` that occurred
        earlier in the text."""
        atoms = self.atoms(text)
        lost, seen = [False] * len(atoms), set[tuple[int, ...]]()
        for start in range(len(atoms) - self.width + 1):
            run = tuple(atoms[start : start + self.width])
            if run in seen:
                lost[start : start + self.width] = [True] * self.width
            seen.add(run)
        return lost

    def bind(self, assets: Any) -> Self:
        return self


class LinkLevel(TextLevel):
    """A level over whole pages: two that share a key are linked, and of each connected group one stays.

    To make your own: a frozen dataclass with one reason, `signature`, and whatever differs from the defaults here.
    """

    links: ClassVar = True

    def signature(self, text: str) -> tuple[list[int], bytes]:
        """The 64-bit keys that the page claims, and a sketch of it: a few bytes by which `similarity` compares it with
        another. A page without keys has no rivals."""
        raise NotImplementedError

    def similarity(self, one: bytes, other: bytes) -> float:
        """The similarity of two pages by their sketches, from 0 to 1."""
        raise NotImplementedError

    def similarity_by_keys(self, shared: int) -> float:
        """The similarity, from 0 to 1, of two pages that share this many keys, at least one: an estimate for pages of
        an earlier corpus, which keeps keys but no sketches. NaN if there is no estimate."""
        return nan

    @property
    def confirmed(self) -> bool:
        """Whether two pages that share a key are linked only if their texts confirm it."""
        return False

    def evidence(self, text: str) -> bytes:
        """The part of a text that `confirms` needs."""
        raise NotImplementedError

    def confirms(self, one: bytes, other: bytes) -> bool:
        """Whether the evidence of two texts links them."""
        raise NotImplementedError

    def rank(self, page: Page) -> int:
        """Of linked pages the one with the smallest rank stays; of equal ranks, the one with the smallest MD5 of its
        URL. Below 2**64."""
        return 0

    @property
    def smallest_stays(self) -> bool:
        """Whether, of pages that share a key, always the one with the smallest MD5 of its URL stays, so that a kept
        page owns all that it claims."""
        return type(self).rank is LinkLevel.rank and not self.confirmed

    def atoms(self, text: str) -> list[int]:
        return self.signature(text)[0]

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        return Rejected(page, self.reasons[0]) if any(lost) else Kept(page)
