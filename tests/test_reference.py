"""en.tfds against the recorded output of the reference for the same files, and the comparison that repeats it.

The numbers below come from TensorFlow Datasets' own functions (tensorflow-datasets 4.9.10, dataset version 3.1.0):

    NLTK_DATA=../shared/nltk_data bench/.venv-reference/bin/python bench/reference.py --output /tmp/reference.jsonl \
        --badwords-dir ../shared/badwords/at-25e679f ../shared/wet/*.warc.wet.gz ../shared/wet/tfds_fake/*.wet \
        ../shared/wet/cc_net_sample/sample.warc.txt    # for EVERYTHING: and ../shared/wet_bench/*.wet.gz

A digest is `bench.parity.digest` of the pages, a count the value in /tmp/reference.counters.json under the name that
`bench.parity.COUNTERS` maps to ours. `make parity` compares page for page with a new run.
"""

from collections import Counter

import pytest

from bench import parity
from bench.outside import SHARED
from bench.parity import COUNTERS, PRESETS, Lists, compare_counters, digest, our_counts, report, run_ours, shared_inputs
from c4pipe.dedup import UrlLevel
from c4pipe.presets import EN_TFDS
from c4pipe.stages import Identify
from tests import needs
from tests.wetfiles import WebPage, corpus, story, wet

WET = "601b3a5cc59ee31d7a3a6241f86aea14bb986b70153afef375ca9e8f8ec26c02"
EVERYTHING = "8b49baa75a2ef1a9800ddd9eac6e4512fea555c87939ea99642f28b00503db12"
# (stage, kind, reason): in ../shared/wet, and with ../shared/wet_bench.
COUNTS = {
    ("read", "rejected", "no_url"): (11, 13),
    ("read", "kept", ""): (1383, 7383),
    ("length", "rejected", "too_long"): (2, 2),
    ("length", "kept", ""): (1381, 7381),
    ("url", "rejected", "older_copy"): (3, 194),
    ("url", "kept", ""): (1378, 7187),
    ("clean", "lines_dropped", "long_word"): (15, 16),
    ("clean", "lines_dropped", "no_end_mark"): (198_096, 840_121),
    ("clean", "lines_dropped", "few_words"): (3060, 6605),
    ("clean", "lines_dropped", "javascript"): (96, 935),
    ("clean", "lines_dropped", "policy"): (139, 1248),
    ("clean", "rejected", "lorem_ipsum"): (1, 51),
    ("clean", "rejected", "curly_brace"): (5, 65),
    ("clean", "rejected", "few_sentences"): (136, 1793),
    ("clean", "kept", ""): (1236, 5278),
    ("lines", "lines_dropped", "repeated_line"): (846, 10_522),
    ("lines", "lines_dropped", "repeated_in_page"): (999, 1042),
    ("lines", "rejected", "nothing_left"): (10, 567),
    ("lines", "rejected", "few_sentences"): (6, 314),
    ("lines", "kept", ""): (1220, 4397),
    ("language", "rejected", "no_language"): (1, 1),
    ("language", "rejected", "unsure_language"): (2, 38),
    ("language", "rejected", "other_language"): (681, 2299),
    ("language", "kept", ""): (536, 2059),
    ("badwords", "rejected", "bad_word"): (56, 139),
    ("badwords", "kept", ""): (480, 1920),
    ("train", "rows", ""): (478, 1915),
    ("validation", "rows", ""): (2, 5),
}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param(0, WET, id="wet", marks=pytest.mark.soak),
        pytest.param(1, EVERYTHING, id="everything", marks=pytest.mark.slow),
    ],
)
@pytest.mark.usefixtures("punkt")
def test_the_pages_and_counts_of_the_reference(tmp_path, column, expected):
    inputs = shared_inputs() + (sorted(SHARED.glob("wet_bench/*.wet.gz")) if column else [])
    lists = SHARED / "badwords" / "at-25e679f"
    if len(inputs) != (13 if column else 11) or not lists.is_dir():
        pytest.skip(needs.WET)
    pages, manifest = run_ours(inputs, tmp_path, "en.tfds", Lists(lists, None))
    found = our_counts(manifest)
    assert {place: found.get(place, 0) for place in COUNTS} == {
        place: counts[column] for place, counts in COUNTS.items()
    }
    assert {place for place, n in found.items() if n and place[1] != "kept"} <= set(COUNTS)
    assert digest(pages) == expected


