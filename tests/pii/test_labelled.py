"""What is found in texts in ten languages; docs/explanation/measurements.md has the table (see tests/test_docs)."""

from __future__ import annotations

from tests.pii.labelled_texts import labelled, score


def test_most_is_found_and_little_else() -> None:
    lines = [*labelled()]
    assert len({line.language for line in lines}) == 10
    assert min(len([1 for line in lines if line.language == name]) for name in ("en", "ja", "ru")) >= 14
    scores = score(lines)
    assert scores["all"] == (91, 4, 3)
    assert scores["EMAIL"] == (22, 0, 0)


def test_a_wrong_kind_or_place_counts_twice() -> None:
    (line,) = [line for line in labelled() if "Huber" in line.text or "baeckerei" in line.text]
    shifted = line._replace(said=frozenset(one._replace(end=one.end + 1) for one in line.said))
    assert score([shifted])["all"].right == 0
    assert score([shifted])["all"].wrong > 0
