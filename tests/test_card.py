"""c4pipe.card: what `datasets` reads out of the README of a corpus, and what a person does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from c4pipe.card import dataset_card
from c4pipe.ledger import Ledger
from c4pipe.presets import EN, EN_2019, PRESETS, Preset
from c4pipe.shards import PAGE_SCHEMA
from c4pipe.stats import Stats

yaml = pytest.importorskip("yaml", reason="PyYAML comes with `datasets`, which the test extra installs")

SHARDS: list[dict[str, Any]] = [
    {"config": "en", "split": "train", "rows": 900, "bytes": 5000, "path": "en/train-00000-of-00002.parquet"},
    {"config": "en", "split": "train", "rows": 99, "bytes": 600, "path": "en/train-00001-of-00002.parquet"},
    {"config": "en", "split": "validation", "rows": 1, "bytes": 70, "path": "en/validation-00000-of-00001.parquet"},
    {"config": "no", "split": "train", "rows": 2, "bytes": 8, "path": "no/train-00000-of-00001.parquet"},
]


def card(
    shards: list[dict[str, Any]] = SHARDS, preset: Preset = EN, languages: str = "en no", ledger: Ledger | None = None
) -> str:
    stats = Stats(languages=Counter(languages.split()))
    return dataset_card(preset, shards, ledger or Ledger.of(stage.name for stage in preset.stages), stats)


def front(text: str) -> dict[str, Any]:
    start, matter, _ = text.split("---\n", 2)
    assert start == ""
    found = yaml.safe_load(matter)
    assert isinstance(found, dict)
    return found


def test_the_front_matter_says_where_each_split_of_each_config_is() -> None:
    assert front(card())["configs"] == [
        {
            "config_name": "en",
            "data_files": [
                {"split": "train", "path": "en/train-*.parquet"},
                {"split": "validation", "path": "en/validation-*.parquet"},
            ],
        },
        # `no` is a language here, not a truth value, and a split without pages has no line.
        {"config_name": "no", "data_files": [{"split": "train", "path": "no/train-*.parquet"}]},
    ]


def test_the_front_matter_describes_columns_and_counts() -> None:
    info = front(card())["dataset_info"]
    assert [config["config_name"] for config in info] == ["en", "no"]
    for config in info:
        assert [feature["name"] for feature in config["features"]] == PAGE_SCHEMA.names
        kinds = ["float64" if name == "language_score" else "string" for name in PAGE_SCHEMA.names]
        assert [feature["dtype"] for feature in config["features"]] == kinds
    english = info[0]
    assert english["splits"] == [
        {"name": "train", "num_bytes": 5600, "num_examples": 999},
        {"name": "validation", "num_bytes": 70, "num_examples": 1},
    ]
    assert (english["download_size"], english["dataset_size"]) == (5670, 5670)


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        (1, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (9_999, "1K<n<10K"),
        (10_000, "10K<n<100K"),
        (364_868_892, "100M<n<1B"),
        (1_063_805_381, "1B<n<10B"),
    ],
)
def test_the_size_has_the_name_that_the_hub_knows(rows: int, size: str) -> None:
    assert front(card([SHARDS[0] | {"rows": rows}]))["size_categories"] == [size]


def test_languages_lose_their_suffix_and_an_unknown_one_is_none() -> None:
    assert front(card(languages="zh-cn zh-tw en und no bg-Latn"))["language"] == ["bg", "en", "no", "zh"]


def test_a_corpus_without_pages_has_a_card_that_can_be_read() -> None:
    found = front(card([], languages=""))
    assert (found["configs"], found["dataset_info"], found["language"], found["size_categories"]) == (
        [],
        [],
        [],
        ["n<1K"],
    )


def test_the_card_shows_how_to_load_each_config_and_what_is_in_it() -> None:
    text = card()
    assert 'load_dataset("path/to/this/folder", "en")\nload_dataset("path/to/this/folder", "no")' in text
    assert "| en | train | 999 | 2 | 5,600 |\n| en | validation | 1 | 1 | 70 |\n| no | train | 2 | 1 | 8 |" in text
    assert "no | validation" not in text


def test_the_card_says_what_was_removed_and_why_with_the_numbers_of_the_preset() -> None:
    ledger = Ledger.of(stage.name for stage in EN_2019.stages)
    ledger.stages[0].entered = 1234567
    ledger.stages[0].rejected["no_url"] = 1
    ledger.stages[3].lines_dropped.update(few_words=12345, policy=0)
    ledger.stages[3].rejected["few_sentences"] = 7
    ledger.stages[4].rejected["few_sentences"] = 8
    ledger.stages[4].sentences_dropped["repeated_span"] = 2
    text = card(preset=EN_2019, ledger=ledger)
    rows = [line for line in text.partition("## What was removed")[2].split("\n") if line.startswith("| ")]
    assert rows[0] == "| stage | reason | removed | because it … |"
    assert [row.rsplit(" | ", 1)[0] for row in rows[2:]] == [
        "| read | `no_url` | 1 page",
        "| clean | `few_words` | 12,345 lines",
        "| clean | `few_sentences` | 7 pages",
        "| spans | `repeated_span` | 2 sentences",
        "| spans | `few_sentences` | 8 pages",
    ]
    assert rows[3].endswith("| has fewer than 3 words |")
    assert rows[4].endswith("| has fewer than 5 sentences |")
    assert "1,002 pages kept of 1,234,567 records read" in text
    assert "preset `en.2019`: `en` with the numbers of the early paper" in text


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_reason_of_every_preset_finds_its_count(preset: Preset) -> None:
    ledger = Ledger.of(stage.name for stage in preset.stages)
    for stage, count in zip(preset.stages, ledger.stages, strict=True):
        for reason in stage.reasons():
            place = {"page": count.rejected, "line": count.lines_dropped, "sentence": count.sentences_dropped}
            place[reason.unit.value][reason.code] = 11
    removed = card(preset=preset, ledger=ledger).partition("## What was removed")[2].partition("## Limits")[0]
    assert removed.count("| 11 ") == sum(len(list(stage.reasons())) for stage in preset.stages)
