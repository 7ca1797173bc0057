"""Three counts of each word in one number, so that a page's are added up by one `sum`, in C."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_FIELD = 20  # bits of the two lower counts, which are 0 or 1 a word; the third is characters, and may be any number
_MASK = (1 << _FIELD) - 1


class PackedCounts(dict[str, int]):
    """Words -> their counts, kept ready once they have been asked for."""

    def __init__(self, of: Callable[[str], tuple[bool, bool, int]], most: int) -> None:
        super().__init__()
        self._of, self._most = of, most

    def __missing__(self, word: str) -> int:
        first, second, third = self._of(word)
        self[word] = packed = first | second << _FIELD | third << 2 * _FIELD
        return packed

    def total(self, words: Sequence[str], chars: int) -> tuple[int, int, int]:
        """The counts of all the words together, which have at most so many characters.

        >>> counts = PackedCounts(lambda word: (word.isalpha(), word.isdigit(), len(word)), 100)
        >>> counts.total(["a", "12", "b"], 4)
        (2, 1, 4)
        """
        if len(self) > self._most:
            self.clear()
        if chars <= _MASK:  # then none of the lower counts runs over, and all fit into a machine word
            found = sum(map(self.__getitem__, words))
            return found & _MASK, found >> _FIELD & _MASK, found >> 2 * _FIELD
        each = list(map(self.__getitem__, words))
        return (
            sum(one & _MASK for one in each),
            sum(one >> _FIELD & _MASK for one in each),
            sum(one >> 2 * _FIELD for one in each),
        )
