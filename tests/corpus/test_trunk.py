"""Two crawls can be compared if the stages up to the last dedup, and the files they read, are the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.identity import code_of_corpus
from c4pipe.corpus.trunk import before_text, check_trunk, deduped, trunk_digest, trunk_of
from c4pipe.dedup import LineLevel
from c4pipe.errors import ConfigError
from c4pipe.presets import (
    EN,
    EN_NEAR,
    EN_NOBLOCKLIST,
    EN_NOCLEAN,
    MULTILINGUAL,
    REALNEWSLIKE,
    for_format,
    for_languages,
    with_exclusions,
)
from c4pipe.rules import MaxChars, NotExcluded, RobotsAllow
from c4pipe.shards import to_json
from c4pipe.stages import Dedup, Filter
from c4pipe.stages.text_levels import with_levels, with_near

NEWS = {"kind": "news_domains", "name": "news_domains.json", "sha256": "1" * 64, "read_by": ["ListedDomain"]}
WORDS = {"kind": "badwords", "name": "en.txt", "sha256": "2" * 64, "read_by": ["BadWords"]}

LISTS = [WORDS | {"name": f"{number}.txt"} for number in range(15)]


def described(preset, *files):
    return {"preset": describe(preset), "files": [*files]}


def test_the_trunk_ends_with_the_last_dedup() -> None:
    trunk = trunk_of(described(REALNEWSLIKE, NEWS, WORDS))
    assert [row["stage"] for row in trunk["preset"]["stages"]] == ["read", "length", "domains", "url", "clean", "spans"]
    assert trunk["files"] == [NEWS]
    assert deduped(described(EN)) == ["url", "spans"]
    assert deduped(described(EN_NOCLEAN)) == ["url"]
    twice = MULTILINGUAL.after("badwords", Dedup("again", LineLevel()))
    assert deduped(described(twice)) == ["url", "lines", "again"]
    assert trunk_of(described(twice, WORDS))["files"] == [WORDS]


def test_what_stands_behind_the_trunk_may_be_another() -> None:
    for other in (EN, EN_NOBLOCKLIST, EN.on(Filter("badwords", (MaxChars(9),)))):
        check_trunk(described(EN, WORDS), described(other), "a")
        assert trunk_digest(described(EN, WORDS)) == trunk_digest(described(other))


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        (
            described(EN),
            described(EN.on(Filter("length", (MaxChars(9),)))),
            "(stage length: MaxChars chars 9 there, 190000 here)",
        ),
        (described(EN), described(EN_NOCLEAN), "from preset 'en' here (stages only here: clean, spans)"),
        (described(EN), described(EN_NOCLEAN), "up to the last dedup, read, length, url: build both"),
        (described(EN), described(for_format(EN, "jsonl")), "(its inputs were read as jsonl, here as wet: --input-for"),
        (
            described(EN_NEAR, WORDS),
            described(with_near(EN_NEAR, 0.72, "newest"), WORDS),
            "(stage near: stays newest there, hash here (--near-stays); stage near: verify 0.72 there, none here",
        ),
        (described(EN_NEAR, *LISTS), described(EN_NEAR), "(badwords files: 15 are others)"),
        (described(for_languages(EN, ["de"])), described(EN), "sentencex:en there, sentencex:de here"),
        (
            described(with_levels(EN, ["lines"])) | {"settings": {"dedup": "lines"}},
            described(EN),
            "(--dedup not given there, lines here; stages only there: spans; stages only here: lines)",
        ),
        (
            described(REALNEWSLIKE, NEWS),
            described(EN),
            "(stages only here: domains; news_domains files: news_domains.js",
        ),
        (
            described(REALNEWSLIKE, NEWS),
            described(REALNEWSLIKE, NEWS | {"sha256": "3" * 64}),
            "(news_domains files: news_domains.json)",
        ),
        (described(EN_NOCLEAN), described(EN), "read, length, url, clean, spans: build"),
    ],
)
def test_another_trunk_is_refused_with_what_differs(now, then, told) -> None:
    with pytest.raises(ConfigError) as error:
        check_trunk(now, then, "out/may")
    line = str(error.value)
    assert line.startswith("--against out/may: what determines its keys differs from preset ")
    assert told in line
    assert "\n" not in line
    assert trunk_digest(now) != trunk_digest(then)


def test_a_manifest_and_what_it_would_hold_have_one_digest() -> None:
    now = described(replace(EN, name="mine"), WORDS)
    assert trunk_digest(json.loads(to_json(now))) == trunk_digest(now) == trunk_digest(described(EN))


def test_which_pages_may_be_used_is_no_part_of_it() -> None:
    chosen = with_exclusions(EN, NotExcluded(), RobotsAllow("GPTBot"))
    files = [{"kind": "exclude", "name": "a.txt", "sha256": "0", "read_by": ["NotExcluded"]}]
    ours = described(chosen, *files)
    plain = described(EN)
    assert trunk_of(ours) == trunk_of(plain)
    assert trunk_digest(ours) == trunk_digest(plain)


def test_a_corpus_without_the_rules_is_not_of_their_code() -> None:
    """So that an edit of them leaves other corpora what they are."""
    names = ("robots", "exclusion", "hosts")
    assert not [name for name in code_of_corpus(EN) if any(word in name for word in names)]
    assert "c4pipe.text.robots" in code_of_corpus(with_exclusions(EN, RobotsAllow()))


def test_what_stands_in_front_of_the_first_dedup_of_text():
    assert before_text(described(EN)) == ["read", "length", "url", "clean"]
    assert before_text(described(EN_NOCLEAN)) == [stage.name for stage in EN_NOCLEAN.stages]
