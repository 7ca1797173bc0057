"""model.generate: the same infills as transformers from the same folder, and the command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
import transformers  # whose parts are imported when they are asked for: five seconds

from model.arguments import Decoding
from model.errors import ConfigError
from model.generate import encode, filled, generate, main
from model.run import open_checkpoint
from tests.model.training import train, write_stories

CPU = torch.device("cpu")
TEXTS = [
    "The sea was <extra_id_0> and a boat <extra_id_1> from the north.",
    "<extra_id_0> stood on the pier",
    "Nobody at the <extra_id_0>",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained long enough to write different things for different texts."""
    folder = tmp_path_factory.mktemp("run")
    assert train(write_stories(folder / "c4"), folder / "run", steps=25) == 0
    return folder / "run"


def test_the_folder_is_transformers_own_and_infills_are_the_same(run: Path) -> None:
    folder, model, tokenizer = open_checkpoint(run, None, CPU)
    judge, words = (
        transformers.T5ForConditionalGeneration.from_pretrained(folder).eval(),
        transformers.AutoTokenizer.from_pretrained(folder),
    )
    for text in TEXTS:
        found = words(text, return_tensors="pt")
        assert encode(tokenizer, text).tolist() == found.input_ids[0].tolist()
        written = judge.generate(**found, max_new_tokens=20, do_sample=False, num_beams=1)[0].tolist()
        (ours,) = generate(model, tokenizer, [text], 20, Decoding())
        assert ours == tokenizer.decode(written)
    assert len(set(generate(model, tokenizer, TEXTS, 20, Decoding()))) > 1


def test_texts_together_are_as_texts_alone(run: Path) -> None:
    """Their lengths differ: the shorter ones are padded."""
    _, model, tokenizer = open_checkpoint(run, None, CPU)
    for how in (Decoding(), Decoding(beams=3)):
        together = generate(model, tokenizer, TEXTS, 12, how)
        assert together == [generate(model, tokenizer, [text], 12, how)[0] for text in TEXTS]


def test_a_seed_decides_what_is_drawn(run: Path) -> None:
    _, model, tokenizer = open_checkpoint(run, None, CPU)
    drawn = [generate(model, tokenizer, TEXTS, 20, Decoding(sample=True, seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    narrow = Decoding(sample=True, top_k=1, seed=3)
    assert generate(model, tokenizer, TEXTS, 20, narrow) == generate(model, tokenizer, TEXTS, 20, Decoding())


@pytest.mark.parametrize(
    ("text", "written", "result"),
    [
        ("A <extra_id_0> b <extra_id_1>.", "<extra_id_0> x<extra_id_1> y z", "A x b y z."),
        ("<extra_id_0> b", "<extra_id_0>A c", "A c b"),
        ("A <extra_id_0> b <extra_id_1>", "<extra_id_0>x", "A x b <extra_id_1>"),
        ("A <extra_id_1> b", "<extra_id_0>x<extra_id_1>y", "A y b"),
        ("A <extra_id_0> b", "nothing", "A <extra_id_0> b"),
        ("no blank", "<extra_id_0> x", "<extra_id_0> x"),
    ],
)
def test_blanks_are_filled(text: str, written: str, result: str) -> None:
    assert filled(text, written) == result


def test_a_sentinel_beyond_the_vocabulary_is_refused(run: Path) -> None:
    tokenizer = open_checkpoint(run, None, CPU)[2]
    with pytest.raises(ConfigError, match="<extra_id_100>: the vocabulary has <extra_id_0> to <extra_id_99>"):
        encode(tokenizer, "a <extra_id_100>")


def test_the_command(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--run", str(run), "--device", "cpu", "--max-tokens", "12"]
    assert main([*own, "--raw", *TEXTS]) == 0
    _, model, tokenizer = open_checkpoint(run, None, CPU)
    written = generate(model, tokenizer, TEXTS, 12, Decoding())
    assert capsys.readouterr().out.splitlines() == written
    assert main([*own, *TEXTS]) == 0
    assert capsys.readouterr().out.splitlines() == [filled(*pair) for pair in zip(TEXTS, written, strict=True)]
    assert main([*own, "--beams", "4", TEXTS[0]]) == 0
    assert main([*own, "--sample", "--temperature", "0.7", "--top-p", "0.9", "--top-k", "20", TEXTS[0]]) == 0


def test_a_checkpoint_is_a_run_too(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = run / "checkpoints/step-00000025"
    own = ["--device", "cpu", "--max-tokens", "12", TEXTS[0]]
    assert main(["--run", str(run), *own]) == 0
    whole = capsys.readouterr().out
    assert main(["--run", str(last), *own]) == 0
    assert capsys.readouterr().out == whole
    assert main(["--run", str(last), "--checkpoint", str(run), *own]) == 2
    assert "is a checkpoint, and --checkpoint names another one" in capsys.readouterr().err
    damaged = Path(shutil.copytree(last, tmp_path / "damaged"))
    (damaged / "model.safetensors").write_bytes(b"")
    assert main(["--run", str(run), "--checkpoint", str(damaged), *own]) == 1
    assert "is damaged: model.safetensors does not match sha256.json. Leave out --checkpoint" in capsys.readouterr().err


def test_what_is_no_run_is_named(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, message in ((run.parent / "c4", "is a corpus, not a run"), (run / "nosuch", "does not exist")):
        assert main(["--run", str(folder), TEXTS[0]]) == 2
        assert f"{folder} {message}" in capsys.readouterr().err


def test_a_text_without_blanks_gets_the_raw_output_and_a_note(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "note: no <extra_id_0> in the text: raw output\n"
    for options, note in (([], said), (["--raw"], "")):
        assert main(["--run", str(run), "--device", "cpu", "--max-tokens", "8", *options, "The sea"]) == 0
        out, err = capsys.readouterr()
        assert (out.startswith("<extra_id_"), err) == (True, note)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--beams", "0"], "--beams 0: expected 1"),
        (["--sample", "--beams", "2"], "--sample and --beams exclude each other"),
        (["--temperature", "0.5"], "or add --sample"),
        (["--sample", "--top-p", "0"], "top-p above 0"),
        (["--checkpoint", "nowhere"], "there is no checkpoint nowhere"),
    ],
)
def test_wrong_use_is_said(run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["--run", str(run), *arguments, TEXTS[0]]) == 2
    assert message in capsys.readouterr().err
