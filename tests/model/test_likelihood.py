"""The likelihood of texts under a run: against a plain loop over tokens, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from model.likelihood import OwnText, main, read_texts, text_scores
from model.objectives import find_objective
from model.run import open_checkpoint
from model.source import Denoising
from tests.model.training import rows, story, train, write_stories

CPU = torch.device("cpu")
TEXTS = [OwnText("news", "one", story(1)), OwnText("news", "nothing", ""), OwnText("talks", "long", story(2) * 9)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = write_stories(tmp_path_factory.mktemp("data") / "c4")
    run = tmp_path_factory.mktemp("run")
    assert train(data, run, "--objective", "lm", "--architecture", "decoder-lm", "--inputs", "32", steps=2) == 0
    return run


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_nats_are_those_of_every_token_given_those_before_it_in_its_piece(run: Path, at_once: int) -> None:
    _, model, tokenizer = open_checkpoint(run, None, CPU)
    rule = Denoising(find_objective("lm"), 32)
    found = list(text_scores(model, tokenizer, rule, TEXTS, at_once))
    assert [(one.domain, one.document) for one in found] == [("news", "one"), ("talks", "long")]
    chunk = rule.objective.lengths(32).chunk
    for score, text in zip(found, (TEXTS[0].text, TEXTS[2].text), strict=True):
        [ids] = tokenizer.encode([text])
        nats, counted = 0.0, 0
        for start in range(0, len(ids), chunk):
            piece = torch.from_numpy(ids[start : start + chunk].astype("int64"))[None]
            if piece.shape[1] < 2:
                continue
            eos = torch.full((1, 1), tokenizer.vocabulary.eos)
            with torch.no_grad():
                logits = model(eos, torch.cat([piece, eos], 1), with_logits=True).logits
            assert logits is not None
            scores = logits[:, : piece.shape[1]].log_softmax(-1)
            nats -= float(scores.gather(2, piece[..., None]).sum())
            counted += piece.shape[1]
        assert score.nats == pytest.approx(nats / counted * len(ids), rel=1e-5)
        assert (score.bytes, score.tokens) == (len(text.encode()), len(ids))
        assert 0 < score.nats / len(ids) < 2 * math.log(tokenizer.vocabulary.size)


def test_the_command_writes_a_row_a_document(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps(text._asdict()) + "\n" for text in TEXTS))
    assert main(["--run", str(run), "--texts", str(file), "--output", str(tmp_path / "out")]) == 0
    found = rows(tmp_path / "out" / "likelihood.csv")
    assert [(row["domain"], row["document"]) for row in found] == [("news", "one"), ("talks", "long")]
    assert "2 documents into" in (said := capsys.readouterr().out)
    assert "1 document too short" in said


def test_what_is_there_is_put_aside(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "texts.jsonl").write_text(line("news", "one"))
    (tmp_path / "likelihood.csv").write_text("mine")
    command = ["--run", str(run), "--texts", str(tmp_path / "texts.jsonl"), "--output", str(tmp_path)]
    assert main(command) == 0
    assert "kept as likelihood.csv.old" in capsys.readouterr().err
    assert (tmp_path / "likelihood.csv.old").read_text() == "mine"
    assert main(command) == 0  # the same numbers
    assert not (tmp_path / "likelihood.csv.old-2").exists()
    assert main([*command[:-1], str(tmp_path / "texts.jsonl")]) == 2


def line(domain: str, document: str) -> str:
    return json.dumps({"domain": domain, "document": document, "text": story(1) + "\u2028"}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no document"),
        ("{", "line 1: expected"),
        ('{"domain": "a", "document": "b"}', "line 1: expected"),
        ('{"domain": "a", "document": "b", "text": 1}', "must be strings"),
        ("[]", "line 1: expected"),
        (line("a", "b") + line("a", "c") + line("a", "b"), "line 3: document 'b' of domain 'a' is in line 1 too"),
        (line("", "b"), "line 1: domain and document must not be empty"),
        (line("a", "b") + line("a", " "), "line 2: domain and document must not be empty"),
    ],
)
def test_texts_that_are_none(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "texts.jsonl").write_text(content)
    with pytest.raises(Exception, match=told):
        read_texts(tmp_path / "texts.jsonl")
    with pytest.raises(Exception, match="cannot be read"):
        read_texts(tmp_path / "nothing.jsonl")
