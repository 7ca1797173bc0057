"""c4pipe.rebalance.card: what `datasets` reads out of the README of a mixture, and what a person does."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

import pytest

from beam_jobs.rebalance_arguments import parse
from c4pipe.corpus.stats import Stats
from c4pipe.rebalance.card import mixture_card

yaml = pytest.importorskip("yaml", reason="PyYAML comes with `datasets`, which the test extra installs")

SETTINGS = {
    "mixture": "temperature",
    "alpha": 0.3,
    "limit": None,
    "documents": None,
    "max_epochs": 4,
    "seed": 0,
    "languages": [],
    "shards": "auto",
}


def card(
    inputs: tuple[tuple[str, bool], ...] = (("mc4", False),),
    written: str = "en en de",
    formats: str = "wet",
    **settings: Any,
) -> str:
    shard = {"config": "mixture", "rows": 150, "bytes": 9, "path": "mixture/train-00000-of-00001.parquet"}
    manifest = {
        "shards": [shard | {"split": "train"}, shard | {"split": "validation", "rows": 850}],
        "preset": {"says": "temperature with alpha 0.3 (T = 3.333)"},
        "settings": SETTINGS | settings,
        "inputs": [{"path": name, "one_entry": whole, "formats": formats.split()} for name, whole in inputs],
        "mixture": {
            "de": {"documents": 50, "rate": 0.25, "epochs": 1.0, "written": 50},
            "en": {"documents": 200, "rate": 0.75, "epochs": 0.5, "written": 100},
        },
        "largest_deviation": 0.98,
        "versions": {"c4pipe": "7"},
        "fingerprint": "f00",
    }
    names = written.split()
    return mixture_card(manifest, "mixture.svg", Stats(pages_kept=len(names), languages=Counter(names)))


def test_the_front_matter_says_where_the_splits_are() -> None:
    front = yaml.safe_load(card(written="en zh-cn und").split("---\n")[1])
    assert front["configs"] == [
        {
            "config_name": "mixture",
            "data_files": [
                {"split": "train", "path": "mixture/train-*.parquet"},
                {"split": "validation", "path": "mixture/validation-*.parquet"},
            ],
        }
    ]
    assert (front["language"], front["license"], front["size_categories"]) == (["en", "zh"], "odc-by", ["1K<n<10K"])
    assert "dataset_info" not in front  # the columns are those of the corpora, whatever they are


def test_entries_stand_with_what_was_written_of_them() -> None:
    text = card()
    assert "150 documents, drawn from `mc4` by c4pipe: temperature with alpha 0.3 (T = 3.333)." in text
    assert 'load_dataset("path/to/this/folder", "mixture")' in text
    assert (
        "| `en` | 200 | 75.0000% | 0.500 | 100 | 66.6667% |\n| `de` | 50 | 25.0000% | 1.000 | 50 | 33.3333% |" in text
    )
    assert "150 documents of 7,000 asked for, drawn" in card(documents=7000)


def test_languages_are_listed_where_the_entries_do_not_say_them() -> None:
    assert "## Languages" not in card()
    assert "| `en` | 2 | 50.0000% |\n| `de` | 1 | 25.0000% |\n| `sw` | 1 | 25.0000% |" in card(written="en en sw de")


def test_it_has_the_limits_and_the_gaps_of_every_card() -> None:
    text = card()
    assert "* Dodge et al. 2021 (" in text
    assert "* Kreutzer et al. 2022 (" in text
    assert text.count("[TO FILL IN: ") == 5
    assert text.endswith("Fingerprint of the settings, versions, external files and inputs: `f00`\n")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"mixture": "examples", "alpha": 1.0, "limit": 100_000, "documents": 7, "seed": 3, "shards": 5},
        {"mixture": "equal", "alpha": 0.0, "languages": ["de", "ko"], "max_epochs": 1},
    ],
)
def test_the_command_asks_for_the_same_mixture(settings: dict[str, Any]) -> None:
    text = card((("mc4", False), ("our books", True)), **settings)
    command = text.partition("```sh\n")[2].partition("```")[0].replace("\\\n", "")
    called, name, *words = shlex.split(command)
    assert (called, name) == ("c4pipe", "rebalance")
    args, rest = parse(words)
    assert (args.corpus, args.output, rest) == (["mc4", "our books=FOLDER"], "OUTPUT", [])
    wanted = SETTINGS | settings
    asked = {name: getattr(args, name) for name in SETTINGS} | {"shards": args.shards or "auto"}
    if wanted["mixture"] != "temperature":
        assert asked.pop("alpha") is None  # the kind says it
        del wanted["alpha"]
    assert asked == wanted


@pytest.mark.parametrize(
    ("formats", "licence", "words"),
    [
        ("wet", "odc-by", "Common Crawl crawled it"),
        ("jsonl wet", "unknown", "It was read from JSONL files and Common Crawl WET files"),
        ("text", "unknown", "It was read from text files"),
    ],
)
def test_the_licence_follows_from_what_the_corpora_were_read_from(formats: str, licence: str, words: str) -> None:
    text = card((("a", True), ("b", True)), formats=formats)
    assert yaml.safe_load(text.split("---\n")[1])["license"] == licence
    assert words in text


def test_one_is_not_many() -> None:
    text = card(documents=1, max_epochs=1)
    assert "No document is read more than 1 time." in text
