"""Words that tell close languages apart."""

from __future__ import annotations

import pytest

from c4pipe.langid.siblings import SIBLINGS


@pytest.mark.parametrize("siblings", SIBLINGS)
def test_no_word_is_on_both_sides(siblings: object) -> None:
    (_, ours), (_, theirs) = siblings.sides  # type: ignore[attr-defined]
    assert not ours & theirs
    assert all(word == word.lower() for word in ours | theirs)


@pytest.mark.parametrize(
    ("pair", "text", "side"),
    [
        (0, "Dia tidak bisa datang karena mobil rusak.", {"id"}),
        (0, "Dia tidak dapat datang kerana kereta rosak, katanya semasa di pejabat.", {"ms"}),
        (0, "Saya makan nasi.", set()),
        (0, "karena kerana bahwa bahawa", set()),
        (0, "karena", set()),  # one word is not enough
        (1, "Gde je dete? Ovde je uvek bilo lepo.", {"sr"}),
        (1, "Gdje je dijete? Ovdje je uvijek bilo lijepo.", {"hr", "bs", "sh"}),
    ],
)
def test_sides(pair: int, text: str, side: set[str]) -> None:
    found, share = SIBLINGS[pair].tell(text)
    assert found == side
    assert (share > 0.7) == bool(side)
