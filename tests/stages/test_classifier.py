"""Pages scored by a model, cut and drawn by their scores, and the words behind a score."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.plan import Plan
from c4pipe.errors import AssetError, ConfigError
from c4pipe.fasttext.joining import JOININGS
from c4pipe.fasttext.model import FastTextModel
from c4pipe.files.assets import Assets
from c4pipe.inspect.explain import explain
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.presets import EN
from c4pipe.stages import Classifier
from c4pipe.text import hash64
from tests.models import model_bytes

ASSETS = Assets()


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "quality.bin"
    path.write_bytes(model_bytes(labels=["good", "bad"], word_ngrams=2, seed=3))
    return str(path)


def page(text: str, number: int = 0) -> Page:
    return Page(f"http://a.example/{number}", text, "2024-05-22T10:11:12Z", f"x.warc.wet#{number}")


def score(model: str, text: str) -> float:
    found = FastTextModel(Path(model)).probabilities(text)
    assert found is not None
    return float(found[0])


def judged(stage: Classifier, *pages: Page) -> list[Verdict]:
    step = stage.bind(ASSETS)
    return [step(each) for each in pages]


def test_a_score_is_added_and_nothing_else_changes(model: str) -> None:
    (verdict,) = judged(Classifier(model, "good"), page("one two\nfour"))
    assert verdict == Kept(page("one two\nfour").adding(classifier_score=score(model, "one two four")))


def test_the_label_may_bear_its_prefix(model: str) -> None:
    short, long = (judged(Classifier(model, label), page("one"))[0] for label in ("good", "__label__good"))
    assert short == long


def test_a_page_with_a_lower_score_falls_with_its_score_as_the_detail(model: str) -> None:
    reached = score(model, "one two four")
    above = Classifier(model, "good", above=reached + 0.01)
    (verdict,) = judged(above, page("one two four"))
    assert verdict == Rejected(page("one two four"), Classifier.LOW, f"{reached:.6g}")
    assert [told.words for told in above.told()][1] == f"has a score of good below {reached + 0.01}"


def test_the_printed_score_is_a_threshold_that_its_page_reaches(model: str) -> None:
    for text in ("one", "two", "three one", "four été", "one two three four"):
        printed = float(str(np.float32(score(model, text))))
        assert isinstance(judged(Classifier(model, "good", above=printed), page(text))[0], Kept)
        higher = float(str(np.nextafter(np.float32(printed), np.float32(2))))
        assert isinstance(judged(Classifier(model, "good", above=higher), page(text))[0], Rejected)


def test_a_text_of_which_the_model_knows_nothing_has_no_score(tmp_path: Path) -> None:
    path = tmp_path / "narrow.bin"
    path.write_bytes(model_bytes(words=["one"], labels=["good", "bad"], buckets=0, longest=0))
    scored, cut = (
        judged(Classifier(str(path), "good", above=above), page("nothing known"))[0] for above in (None, 0.1)
    )
    assert scored == Kept(page("nothing known").adding(classifier_score=None))
    assert isinstance(cut, Rejected)
    assert cut.detail == "the model knows no part of the text"


def test_bins_keep_their_shares_by_the_url_and_the_stage_alone(model: str) -> None:
    low, high = "two", "three"
    edge = (score(model, low) + score(model, high)) / 2
    if score(model, low) > edge:
        low, high = high, low
    stage = Classifier(model, "good", bins=((edge, 0.25), (1.0, 1.0)))
    verdicts = judged(stage, *(page(low, number) for number in range(2000)))
    kept = [number for number, verdict in enumerate(verdicts) if isinstance(verdict, Kept)]
    assert 420 < len(kept) < 580  # 500, and 4 standard deviations
    assert kept == [n for n in range(2000) if hash64(f"classifier\na.example/{n}") < 2**62]
    assert all(isinstance(verdict, Kept) for verdict in judged(stage, *(page(high, n) for n in range(50))))
    lost = next(verdict for verdict in verdicts if isinstance(verdict, Rejected))
    assert lost.reason == Classifier.NOT_DRAWN
    assert lost.detail == f"{score(model, low):.6g}"


def test_a_score_on_an_edge_is_above_it(model: str) -> None:
    edge = float(str(np.float32(score(model, "two"))))
    (kept,) = judged(Classifier(model, "good", bins=((edge, 0.0), (1.0, 1.0))), page("two"))
    (lost,) = judged(Classifier(model, "good", bins=((edge, 1.0), (1.0, 0.0))), page("two"))
    assert isinstance(kept, Kept)
    assert isinstance(lost, Rejected)


def test_more_of_a_bin_is_all_that_was_kept_and_more(model: str) -> None:
    pages = [page("two", number) for number in range(300)]
    kept = [
        {
            each.page.url
            for each in judged(Classifier(model, "good", bins=((1.0, share),)), *pages)
            if type(each) is Kept
        }
        for share in (0.0, 0.2, 0.5, 1.0)
    ]
    assert [len(each) for each in kept][::3] == [0, 300]
    assert kept[0] < kept[1] < kept[2] < kept[3]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"above": 0}, "above 0: expected more than 0"),
        ({"above": 1.5}, "expected more than 0, and 1 at most"),
        ({"above": math.nan}, "above nan"),
        ({"above": "0.5"}, "above '0.5': expected more than 0"),
        ({"above": True}, "above True: expected more than 0"),
        ({"above": 1e-50}, "above 1e-50: expected more than 0, and 1 at most, as a 32-bit number"),
        ({"bins": ((True, True),)}, "expected pairs of a score and the share"),
        ({"bins": ((1e-50, 0.5), (1.0, 1.0))}, "must be above 0 and increase, as 32-bit numbers"),
        ({"above": 0.5, "bins": ((1.0, 0.5),)}, "leave one out"),
        ({"bins": ((0.5, 0.1),)}, "the last must be 1.0"),
        ({"bins": ((0.5, 0.1), (0.4, 0.1), (1.0, 1.0))}, "must be above 0 and increase"),
        ({"bins": ((1.0, 1.1),)}, "a share must be 0 to 1"),
        ({"bins": (1.0, 1.0)}, "expected pairs of a score and the share"),
        ({"joined": "dlcm"}, "Did you mean 'dclm'"),
        ({"column": "a b"}, "expected a name of letters"),
        ({"label": ""}, "expected a label of the model"),
        ({"model": Path("m.bin")}, "as a string"),
    ],
)
def test_what_cannot_work_is_said_before_any_work(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Classifier(**({"model": "m.bin", "label": "good"} | fields))


def test_a_label_that_the_model_has_not_is_named_with_those_that_it_has(model: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown label of .*quality\.bin, 'goood'.* Known: good, bad"):
        Classifier(model, "goood").bind(ASSETS)


def test_a_model_of_one_label_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.bin"
    path.write_bytes(model_bytes(labels=["good"]))
    with pytest.raises(ConfigError, match="has only the label good, which every page has"):
        Classifier(str(path), "good").bind(ASSETS)


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(AssetError, match=r"no/such\.bin does not exist"):
        Classifier("no/such.bin", "good").bind(ASSETS)


def test_a_model_that_changes_in_its_place_is_read_again(model: str) -> None:
    before = judged(Classifier(model, "good"), page("one"))[0]
    Path(model).write_bytes(model_bytes(labels=["good", "bad"], word_ngrams=2, seed=4, words=("</s>", "one")))
    assert judged(Classifier(model, "good"), page("one"))[0] != before


@pytest.mark.parametrize("joined", JOININGS)
def test_the_text_is_joined_as_the_makers_do_it(model: str, joined: str) -> None:
    text = "One two,\nfour."
    (verdict,) = judged(Classifier(model, "good", joined=joined), page(text))
    assert verdict.page.extra["classifier_score"] == score(model, JOININGS[joined][0](text))


def test_a_preset_records_the_model_the_numbers_and_the_column(model: str) -> None:
    preset = EN.after("language", Classifier(model, "good", bins=((0.5, 0.1), (1.0, 1.0)), column="quality"))
    (row,) = [row for row in describe(preset)["stages"] if row["stage"] == "classifier"]
    assert row["class"] == "c4pipe.stages.classifier:Classifier"
    assert (row["model"], row["label"], row["above"]) == (model, "good", None)
    assert row["bins"] == ((0.5, 0.1), (1.0, 1.0))
    assert row["columns"] == {"quality": "float32"}
    assert [*row["reasons"]] == ["score_not_drawn"]
    assert Plan(preset, ASSETS).schema().field("quality").type == pa.float32()


def test_two_classifiers_need_two_columns(model: str) -> None:
    preset = EN.after("language", Classifier(model, "good"))
    same = preset.after("classifier", Classifier(model, "bad", name="other"))
    with pytest.raises(ConfigError, match="'classifier_score': it is taken"):
        Plan(same, ASSETS).schema()
    other = preset.after("classifier", Classifier(model, "bad", name="other", column="bad_score"))
    assert Plan(other, ASSETS).schema().names[-2:] == ["classifier_score", "bad_score"]


def test_the_words_of_a_page_make_its_logit(model: str) -> None:
    preset = EN.without("clean", "spans", "language", "badwords").after("url", Classifier(model, "good", above=0.5))
    text = "one two one\nfour unknown"
    found = explain(page(text), Plan(preset, ASSETS))
    (moved,) = found.moved
    assert (moved.stage, moved.of) == ("classifier", "good")
    assert Counter({each.word: each.times for each in moved.words}) == Counter([*text.split(), "</s>"])
    assert [each.share for each in moved.words] == sorted((each.share for each in moved.words), reverse=True)
    assert sum(each.share for each in moved.words) + moved.rest == pytest.approx(moved.logit, abs=1e-6)
    assert 1 / (1 + math.exp(-moved.logit)) + 1e-5 == pytest.approx(score(model, "one two one four unknown"), abs=1e-6)


def test_a_page_that_fell_before_has_no_words(model: str) -> None:
    preset = EN.after("language", Classifier(model, "good"))
    assert explain(page("one two"), Plan(preset, ASSETS)).moved == ()
