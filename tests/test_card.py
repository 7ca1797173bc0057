"""c4pipe.card: what `datasets`, and a person, read in a corpus's README."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from beam_jobs.arguments import parse
from beam_jobs.corpora import levels_asked, presets_of
from beam_jobs.exclusions import agent_asked
from c4pipe.card import dataset_card
from c4pipe.card.personal import CALLED, NO_PERSONAL_DATA, OF_A_MIXTURE, masked_kinds, personal_of
from c4pipe.card.removals import lists_told
from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.ledger import LOST_AS, Ledger
from c4pipe.corpus.stats import Stats
from c4pipe.corpus.telling import COMPARED
from c4pipe.page import Page
from c4pipe.presets import EN, EN_2019, EN_NEAR, EN_NOBLOCKLIST, MULTILINGUAL, PRESETS, Preset, for_format
from c4pipe.shards import PAGE_SCHEMA, schema_with
from c4pipe.stages import Size
from c4pipe.stages.personal import PERSONAL_REASONS, with_personal_masked

yaml = pytest.importorskip("yaml", reason="PyYAML comes with `datasets`, which the test extra installs")

SHARDS: list[dict[str, Any]] = [
    {
        "config": "en",
        "split": "train",
        "rows": 900,
        "bytes": 5000,
        "memory": 9000,
        "path": "en/train-00000-of-00002.parquet",
    },
    {
        "config": "en",
        "split": "train",
        "rows": 99,
        "bytes": 600,
        "memory": 700,
        "path": "en/train-00001-of-00002.parquet",
    },
    {
        "config": "en",
        "split": "validation",
        "rows": 1,
        "bytes": 70,
        "memory": 80,
        "path": "en/validation-00000-of-00001.parquet",
    },
    {"config": "no", "split": "train", "rows": 2, "bytes": 8, "memory": 9, "path": "no/train-00000-of-00001.parquet"},
]


def described(
    shards: list[dict[str, Any]] = SHARDS, preset: Preset = EN, ledger: Ledger | None = None, **more: Any
) -> dict[str, Any]:
    """What a card needs of a manifest."""
    ledger = ledger or Ledger.of(stage.name for stage in preset.stages)
    ledger.stages[0].entered = ledger.stages[0].entered or 2_000
    manifest = {"shards": shards, "rejected": [], "ledger": ledger.to_json(), "settings": {"rejected": "sample"}}
    return manifest | {"versions": {"c4pipe": "7"}, "fingerprint": "f00", "inputs": [{"path": "a", "bytes": 9}]} | more


def card(
    shards: list[dict[str, Any]] = SHARDS,
    preset: Preset = EN,
    languages: str = "en no",
    ledger: Ledger | None = None,
    **more: Any,
) -> str:
    names = languages.split()
    stats = Stats(languages=Counter(names), pages_kept=len(names), months=Counter(["2024-05", "2023-11", "../../e"]))
    return dataset_card(preset, described(shards, preset, ledger, **more), stats)


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
        {"name": "train", "num_bytes": 9700, "num_examples": 999},
        {"name": "validation", "num_bytes": 80, "num_examples": 1},
    ]
    assert (english["download_size"], english["dataset_size"]) == (5670, 9780)


def test_an_older_build_has_not_counted_its_bytes_in_memory() -> None:
    older = [{key: value for key, value in shard.items() if key != "memory"} for shard in SHARDS]
    english = front(card(older))["dataset_info"][0]
    assert (english["download_size"], english["dataset_size"]) == (5670, 5670)


def test_the_columns_are_those_of_the_files() -> None:
    fields = [pa.field("no", pa.int32()), pa.field("tags", pa.list_(pa.string())), pa.field("seen", pa.timestamp("us"))]
    columns = [{"name": "no", "type": "int32", "from": "rate"}, {"name": "text", "type": "string", "from": ""}]
    manifest = described(columns=columns)
    text = dataset_card(EN, manifest, Stats(pages_kept=1), schema_with(fields))
    assert front(text)["dataset_info"][0]["features"][-4:] == [
        {"name": "record_id", "dtype": "string"},
        {"name": "no", "dtype": "int32"},
        {"name": "tags", "list": "string"},
        {"name": "seen", "dtype": "timestamp[us]"},
    ]
    said = section(text, "What it contains")
    assert (
        "`url` (these three as in allenai/c4), `language`, `language_score`, `language_votes` (the vote of each" in said
    )
    assert "`record_id`, `no` (by stage `rate`), `tags` and `seen`." in said


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
    assert 'load_dataset("path/to/this/folder", "en")\nload_dataset("path/to/this/folder", "no")\n```' in text
    assert section(text, "What it contains").splitlines()[:4] == [
        "| config | train pages | validation pages | of all pages | bytes |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| en | 999 | 1 | 99.8 % | 5,670 |",
        "| no | 2 | 0 | 0.20 % | 8 |",
    ]


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n\n")[2].partition("\n## ")[0]


def test_a_config_with_another_name_says_its_language() -> None:
    shards = [SHARDS[0] | {"config": "de.2019"}]
    assert "| de.2019 (de) | 900 | 0 | 100 % | 5,000 |" in card(shards, EN_2019, languages="de")


def test_many_languages_are_all_there_and_fold_up() -> None:
    shards = [SHARDS[0] | {"config": f"l{n:02d}", "rows": 100 - n} for n in range(45)]
    text = card(shards, MULTILINGUAL)
    listed = [line for line in section(text, "What it contains").splitlines() if line.startswith("| l")]
    assert [row.split(" | ")[0] for row in listed] == [f"| l{n:02d}" for n in range(45)]  # the largest first
    before, _, folded = text.partition("<details><summary>The other 15</summary>")
    assert "| l29 |" in before
    assert "| l30 |" in folded
    assert "</details>" in folded
    assert "# and 42 more, by the names below" in text


def test_languages_that_were_left_out_are_named() -> None:
    preset = MULTILINGUAL.on(Size("size", 10))
    text = card(preset=preset, left_out={"sw": 3, "de": 9})
    assert "Left out for having fewer than 10 pages: de (9), sw (3)." in text


def test_the_card_says_every_rule_with_its_numbers_and_what_was_removed() -> None:
    ledger = Ledger.of(stage.name for stage in EN_2019.stages)
    ledger.stages[0].entered = 1234567
    ledger.stages[0].rejected["no_url"] = 1
    ledger.stages[3].lines_dropped.update(few_words=12345, policy=0)
    ledger.stages[3].rejected["few_sentences"] = 7
    ledger.stages[4].rejected["few_sentences"] = 8
    ledger.stages[4].sentences_dropped["repeated_span"] = 2
    text = card(preset=EN_2019, ledger=ledger)
    rows = [
        line.strip("| ").split(" | ") for line in section(text, "What was removed, and why").splitlines() if "|" in line
    ]
    assert rows[0] == ["stage", "reason", "a page, line or sentence is dropped because it …", "removed", "source"]
    assert [(row[0], row[1], row[3]) for row in rows[2:]] == [
        ("read", "`no_url`", "1 page"),
        ("length", "`too_long`", "none"),
        ("clean", "`long_word`", "none"),
        ("clean", "", ""),  # citations: it takes no line
        ("clean", "`no_end_mark`", "none"),
        ("clean", "`few_words`", "12,345 lines"),
        ("clean", "`lorem_ipsum`", "none"),
        ("clean", "`javascript`", "none"),
        ("clean", "`curly_brace`", "none"),
        ("clean", "`policy`", "none"),
        ("clean", "`few_sentences`", "7 pages"),
        ("spans", "`repeated_span`", "2 sentences"),
        ("spans", "`nothing_left`", "none"),
        ("spans", "`few_sentences`", "8 pages"),
        ("badwords", "`bad_word`", "none"),
    ]
    assert rows[7][2:] == [
        "has fewer than 3 words",
        "12,345 lines",
        "TFDS c4 3.1.0 c4_utils.clean_page, _MIN_WORDS_PER_LINE; 3 in the early text of the paper",
    ]
    assert rows[12][2] == "has fewer than 5 sentences"
    assert "1,002 pages kept of 1,234,567 records read from Common Crawl WET files (0.08 %)" in text
    assert ", fetched 2023-11 to 2024-05, by c4pipe's preset `en.2019`: `en` with the numbers of the early" in text


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_reason_of_every_preset_finds_its_count(preset: Preset) -> None:
    ledger = Ledger.of(stage.name for stage in preset.stages)
    for stage, count in zip(preset.stages, ledger.stages, strict=True):
        for reason in stage.all_reasons():
            getattr(count, LOST_AS[reason.unit])[reason.code] = 11
    removed = section(card(preset=preset, ledger=ledger), "What was removed, and why")
    assert removed.count("| 11 ") == sum(len(list(stage.all_reasons())) for stage in preset.stages)


def test_known_limits_name_their_sources_and_what_they_mean_here() -> None:
    ledger = Ledger.of(stage.name for stage in EN.stages)
    ledger.stages[-1].entered, ledger.stages[-1].rejected["bad_word"] = 139, 4
    limits = section(card(ledger=ledger), "Known limits")
    dodge, kreutzer = limits.splitlines()[:2]
    assert dodge.startswith("* Dodge et al. 2021 ([arXiv:2104.08758]")
    assert dodge.endswith("Here the block list dropped 4 pages of the 139 that reached it.")
    assert kreutzer.startswith("* Kreutzer et al. 2022 ([arXiv:2103.12028]")
    assert "Here languages are what `langdetect` says, if it is sure to 0.99 or more. 2 languages have" in kreutzer
    assert "built without a block list" in card(preset=EN_NOBLOCKLIST)
    assert "what `consensus` says; 50.0 % of the pages are `und`. A language has fewer" in card(
        preset=MULTILINGUAL, languages="und en"
    )


def test_whoever_publishes_it_cannot_miss_what_to_fill_in() -> None:
    text = section(card(), "Licence and takedown")
    assert text.count("[TO FILL IN: ") == 5
    assert "**TO FILL IN before this is published:**" in text
    assert "`odc-by`" in text
    assert front(card())["license"] == "odc-by"


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "--preset en.2019 --languages de",
        "--preset en.noclean --languages de,fr --min-pages 0",
        "--preset multilingual --languages de,ko,und --min-pages 10000",
        "--preset multilingual --langid cld2",
        "--langid fasttext --languages fr --shards 8 --rejected all --limit-pages 500",
        "--input-format jsonl --languages el",
        "--badwords-dir here --rejected none",
        "--preset webtextlike --url-list urls.txt",
        "--dedup windows,near --near-verify --near-stays longest",
        "--preset multilingual.near --dedup none",
        "--preset en.near --near-verify 0.8",
        "--exclude opt-out.txt --robots robots --robots-agent GPTBot",
    ],
)
def test_the_command_builds_the_same_preset_with_the_same_settings(asked: str) -> None:
    """What the card says is read by the job's own parser, and comes to what was asked for."""
    args, _ = parse(["--input", "x", "--output", "y", *asked.split()])
    (preset,) = presets_of(args)
    settings = {"shards": args.shards or "auto", "rejected": args.rejected, "limit_pages": args.limit_pages}
    settings |= levels_asked(args, preset) | agent_asked(args)
    given = [{"origin": "given"}]
    assets = {"badwords": given if args.badwords_dir else [{"origin": "shipped"}]}
    assets |= {"url_list": given[0]} if args.url_list else {}
    assets |= {"exclude": given} if args.exclude else {}
    assets |= {"robots": given} if args.robots else {}
    text = section(card(preset=preset, settings=settings, assets=assets), "How to build it again")
    lines = text.partition("```sh\n")[2].partition("```")[0]
    assert all(len(line) < 120 or "--languages" in line for line in lines.splitlines())
    command = lines.replace("\\\n", "")  # as a shell reads it
    called, name, *words = shlex.split(command)
    assert (called, name) == ("c4pipe", "build")
    again, rest = parse(words)
    assert (presets_of(again), rest) == ([preset], [])
    assert (again.input, again.output) == (["INPUTS"], "OUTPUT")
    same = "shards", "rejected", "limit_pages"
    assert [getattr(again, name) for name in same] == [getattr(args, name) for name in same]
    assert (again.badwords_dir, again.url_list) == (
        "BADWORDS" if args.badwords_dir else None,
        "URL_LIST" if args.url_list else None,
    )


