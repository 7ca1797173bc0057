"""model.evaluate: the numbers against transformers' own loss, and the command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
import transformers  # whose parts are imported when they are asked for: five seconds
from torch import Tensor

from model.data import open_entries, validation
from model.distributed import ProcessGroup
from model.evaluate import entropy, evaluate, main
from model.held_out import hold_out
from model.lane import Tokens
from model.objectives import OBJECTIVES, Vocabulary
from model.run import open_checkpoint
from model.source import Denoising, Source
from model.stream import Recipe
from model.t5 import Output
from tests.corpora import Letters, documents, sources_of, write_corpus
from tests.model.training import rows, train, write_stories

CPU = torch.device("cpu")
GROUP = ProcessGroup(CPU)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    assert train(data, run, steps=3) == 0
    return run


@pytest.mark.parametrize("rows", [3, 4, 16])
def test_scores_are_those_of_transformers(data: Path, run: Path, rows: int) -> None:
    """Over all targets at once, however they are cut into batches; a last batch has empty rows."""
    folder, model, tokenizer = open_checkpoint(run, None, CPU)
    entries = open_entries([data], "validation")
    recipe = Recipe(sources_of(entries, OBJECTIVES["span"], 32), tokenizer)
    english, overall = evaluate(
        model.forward, recipe, [hold_out(source, tokenizer) for source in recipe.sources], rows, GROUP, bf16=False
    )
    judge = transformers.T5ForConditionalGeneration.from_pretrained(folder).eval()
    loss, right, tokens, ids = 0.0, 0, 0, []
    for batch in validation(recipe, recipe.sources[0], 1):
        with torch.no_grad():
            mask = torch.ones_like(batch.inputs) if batch.input_segments is None else batch.input_segments
            logits = judge(batch.inputs, attention_mask=mask, labels=batch.targets).logits
        known = batch.targets != -100
        loss += float(torch.nn.functional.cross_entropy(logits[known], batch.targets[known], reduction="sum"))
        right += int((logits[known].argmax(-1) == batch.targets[known]).sum())
        tokens += int(known.sum())
        ids += batch.targets[known].tolist()
    assert (english.entry, overall.entry) == ("en", "all")
    assert english[1:] == overall[1:]
    assert (english.tokens, english.accuracy) == (tokens, pytest.approx(right / tokens, abs=1e-9))
    assert english.loss == pytest.approx(loss / tokens, rel=1e-5)
    shares = [ids.count(number) / len(ids) for number in {*ids}]
    assert english.unigram == pytest.approx(-sum(share * math.log(share) for share in shares), rel=1e-9)


def test_the_yardstick() -> None:
    assert entropy(torch.tensor([5, 0, 0])) == 0
    assert entropy(torch.tensor([2, 0, 2, 2, 2])) == pytest.approx(math.log(4))


class Couples(Letters):
    """A token is two bytes: half as many, of a vocabulary that is 128 times as large."""

    vocabulary = Vocabulary(3 + 128 * 128 + 10, sentinels=10)

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        return [
            128 * (ids[0::2] - 3) + (ids[1::2] - 3) + 3
            for ids in super().encode([t + " " * (len(t) % 2) for t in texts])
        ]


class Uniform:
    """A model to which all tokens of text are as likely, and which is sure of eos and sentinels."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def __call__(self, inputs: Tensor, targets: Tensor, *segments: Tensor, with_logits: bool) -> Output:
        first, size = self.vocabulary.first_sentinel, self.vocabulary.size
        logits = torch.zeros(*targets.shape, size)
        logits[..., :3] = logits[..., first:] = -math.inf
        known = targets != -100
        sure = known & ((targets == 1) | (targets >= first))
        nll = torch.tensor(float((known & ~sure).sum()) * math.log(first - 3))
        return Output(nll, nll, known.sum(), logits)


@pytest.mark.parametrize("objective", ["lm", "span", "prefix-lm"])
def test_bits_a_byte_are_those_of_any_tokenizer(tmp_path: Path, objective: str) -> None:
    """To who knows nothing a byte of 128 has 7 bits, however it is cut into tokens; nats a token differ by two."""
    data = write_corpus(tmp_path / "c4", {("en", "train"): [[documents(10, 20)]]})  # of even lengths, all of them
    entries = open_entries([data], "train")
    scores = []
    for tokenizer in (Letters(), Couples()):
        rule = Denoising(OBJECTIVES[objective], 24)
        recipe = Recipe(tuple(Source(entry, rule, 1.0) for entry in entries), tokenizer)
        held_out = [hold_out(source, tokenizer, 5) for source in recipe.sources]
        scores.append(evaluate(Uniform(tokenizer.vocabulary), recipe, held_out, 4, GROUP, bf16=False))
    for letters, couples in zip(*scores, strict=True):
        assert letters.bits == pytest.approx(7, rel=1e-6)
        assert couples.bits == pytest.approx(7, rel=1e-6)
        assert couples.loss > 1.5 * letters.loss


def test_the_command_says_what_the_run_has_written(data: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", str(run), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    last = rows(run / "eval.csv")[-1]
    assert "checkpoints/step-00000003, validation text of" in said
    cells = [line.split() for line in said.splitlines()[2:]]
    assert [line[0] for line in cells] == ["en", "all"]
    assert float(cells[1][1]) == pytest.approx(float(last["loss"]), abs=1e-4)
    assert cells[1][3] == last["tokens"]


def test_the_command_reads_other_text(data: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--run", str(run), "--device", "cpu"]
    assert main([*own, "--data", str(data), "--split", "train", "--languages", "de", "--documents", "2"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["de", "all"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "nowhere"], "nowhere does not exist: name a run"),
        (["--run", "RUN", "--languages", "de"], "unknown config of split 'validation' 'de'"),
        (["--run", "RUN", "--split", "held-out"], "has no held-out training pages (--held-out)"),
        (["--run", "RUN", "--batch", "0"], "'0' is not a whole number from 1 to"),
        (["--run", "RUN", "--checkpoint", "nowhere"], "there is no checkpoint nowhere"),
    ],
)
def test_wrong_use_is_said(run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main([str(run) if word == "RUN" else word for word in arguments]) == 2
    assert message in capsys.readouterr().err
