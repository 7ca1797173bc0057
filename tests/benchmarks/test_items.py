"""Files of test items: what is read of them, and what is said of those that are otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.benchmarks.items import Item, ItemText, read_items
from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.assets import find_assets
from c4pipe.files.benchmarks import benchmark_files

HEADER = "# question: q; answer: a; passage: p\n"


def texts(text: str, name: str = "toy.jsonl") -> list[list[tuple[str, str]]]:
    return [[tuple(each) for each in item.texts] for item in read_items(text, name)]


def test_an_item_of_json() -> None:
    data = (
        "# question: q, meta.more; answer: a\n\n"
        + '{"q": "Who?", "meta": {"more": "Which one?"}, "a": ["He", 2, null]}\n'
    )
    (item,) = read_items(data, "squad.v2.jsonl.gz")
    said = (("question", "Who?"), ("question", "Which one?"), ("answer", "He"), ("answer", "2"))
    assert item == Item("squad.v2", 3, tuple(ItemText(*each) for each in said))


def test_an_item_of_columns() -> None:
    data = '#passage: text;question: q\r\nq\ttext\r\nWho?\tIt was "he".\r\n\tNobody knows.\r\n'
    assert texts(data, "toy.tsv") == [
        [("passage", 'It was "he".'), ("question", "Who?")],
        [("passage", "Nobody knows."), ("question", "")],
    ]
    assert [item.line for item in read_items(data, "toy.tsv")] == [3, 4]


def test_a_name_with_a_dot_goes_before_the_way_into_an_object() -> None:
    assert texts('# question: a.b\n{"a.b": "one", "a": {"b": "two"}}') == [[("question", "one")]]


def test_other_breaks_of_lines_are_text() -> None:
    assert texts('# question: q\n{"q": "one\u2028two\x85"}\n') == [[("question", "one\u2028two\x85")]]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        ('{"q": 1}', "t.jsonl", "t.jsonl, line 1: '{\"q\": 1}' is not a header: expected # question: FIELD"),
        ("", "t.jsonl", "t.jsonl, line 1: '' is not a header"),
        ("# questions: q\n", "t.jsonl", "t.jsonl, line 1: 'questions: q' does not give a field for a role"),
        ("# question: q, ;\n", "t.jsonl", "line 1: 'question: q,' does not give a field"),
        ("# answer: a\n", "t.jsonl", "line 1: it names no question and no passage"),
        (HEADER, "t.jsonl", "t.jsonl holds no item: expected one line for each after the header."),
        (HEADER + "{", "t.jsonl", "t.jsonl, line 2: it is not JSON (Expecting property name"),
        (HEADER + "\n[1]", "t.jsonl", "t.jsonl, line 3: '[1]' is not an object. Expected one per line."),
        (HEADER + '{"q": "", "a": ""}', "t.jsonl", "line 2: there is no field 'p'. Fields: q, a."),
        (
            HEADER + '{"q": {"x": 1}, "a": 1, "p": 1}',
            "t.jsonl",
            "'q' holds an object. Name a field in it, such as q.x.",
        ),
        (HEADER, "t.tsv", "t.tsv, line 2: '' does not name the columns"),
        (
            HEADER + "q\ta\ta\n",
            "t.tsv",
            "t.tsv, line 2: 'q\\ta\\ta' does not name the columns: expected a different name for each",
        ),
        (HEADER + "q\ta\tp\n1\t2\n", "t.tsv", "t.tsv, line 3: it has 2 columns: expected 3, as in line 2."),
        (HEADER + "q\ta\n1\t2\n", "t.tsv", "t.tsv, line 3: there is no field 'p'. Fields: q, a."),
    ],
)
def test_what_is_refused(data: str, name: str, said: str) -> None:
    with pytest.raises(AssetError) as error:
        read_items(data, name)
    assert said in str(error.value)


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.jsonl.zst", "A.TSV", ".hidden", "README.md", "LICENSE"):
        (tmp_path / name).touch()
    assert [path.name for path in benchmark_files(tmp_path)] == ["A.TSV", "b.jsonl.zst"]
    assert [path.name for path in find_assets(benchmarks=tmp_path).benchmark_files()] == ["A.TSV", "b.jsonl.zst"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "holds no benchmark: expected files of test items, such as squad.jsonl"),
        (("README.md",), "holds no benchmark"),
        (("a.jsonl", "b.json"), "holds b.json: expected files of test items"),
        (("a.jsonl", "b.parquet"), "holds b.parquet"),
        (("a b.jsonl",), "holds a b.jsonl"),
        (("a.jsonl", "a.tsv"), "holds a.jsonl and a.tsv, the same task twice. Rename one of them."),
    ],
)
def test_a_file_that_would_be_passed_over_is_an_error(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ConfigError) as error:
        benchmark_files(tmp_path)
    assert said in str(error.value)


def test_a_folder_in_the_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "mmlu.jsonl").mkdir()
    with pytest.raises(ConfigError, match=r"holds mmlu\.jsonl: expected files"):
        benchmark_files(tmp_path)
    with pytest.raises(ConfigError, match="--benchmarks nowhere does not exist: expected a folder of files"):
        find_assets(benchmarks="nowhere")
