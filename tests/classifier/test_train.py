"""The command that trains, on folders of texts: what it writes, what it says of that, and what it refuses."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from c4pipe.classifier.__main__ import main
from c4pipe.fasttext.model import FastTextModel
from tests import needs

GOOD = ["valley", "archive", "winter", "museum", "because", "therefore", "historians"]
BAD = ["cheap", "click", "buy", "offer", "discount", "shipping", "cart"]
BOTH = ["the", "a", "of", "and", "to", "in", "on", "with", "for", "was"]
SMALL = ("--least", "1", "--epochs", "20", "--rate", "0.5", "--dimensions", "8", "--buckets", "2000")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders: 200 pages of 40 domains each in JSON Lines, and a text file; one page in four has words of both."""
    folder, draw = tmp_path_factory.mktemp("texts"), random.Random(1)
    for name, own, other in (("good", GOOD, BAD), ("bad", BAD, GOOD)):
        (folder / name).mkdir()
        with (folder / name / "pages.jsonl").open("w", encoding="utf-8") as file:
            for number in range(200):
                strange = draw.choices(other, k=0 if number % 4 else 2)
                words = [*draw.choices(BOTH, k=30), *draw.choices(own, k=6), *strange]
                draw.shuffle(words)
                text = f"{' '.join(words[:20])} {number}.\n{' '.join(words[20:])}."
                file.write(json.dumps({"text": text, "url": f"http://www.{name}{number % 40}.example/{number}"}) + "\n")
        (folder / name / "one.txt").write_text(f"__label__bad and </s> the {own[0]} of {own[1]}.", encoding="utf-8")
    return folder


def train(texts: Path, out: Path, *options: str) -> int:
    command = ["train", str(texts / "good"), str(texts / "bad"), "--out", str(out)]
    return main([*command, "--python", str(needs.FASTTEXT), *SMALL, *options])


@pytest.fixture(scope="module")
def trained(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("trained") / "quality.bin"
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("c4pipe.classifier.train.print", lambda line, **_: lines.append(line), raising=False)
        assert train(texts, out, "--json") == 0
    return out, json.loads(lines[-1])


@needs.fasttext
def test_a_model_that_tells_the_sides_apart_and_what_it_is_worth(trained: tuple[Path, dict[str, Any]]) -> None:
    out, report = trained
    assert FastTextModel(out).labels in (("__label__good", "__label__bad"), ("__label__bad", "__label__good"))
    assert [side["read"] for side in report["sides"]] == [201, 201]
    assert all(side["held_out_domains"] >= 3 and side["held_out"] >= 15 for side in report["sides"])
    (even,) = [row for row in report["thresholds"] if row["above"] == 0.5]
    assert even["precision"]["value"] > 0.9
    assert even["recall"]["value"] > 0.9
    for row in report["thresholds"]:
        for share in filter(None, (row["precision"], row["recall"])):
            assert 0 <= share["low"] <= share["value"] <= share["high"] <= 1
    assert {*GOOD} & {each["word"].rstrip(".") for each in report["words"]["good"]}
    assert {*BAD} & {each["word"].rstrip(".") for each in report["words"]["bad"]}
    assert report["trainer"].startswith("fasttext")


@needs.fasttext
def test_the_same_pages_and_settings_give_the_same_model(
    texts: Path, trained: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shuffled = tmp_path / "shuffled"
    for name in ("good", "bad"):
        (shuffled / name).mkdir(parents=True)
        for path in (texts / name).iterdir():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            (shuffled / name / path.name).write_text("".join(reversed(lines)), encoding="utf-8")
    assert train(shuffled, tmp_path / "again.bin") == 0
    assert (tmp_path / "again.bin").read_bytes() == trained[0].read_bytes()
    said = capsys.readouterr().out
    assert trained[1]["sha256"] in said
    assert f'Classifier("{tmp_path / "again.bin"}", "good", above=0.5)' in said
    assert train(texts, tmp_path / "other.bin", "--seed", "1") == 0
    assert (tmp_path / "other.bin").read_bytes() != trained[0].read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.bin", "other.bin", "shuffled"]


@needs.fasttext
def test_scores_are_those_of_the_library_that_trained(trained: tuple[Path, dict[str, Any]]) -> None:
    texts = ["historians of the valley", "cheap offer, click", "unknown words alone", "the museum offer " * 50]
    code = "import fasttext, json, sys; m = fasttext.load_model(sys.argv[1]); "
    code += "told = [m.predict(text, k=-1) for text in json.load(sys.stdin)]; "
    code += "print(json.dumps([dict(zip(labels, map(float, scores))) for labels, scores in told]))"
    command = [str(needs.FASTTEXT), "-c", code, str(trained[0])]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    model = FastTextModel(trained[0])
    for text, told in zip(texts, json.loads(done.stdout), strict=True):
        found = model.probabilities(text)
        assert found is not None
        for label, score in told.items():
            assert found[model.labels.index(label)] == pytest.approx(score, abs=1e-6)


@needs.fasttext
def test_nothing_is_overwritten(texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.bin").write_bytes(b"mine")
    assert train(texts, tmp_path / "mine.bin") == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "mine.bin").read_bytes() == b"mine"


@needs.fasttext
def test_an_empty_side_is_told_before_anything_is_written(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "blank.txt").write_text(" \n")
    (tmp_path / "bad").symlink_to(texts / "bad")
    assert train(tmp_path, tmp_path / "m.bin") == 2
    said = capsys.readouterr().err
    assert f"good ({tmp_path / 'good'}) has no page with a text" in said
    assert "1 record gave no page" in said
    assert not (tmp_path / "m.bin").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a", "b"], "the following arguments are required: --out"),
        (["a", "b", "--out", "m.txt"], "a fastText model needs the suffix .bin"),
        (["a", "b", "--out", "no/such/m.bin"], "is not a folder. Create it"),
        (["a", "a", "--out", "m.bin"], "GOOD and BAD are both a"),
        (["a", "b", "--out", "m.bin", "--rate", "0"], "--rate 0.0: expected more than 0"),
        (["a", "b", "--out", "m.bin", "--dimensions", "0"], "argument --dimensions"),
        (["a", "b", "--out", "m.bin", "--word-ngrams", "40"], "expected --word-ngrams 16"),
        (["a", "b", "--out", "m.bin", "--python", "/no/such"], "--python /no/such cannot be started"),
        (["a", "b", "--out", "m.bin", "--python", "/bin/true"], "--python /bin/true did not train"),
        (["a", "b", "--out", "m.bin"], "has no fasttext package that trains (its package only predicts)"),
    ],
)
def test_what_cannot_work_is_said_before_any_work(
    tmp_path: Path, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    assert says in capsys.readouterr().err
