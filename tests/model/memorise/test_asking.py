"""What is asked of a model for a passage, what counts as right, and the curves of it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from c4pipe.errors import ConfigError
from model.arguments import parse_train
from model.memorise.asking import Asking, PassageQuestion, asking_of, tokens_right
from model.memorise.curve import AskedPassage, csv_table, curve_markdown, points, wilson
from model.memorise.picture import draw_extraction
from model.memorise.report import shown_masked
from model.memorise.sampling import runs_of_words, shares_found
from model.objectives import LM, Deshuffling, PrefixLM, SpanCorruption, Vocabulary

VOCABULARY = Vocabulary(30, sentinels=10)  # sentinels are 29, 28, ...
IDS = np.arange(3, 15, dtype=np.int32)


def test_a_language_model_is_to_go_on() -> None:
    question = Asking(LM(), 64, 4).question(IDS, 7, VOCABULARY)
    assert question is not None
    assert question.inputs.tolist() == [1, 3, 4, 5, 6, 7, 8, 9, 10]
    assert question.answer.tolist() == [11, 12, 13, 14]
    question = Asking(PrefixLM(), 64, 50).question(IDS, 7, VOCABULARY)
    assert question is not None
    assert (question.inputs.tolist(), question.answer.tolist()) == ([*range(3, 9), 1], [*range(9, 15)])
    assert Asking(LM(), 64, 4).question(IDS[:1], 7, VOCABULARY) is None


def test_a_t5_is_to_restore_what_its_corruption_hides() -> None:
    asking = Asking(SpanCorruption(0.25, 3), 64, 50)
    question, again = (asking.question(IDS, 7, VOCABULARY) for _ in range(2))
    assert question is not None
    assert again is not None
    assert question.inputs.tolist() == again.inputs.tolist()
    assert (question.answer[0], question.answer[-1], len(question.answer)) == (29, 1, 5)
    hidden = question.answer[1:-1].tolist()
    assert sorted([*question.inputs.tolist(), *hidden]) == sorted([*IDS.tolist(), 29, 1])
    assert asking.question(IDS[:1], 7, VOCABULARY) is None


def test_the_beginning_of_a_long_passage_is_asked() -> None:
    question = Asking(LM(), 9, 3).question(IDS, 7, VOCABULARY)
    assert question is not None
    assert (question.inputs.tolist(), question.answer.tolist()) == ([1, 3, 4, 5, 6, 7], [8, 9, 10])


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ([29, 5, 6, 28, 7, 1], 3),
        ([29, 5, 6, 28, 7, 8, 9], 3),  # that it does not end changes no token of text
        ([29, 5, 6, 28, 8], 2),
        ([29, 5, 28, 7, 1], 1),
        ([], 0),
    ],
)
def test_only_text_counts_and_only_at_its_place(written: list[int], right: int) -> None:
    question = PassageQuestion(IDS, np.array([29, 5, 6, 28, 7, 1], np.int32))
    found = tokens_right(question, np.array(written, np.int64), VOCABULARY)
    assert (found.asked, found.right, found.whole) == (3, right, right == 3)


def test_how_a_run_is_asked_follows_from_what_it_was_trained_on() -> None:
    def of(*options: str, has_encoder: bool = True) -> object:
        settings, _ = parse_train(["--data", "x", "--run", "y", *options])
        return asking_of(settings, has_encoder, 50).objective

    assert of() == SpanCorruption()
    assert of("--objective", "salient", "--targets", "32") == SpanCorruption()
    assert of("--objective", "deshuffle") == Deshuffling()
    assert of("--objective", "lm", "--architecture", "decoder-lm", has_encoder=False) == LM()
    with pytest.raises(ConfigError, match="reads nothing"):
        of("--objective", "lm")


ROWS = [
    AskedPassage("a", 1, 1, 1, 2, 4, 1, 0),
    AskedPassage("a", 2, 1, 1, 3, 4, 4, 1),
    AskedPassage("a", 3, 300, 300, 900, 4, 4, 1),
    AskedPassage("b", 1, 1, 0, 0, 4, 0, 0),
]


def test_a_curve_has_a_point_a_bucket() -> None:
    found = points(ROWS)
    assert [(p.run, p.by, p.low, p.high, p.passages, p.whole) for p in found] == [
        ("a", "copies", 1, 1, 2, 1),
        ("a", "copies", 256, 304, 1, 1),
        ("a", "readings", 2, 2, 1, 0),
        ("a", "readings", 3, 3, 1, 1),
        ("a", "readings", 862, 1024 - 1, 1, 1),
        ("b", "copies", 1, 1, 1, 0),
        ("b", "readings", 0, 0, 1, 0),
    ]
    assert (found[0].share, found[0].tokens) == (0.5, 0.625)
    table = curve_markdown(found, "copies")
    assert table.splitlines()[0] == "| copies | a | b |"
    assert "| 1 | 1 of 2, 50.0% (9.5% to 90.5%); 62% of tokens | 0 of 1, 0.0% (0.0% to 79.3%); 0% of tokens |" in table
    assert csv_table(("x", "y"), [(1, 0.25)]) == b"x,y\n1,0.25\n"
    ElementTree.fromstring(draw_extraction(found, "title"))
    ElementTree.fromstring(draw_extraction([], "title"))


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (0, 1), (1, 1), (3, 7), (500, 1000)])
def test_an_interval_holds_its_share(hits: int, trials: int) -> None:
    low, high = wilson(hits, trials)
    assert 0 <= low <= (hits / trials if trials else 0.5) <= high <= 1


def test_what_is_shown_is_masked() -> None:
    assert shown_masked("Call +44 20 7946 0958\nor me@example.org\x1b[0m") == "Call <PHONE>\\nor <EMAIL>\\x1b[0m"


def test_what_stands_in_the_corpus_is_found() -> None:
    words = [f"w{n}" for n in range(20)]
    whole = " ".join(words)
    half = " ".join([*words[:12], *(f"x{n}" for n in range(8))])
    assert len(runs_of_words(whole)) == 13
    found = shares_found([whole.upper(), half, "few words", "a b c d e f g h i"], ["nothing", f"before {whole}, after"])
    assert found == [1.0, 5 / 13, 0.0, 0.0]


def test_a_missing_run_is_told_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from model.memorise.__main__ import main

    assert main(["--run", str(tmp_path / "no"), "--data", str(tmp_path)]) == 2
    assert "does not exist" in capsys.readouterr().err