def test_commands_are_named_as_they_are_typed_after_an_install() -> None:
    text = card(rejected=["__rejected/part-00000.parquet"])
    assert "python -m" not in text
    assert {*re.findall(r"c4pipe (build|card|inspect) ", text)} == {"build", "card", "inspect"}


def test_a_preset_of_ones_own_is_named_by_its_reader() -> None:
    text = section(card(preset=replace(EN, name="strict")), "How to build it again")
    assert "--preset MODULE:NAME\n" in text
    assert "MODULE:NAME is where the preset `strict` is defined." in text


def test_the_card_says_what_makes_its_bytes_the_same() -> None:
    text = section(card(), "How to build it again")
    assert "INPUTS are the 1 file (9 bytes) that `manifest.json` lists." in text
    assert text.endswith(
        "Built with c4pipe 7.\n\nFingerprint of the settings, versions, external files and inputs: `f00`\n"
    )


def test_rejected_pages_are_promised_only_where_there_are_some() -> None:
    assert "`__rejected/` holds" not in card()
    part = [{"path": "__rejected/part-few_words.parquet"}]
    assert "`__rejected/` holds a sample of pages for each reason as they were" in card(rejected=part)
    assert "`__rejected/` holds all rejected pages as they were" in card(rejected=part, settings={"rejected": "all"})


