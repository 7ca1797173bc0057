"""c4pipe.shards.belongings: the lines of `sha256sum`, whatever a file is called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from c4pipe.shards import read_sums, sums_text

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1) | st.just("a\udcff")


def test_a_line_is_that_of_sha256sum() -> None:
    assert sums_text({"en/a b": "0" * 64, "a\nb\\": "1" * 64}) == (
        b"0" * 64 + b"  en/a b\n\\" + b"1" * 64 + b"  a\\nb\\\\\n"
    )


@given(st.dictionaries(NAMES, st.text("0123456789abcdef", min_size=64, max_size=64)))
def test_sums_are_read_as_they_were_written(sums: dict[str, str]) -> None:
    assert read_sums(sums_text(sums)) == sums
