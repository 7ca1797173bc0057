"""What a comparison writes is what others read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.verdict import VERDICT_FILE, CorpusVerdict, Judgement, read_verdict

NEWS = Judgement("news", 30, 90_000, (2.5, 2.4), -0.1, 0.04, None, 0.0001)
TALKS = Judgement("talks", 10, 50_000, (2.0, 2.03), 0.03, 0.05, 11_000, 0.1)
ALL = Judgement("overall", 40, 140_000, (2.25, 2.215), -0.035, 0.04, 4_000, 0.02)
FOUND = CorpusVerdict(("out/a", "out/b"), "grams", 0.02, ALL, [NEWS, TALKS], ("aa", "bb"))


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


def spoilt(**values: object) -> str:
    return json.dumps({**FOUND.as_json(), **values})


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"folders": 1}',
        '{"folders": ["a", "b"], "domains": [1]}',
        spoilt(folders=[1, 2]),
        spoilt(folders="abc"),
        spoilt(sums=[None, None]),
        spoilt(difference="9"),
        spoilt(difference=float("nan")),
        spoilt(null=10**400),
        spoilt(documents=None),
        spoilt(documents=True),
        spoilt(pages="many"),
        spoilt(bits=[1]),
        spoilt(bits=None),
        spoilt(domain=["x"]),
        spoilt(domains={"a": 1}),
        spoilt(settles=None),
        spoilt(level=3),
    ],
)
def test_what_is_no_verdict_is_said_to_be_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / VERDICT_FILE).write_text(text)
    with pytest.raises(BuildError, match="does not exist" if text is None else "is not the verdict"):
        read_verdict(tmp_path)


def test_a_verdict_is_on_the_corpora_that_were_compared() -> None:
    assert FOUND.between("aa", "bb") == FOUND
    for a, b in (("aa", "aa"), ("aa", "cc"), ("", "")):
        with pytest.raises(ConfigError, match=r"the verdict is on out/a and out/b as they were then, not on these"):
            FOUND.between(a, b)


def test_a_verdict_is_turned_round() -> None:
    own = NEWS._replace(domain="held out of A")
    turned = FOUND._replace(domains=[own, TALKS]).between("bb", "aa")
    assert (turned.folders, turned.sums) == (("out/b", "out/a"), ("bb", "aa"))
    assert (turned.overall.difference, turned.overall.bits) == (0.035, (2.215, 2.25))
    assert [(one.domain, one.winner) for one in turned.domains] == [("held out of B", "A"), ("talks", "cannot tell")]
    assert turned.between("aa", "bb") == FOUND._replace(domains=[own, TALKS])


def test_a_verdict_is_seen_from_either_corpus() -> None:
    assert FOUND.seen_from("aa") == FOUND
    assert FOUND.seen_from("bb") == FOUND.between("bb", "aa")
    with pytest.raises(ConfigError, match=r"the verdict is on out/a and out/b as they were then, and this corpus is"):
        FOUND.seen_from("cc")


def test_where_each_is_better_on_its_own_text_the_mean_tells_nothing() -> None:
    mine = NEWS._replace(domain="held out of A", difference=0.9)
    theirs = NEWS._replace(domain="held out of B", difference=-2.0)
    found = FOUND._replace(overall=ALL._replace(difference=-0.58, null=0.1), domains=[mine, theirs])
    assert found.line == "each is better on its own text; overall cannot tell"
    assert found.as_json()["verdict"] == found.winner(found.overall) == "cannot tell"
    assert [found.winner(one) for one in found.domains] == ["A", "B"]
    with_news = found._replace(domains=[mine, theirs, NEWS])
    assert with_news.line == "B is better by 0.580 ± 0.100 bits per byte, and worse on held out of A"
    against = found._replace(domains=[mine, theirs, NEWS._replace(difference=0.1)])
    assert against.line == "each is better on its own text, A on news too; overall cannot tell"


def test_who_is_better_on_its_own_text_alone_is_not_called_better() -> None:
    theirs = NEWS._replace(domain="held out of B", difference=-2.0)
    tied = NEWS._replace(domain="held out of A", difference=0.001, chance=0.9)
    found = FOUND._replace(overall=ALL._replace(difference=-0.21, null=0.1), domains=[tied, theirs])
    assert found.line == "B is better only on its own text; overall cannot tell"
    assert found.as_json()["verdict"] == found.winner(found.overall) == "cannot tell"
    assert [found.winner(one) for one in found.domains] == ["cannot tell", "B"]
    lost = found._replace(domains=[tied, theirs, NEWS._replace(difference=0.1)])
    assert lost.line == "B is better only on its own text, and worse on news; overall cannot tell"
    won = found._replace(domains=[tied, theirs, NEWS])
    assert won.line == "B is better by 0.210 ± 0.100 bits per byte"
    on_others = found._replace(domains=[tied._replace(difference=-0.5, chance=1e-9), theirs])
    assert on_others.line == "B is better by 0.210 ± 0.100 bits per byte"


def test_of_models_no_more_is_claimed_than_their_pairs_know() -> None:
    assert "two samples of the same corpus" in FOUND.null_note
    models = FOUND._replace(level="tiny")
    assert "pairs of models" in models.null_note
    assert "differ by" not in models.null_note
    told = models._replace(overall=ALL._replace(difference=-0.05))
    assert told.line == "B is better by 0.050 ± 0.040 bits per byte over pairs of models"
    tied = models._replace(overall=ALL._replace(pages=None), domains=[])
    assert tied.line == "cannot tell: these models differ by less than 0.075 bits per byte"
