"""model.salient: pairs by salient spans and their control as rows of any corpus, wherever the stream is cut."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from model.arguments import parse_train
from model.data import Batches, validation
from model.errors import ConfigError
from model.held_out import hold_out
from model.ids import EOS
from model.lane import LONGEST_DOCUMENT
from model.objectives import SpanCorruption
from model.rows import Widths
from model.salient import SalientPairs, SalientSentences, SpanEncoder, corpus_rule
from model.settings import TrainSettings
from model.source import Denoising, Rule, Source
from model.stream import Recipe
from model.tasks.salient import SalientSpans
from tests.corpora import Letters, entries, write_corpus
from tests.model.streams import assert_same_stream
from tests.model.training import rows, train

SPANS = SalientSpans()
TEXT = "Fog lay on the river. Ada Lovelace died in 1852. Nobody saw it. In Rome it rained on Monday."
CONTROL = SalientSentences(SpanCorruption(), 32, spans=SPANS)


def towns(number: int) -> str:
    return f"It rained. Town {number} has a mill of {1600 + number}. Nobody saw the ferry to Port {number} there."


def test_a_text_is_its_pairs_and_what_is_too_long_is_left_out_whole() -> None:
    found = SpanEncoder(Letters(), Widths(64, 16), SPANS).encode([TEXT, "Fog lay on the river.", ""])
    assert [Letters.decode(part) for part in np.split(found[0], np.flatnonzero(found[0] == EOS) + 1)] == [
        *("nem: _X_ died in 1852.", "Ada Lovelace", "nem: Ada Lovelace died in _X_.", "1852"),
        *("nem: In _X_ it rained on Monday.", "Rome", "nem: In Rome it rained on _X_.", "Monday", ""),
    ]
    assert [len(tokens) for tokens in found[1:]] == [0, 0]
    (short,) = SpanEncoder(Letters(), Widths(64, 12), SPANS).encode([TEXT])  # "Ada Lovelace" and its eos are 13
    assert np.count_nonzero(short == EOS) == 6
    (narrow,) = SpanEncoder(Letters(), Widths(23, 16), SPANS).encode([TEXT])  # the first inputs are 22 and an eos
    assert Letters.decode(narrow) == "nem: _X_ died in 1852.Ada Lovelace"


def test_a_very_long_text_ends_with_a_whole_pair() -> None:
    (tokens,) = SpanEncoder(Letters(), Widths(64, 16), SPANS).encode(["It was Ada who died in 1852. " * 1_700])
    assert LONGEST_DOCUMENT - 64 - 16 < len(tokens) <= LONGEST_DOCUMENT
    assert tokens[-1] == EOS
    assert np.count_nonzero(tokens == EOS) % 2 == 0


@pytest.fixture(scope="module")
def towns_entry(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = write_corpus(
        tmp_path_factory.mktemp("towns"), {("en", "train"): [[[towns(n) for n in range(40)], [TEXT, "It rained."]]]}
    )
    (entry,) = entries(folder)
    return Recipe((Source(entry, SalientPairs(80, 16, spans=SPANS), 1.0),), Letters(), seed=3, lanes=4)


@pytest.mark.parametrize("rule", [SalientPairs(160, 32, True, spans=SPANS), CONTROL])
def test_the_stream_is_the_same_from_workers_ranks_and_after_a_stop(towns_entry: Recipe, rule: Rule) -> None:
    recipe = replace(towns_entry, sources=(replace(towns_entry.sources[0], rule=rule),))
    with Batches(recipe, 12) as batches:
        straight = list(islice(batches, 6))
    assert_same_stream(recipe, straight)
    with Batches(recipe, 12) as batches:
        list(islice(batches, 4))  # in the middle of documents, that have several pairs
        state = json.loads(json.dumps(batches.state()))
    with Batches(recipe, 12) as batches:
        batches.restore(state)
        assert torch.equal(next(batches).targets, straight[4].targets)


def test_every_pair_comes_once_an_epoch_and_the_control_reads_the_same_sentences(towns_entry: Recipe) -> None:
    (source,) = towns_entry.sources
    found = [Letters.decode(row) for batch in validation(towns_entry, source, 8) for row in batch.inputs.tolist()]
    texts = [*map(towns, range(40)), TEXT]
    assert [text for text in found if text] == [pair[0] for text in texts for pair in SPANS.pairs(text)]
    assert source.rule.rows(source.rule.encoder(Letters()).encode(texts)) == len([text for text in found if text])
    kept = [" ".join(sentence for sentence, _ in SPANS.sentences(text)) for text in texts]
    assert "".join(map(Letters.decode, CONTROL.encoder(Letters()).encode(texts))) == "".join(kept)
    assert hold_out(source, Letters()).tokens_a_byte == 1


def made(*words: str) -> TrainSettings:
    return parse_train(["--data", "c4", "--run", "run", *words])[0]


def test_where_spans_come_from_is_a_fixed_setting_and_a_file_is_known_by_its_sum(tmp_path: Path) -> None:
    first, moved, other = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl"))
    for path, span in ((first, "Ada"), (moved, "Ada"), (other, "Rome")):
        path.write_text(json.dumps({"sentence": "Ada came to Rome.", "spans": [span]}) + "\n")
    fixed = [made("--objective", "salient", "--spans", str(path)).fixed() for path in (first, moved, other)]
    assert fixed[0] == fixed[1] != fixed[2]
    assert made("--objective", "salient").fixed()["spans"]["source"] == "dates+numbers+names"
    assert made("--objective", "salient").fixed() != made("--objective", "salient", "--targets", "16").fixed()
    assert made().fixed()["spans"] is None
    assert TrainSettings.from_json(made("--spans", "dates").to_json()).rule_of("out/de") == SalientSentences(
        SpanCorruption(), 128, spans=SalientSpans("dates", "de")
    )
    assert made().rule_of("en") == Denoising(SpanCorruption(), 128)
    assert made("--objective", "salient").rule_of("en") == SalientPairs(128, 32, spans=SPANS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--objective", "salted"], r"unknown objective 'salted'.*'salient'"),
        (["--objective", "salient", "--density", "0.2"], "masks one span per row: leave out --density and --mean-span"),
        (["--objective", "salient", "--targets", "1"], r"--targets 1: expected 2 to 32,768 tokens"),
        (["--objective", "salient", "--spans", "date"], "date: No such file or directory. Salient spans come from"),
        (["--spans", "dates", "--first-tokens", "9"], "--first-tokens needs whole texts"),
        (["--targets", "9"], "--targets has no effect: it applies to --objective salient"),
    ],
)
def test_wrong_use_is_found_before_any_work(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(*words)


def test_the_control_may_have_any_objective() -> None:
    rule = corpus_rule("span-bare", 0.3, None, "dates", "en", 64, None, False)
    assert isinstance(rule, SalientSentences)
    assert rule.scored(TEXT) == "Ada Lovelace died in 1852."


def test_a_run_is_trained_and_scored_and_goes_on_with_its_own_spans_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_corpus(
        tmp_path / "c4",
        {(("en"), split): [[[towns(n) for n in range(30)]]] for split in ("train", "validation")},
    )
    run, words = tmp_path / "run", ("--inputs", "64", "--layers", "1", "--objective", "salient", "--targets", "16")
    assert train(data, run, *words, steps=2) == 0
    assert rows(run / "eval.csv")[-1]["bits_per_byte"] != "nan"
    assert json.loads((run / "config.json").read_text())["spans"]["source"] == "dates+numbers+names"
    assert train(data, run, *words, "--spans", "names", steps=3) == 2
    assert 'spans.source was "dates+numbers+names" and is now "names"' in capsys.readouterr().err