def of_format(name: str, **months: int) -> str:
    preset = for_format(EN, name)
    stats = Stats(languages=Counter(["en"]), pages_kept=1, months=Counter(months))
    return dataset_card(preset, described(preset=preset), stats)


@pytest.mark.parametrize(
    ("name", "files"), [("jsonl", "JSONL files"), ("parquet", "Parquet files"), ("text", "text files")]
)
def test_of_other_files_nothing_is_claimed(name: str, files: str) -> None:
    text = of_format(name, **{"2024-05": 3})
    assert front(text)["license"] == "unknown"
    assert f"1,002 pages kept of 2,000 records read from {files} (50.1 %)" in text
    assert ", dated 2024-05, by c4pipe's preset" in text
    assert not [claim for claim in ("Common Crawl", "odc-by", "fetched", "1970") if claim in text]
    gaps = section(text, "Licence and takedown")
    assert gaps.startswith(f"It was read from {files}, which do not say who owns the text")
    assert "* Source: [TO FILL IN: where the text comes from" in gaps
    assert "in place of `unknown`.]" in gaps


def test_of_common_crawls_files_the_card_says_whose_they_are() -> None:
    text = of_format("wet", **{"2024-05": 3})
    assert front(text)["license"] == "odc-by"
    assert "read from Common Crawl WET files" in text
    assert ", fetched 2024-05, by" in text
    assert "Common Crawl crawled it" in section(text, "Licence and takedown")


