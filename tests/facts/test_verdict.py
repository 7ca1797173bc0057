"""What a comparison writes is what others read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from c4pipe.errors import BuildError
from c4pipe.facts.verdict import VERDICT_FILE, CorpusVerdict, Judgement, read_verdict

NEWS = Judgement("news", 30, 90_000, (2.5, 2.4), -0.1, 0.04, None, 0.0001)
TALKS = Judgement("talks", 10, 50_000, (2.0, 2.03), 0.03, 0.05, 11_000, 0.1)
ALL = Judgement("overall", 40, 140_000, (2.25, 2.215), -0.035, 0.04, 4_000, 0.02)
FOUND = CorpusVerdict(("out/a", "out/b"), "grams", 0.02, ALL, [NEWS, TALKS])


def test_a_difference_within_its_null_tells_nothing() -> None:
    assert [one.winner for one in (NEWS, TALKS, ALL)] == ["B", "cannot tell", "cannot tell"]
    assert NEWS._replace(difference=0.041).winner == "A"
    assert NEWS._replace(difference=0.04).winner == "cannot tell"


def test_of_many_domains_that_lie_beyond_their_null_by_chance_none_is_certain() -> None:
    lucky = NEWS._replace(domain="lucky", chance=0.009)
    assert [domain.domain for domain in FOUND.certain] == ["news"]
    assert FOUND._replace(domains=[NEWS, lucky]).certain == [NEWS, lucky]
    assert FOUND._replace(domains=[lucky, TALKS, NEWS]).certain == [NEWS]
    assert FOUND._replace(domains=[lucky, TALKS]).certain == []


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    (tmp_path / VERDICT_FILE).write_text(json.dumps(FOUND.as_json()))
    assert read_verdict(tmp_path) == FOUND


def test_scripts_find_the_words_that_they_ask_for() -> None:
    found = FOUND.as_json()
    assert (found["verdict"], found["difference"], found["null"]) == ("cannot tell", -0.035, 0.04)
    assert [(row["domain"], row["verdict"]) for row in found["domains"]] == [("news", "B"), ("talks", "cannot tell")]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"folders": 1}', '{"folders": ["a", "b"], "domains": [1]}'])
def test_what_is_no_verdict_is_said_to_be_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / VERDICT_FILE).write_text(text)
    with pytest.raises(BuildError, match="is not there" if text is None else "is no verdict"):
        read_verdict(tmp_path)