# --- the mapping ------------------------------------------------------------------------------------------


def test_no_two_counters_of_the_reference_are_one_of_ours():
    assert len(set(COUNTERS.values())) == len(COUNTERS)


def test_what_is_mapped_to_exists_and_all_that_exists_is_mapped_to():
    declared = {
        (stage.name, reason.code)
        for preset in (EN_TFDS, parity.NEWS)
        for stage in preset.stages
        for reason in stage.all_reasons()
    }
    mapped = {(stage, reason) for stage, _, reason in COUNTERS.values() if reason}
    assert mapped <= declared
    ours_alone = {reason for stage, reason in declared - mapped if stage != "read"}
    assert ours_alone == {UrlLevel.KNOWN.code}, "the reference knows no earlier corpora, and counts all the rest"
    assert any(isinstance(stage, Identify) for stage in EN_TFDS.stages)


def test_a_difference_in_a_count_is_seen():
    theirs = {
        "too-long-filter": {"filtered": 2, "passed": 5},
        "badwords-filter-en": {"filtered": 1},
        "english-filter": {"filtered:ignored_language": 3, "filtered:ignored_language-de": 3},
    }
    ours = {
        ("length", "rejected", "too_long"): 2,
        ("length", "kept", ""): 5,
        ("language", "rejected", "other_language"): 3,
    }
    assert all(line.expected == line.found for line in compare_counters(theirs, ours))
    odd = compare_counters(theirs, ours | {("length", "rejected", "too_long"): 1, ("read", "rejected", "no_url"): 4})
    assert [line for line in odd if line.expected != line.found] == [
        ("too-long-filter filtered", "length rejected too_long", 2, 1),
        ("(none)", "read rejected no_url", 0, 4),
    ]
    (line,) = compare_counters({"new-filter": {"filtered": 1}}, {})
    assert line == ("new-filter filtered", "(not mapped)", 1, 0)


def test_a_difference_in_a_page_is_seen():
    page = ("http://a.example/", "train", "2024", "text")
    changed = ("http://a.example/", "train", "2024", "Text")
    assert report(Counter([page]), Counter([page]), [])[1]
    text, equal = report(Counter([page]), Counter([changed]), [])
    assert not equal
    assert "first difference: http://a.example/" in text
    assert digest(Counter([page])) != digest(Counter([changed]))
    assert not report(Counter([page]), Counter([page, page]), [])[1]


# --- the comparison itself, where the reference is installed ----------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["en.tfds", "noclean"])
@pytest.mark.usefixtures("punkt")
def test_the_installed_reference_agrees(tmp_path, badwords, capsys, preset):
    if not parity.reference_python().exists():
        pytest.skip("the reference is not installed (`make parity` does it)")
    assert set(PRESETS) == {"en.tfds", "noblocklist", "noclean", "realnewslike"}
    folder = corpus(tmp_path / "wet", plain=5)
    plain = folder / "part-2.warc.wet"  # without a long page, and with quirks
    pages = [
        WebPage("http://quirk.example/1", story(3000, 3) + "\nWARC is a word that ends a line.\nContent-wise it is.")
    ]
    plain.write_bytes(wet([*pages, WebPage("http://quirk.example/2", story(3000, 5))], packed=False))
    inputs = [str(path) for path in sorted(folder.iterdir())]
    assert parity.main(["--input", *inputs, "--badwords-dir", str(badwords), "--preset", preset]) == 0
    assert "equal: 3 files" in capsys.readouterr().out


def test_without_the_reference_it_says_what_to_do(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("C4PIPE_REFERENCE_PYTHON", str(tmp_path / "none"))
    assert parity.main([]) == 2
    assert "make parity" in capsys.readouterr().err