def test_no_date_is_no_month() -> None:
    stats = Stats()
    stats.kept(Page("", "Some text.", "", "a#1", language="en"))
    assert stats.months == Counter({"": 1})
    assert "text, by c4pipe's preset" in of_format("jsonl")


AGAINST = [{"path": "out/2024-18", "sha256": "ab" * 32, "preset": "en.near", "keys": "all pages"}]


def test_the_card_says_how_near_duplicates_were_found() -> None:
    said = card(preset=EN_NEAR, settings={"rejected": "sample", "dedup": "spans,near"})
    assert "Near duplicates: Two texts are candidates if one of 14 bands of 8 minima of their word 5-grams" in said
    assert "The levels of text were chosen for this corpus: --dedup spans,near." in said
    assert "Near duplicates" not in card()
    assert "--dedup" not in card()


def test_the_card_says_that_no_near_duplicate_was_found() -> None:
    (row,) = [line for line in card(preset=EN_NEAR).splitlines() if line.startswith("| near ")]
    assert "`near_duplicate`" in row
    assert "| none | " in " ".join(row.split())


def test_the_card_says_what_earlier_corpora_had_and_which_they_are() -> None:
    stats = Stats(
        languages=Counter(["en"]),
        pages_kept=1,
        months_came=Counter({"2024-05": 10}),
        months_old=Counter({"2024-05": 4}),
        earlier=Counter({"url": 4}),
    )
    said = dataset_card(EN_NEAR, described(preset=EN_NEAR, against=AGAINST), stats)
    assert f"Of the 10 pages {COMPARED} 4 (40.0 %) fell to earlier corpora: 4 by stage url.\n" in said
    assert f"* `out/2024-18`, preset `en.near`, sha256 of its manifest `{'ab' * 32}`" in said
    assert "--against EARLIER" in said
    assert "EARLIER stands for the folders of the corpora that it was built against." in said
    assert "earlier corpora" not in card()


def test_the_name_of_an_earlier_corpus_writes_nothing_into_the_card() -> None:
    path = "a`b\n# Title\n<script>\u202e"
    said = card(against=[AGAINST[0] | {"path": path}])
    assert "\n# Title" not in said
    assert "\u202e" not in said
    (line,) = [line for line in said.split("\n") if line.startswith("* ``")]
    assert line.startswith("* `` a`b\\n# Title\\n<script>")


def test_the_command_says_that_no_keys_are_kept() -> None:
    assert "--no-keys" in card(settings={"rejected": "sample", "keys": False})
    assert "--no-keys" not in card()


def test_lists_that_lie_in_clear_are_told() -> None:
    listed = {"kind": "exclude", "name": "opt-out.txt", "at": "lists/exclude/opt-out.txt"}
    assert [*lists_told({"files": [{"kind": "robots", "at": "lists/robots/x"}]})] == []
    assert "are stored in `lists/exclude/` as plain text" in next(lists_told({"files": [listed]}))


def test_the_title_follows_the_preset() -> None:
    for name, like in (("en", "C4"), ("gopher", "Gopher"), ("fineweb.near", "FineWeb"), ("dclm", "DCLM")):
        preset = PRESETS[name]
        assert f"\n# A {like}-like corpus ({name})\n" in dataset_card(preset, described(preset=preset), Stats())
    mine = EN.named("mine", "of my own")
    assert "\n# A corpus (mine)\n" in dataset_card(mine, described(preset=mine), Stats())


def test_a_masked_corpus_says_what_was_masked_and_what_stays() -> None:
    plain = dataset_card(EN, described(), Stats())
    assert "* Nothing here looks for personal data, falsehoods, or for test sets" in plain
    masked = with_personal_masked(EN, ("email", "phone"))
    card = dataset_card(masked, described(preset=masked), Stats())
    assert "Nothing here looks for personal data" not in card
    assert "* The build looked for personal data of these kinds: e-mail addresses and phone numbers" in card
    assert "(`<EMAIL>`, `<PHONE>`)" in card
    assert masked_kinds({"preset": describe(masked)}) == ("email", "phone")
    assert masked_kinds({"preset": describe(EN)}) == ()
    assert personal_of({"preset": describe(EN)}) == NO_PERSONAL_DATA
    assert personal_of({"preset": {"stages": []}, "mixture": {"en": {}}}) == OF_A_MIXTURE
    assert CALLED.keys() == PERSONAL_REASONS.keys()
