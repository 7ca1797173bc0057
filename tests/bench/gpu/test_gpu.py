"""`make gpu` rehearsed on a CPU: each section runs through, what is cut or dies says so, and what is there is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bench.gpu import __main__ as command
from bench.gpu.cases import FAILED, REHEARSAL, Row, Scale, halvings, measured
from bench.gpu.sections import SECTIONS, WHOLE, Ended, Section, end_section, measure_apart, read_section, write_rows
from bench.gpu.told import told
from tests.model.training import write_stories

ON_A_GPU = {"efficient", "cudnn", "flex, compiled"}  # ways that a CPU has no kernel for


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)
    torch.compiler.reset()


def test_parity_of_a_cpu_with_itself_is_exact_in_fp32_and_not_in_bf16() -> None:
    rows = {row["case"]: row for row in SECTIONS["parity"].measure(REHEARSAL)}
    assert not [row for row in rows.values() if FAILED in row]
    assert len(rows) == 6 + 3 + 3
    for case in ("fp32, eager", "fp32, eager, packed"):
        assert rows[case]["error of the loss"] == rows[case]["largest error of a gradient"] == 0
        assert rows[case]["same bits twice"]
    assert rows["fp32, compiled"]["largest error of a gradient"] < 1e-5
    for case in ("bf16, eager", "bf16, compiled, packed"):
        assert 1e-4 < rows[case]["largest error of a gradient"] < 0.1
    assert rows["fp32, eager"]["loss"] != rows["fp32, eager, packed"]["loss"]
    assert rows["a step of adafactor, fp32"]["largest error of a step"] == 0


def test_every_way_of_attention_gives_the_gradient_of_the_bias() -> None:
    rows = list(SECTIONS["attention"].measure(REHEARSAL))
    assert [row["attention"] for row in rows[:3]] == ["encoder", "decoder", "crossing"]
    done = {row["way"] for row in rows if FAILED not in row}
    assert done == {"sdpa, any", "sdpa, math", "sdpa, padded bias", "products, compiled"}
    assert all(0 < row["error of the bias"] < 0.02 for row in rows if row["way"] in done)
    assert all(any(way in row["way"] for way in ON_A_GPU) for row in rows if FAILED in row)


@pytest.mark.parametrize(("name", "count"), [("machine", 7), ("mfu", 6), ("precisions", 4), ("optimizers", 3)])
def test_every_other_section_runs_through(name: str, count: int) -> None:
    rows = list(SECTIONS[name].measure(REHEARSAL))
    assert not [row for row in rows if FAILED in row]
    assert len(rows) == count
    for row in rows:
        assert row.get("s/step", row.get("ms/step", 1)) > 0


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    def measure(batch: int) -> Row:
        if batch > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return {"rows": batch}

    assert halvings(16, measure) == {"batch": 4, "rows": 4}

    def never(batch: int) -> Row:
        raise torch.OutOfMemoryError(f"no room for {batch}\nand more lines")

    assert measured({"case": "large"}, lambda: halvings(16, never)) == {
        "case": "large",
        FAILED: "OutOfMemoryError: no room for 1",
    }


def test_a_section_that_hangs_is_cut_and_keeps_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.gpu.sections.ROOT", tmp_path)
    (tmp_path / "bench/gpu").mkdir(parents=True)
    (tmp_path / "bench/gpu/__main__.py").write_text(
        "import sys, time\n"
        "out = open(sys.argv[4] + '/' + sys.argv[2] + '.jsonl', 'w')\n"
        'out.write(\'{"case": 1}\\n{"case\')\nout.flush()\n'
        "if sys.argv[2] == 'mfu': time.sleep(600)\n"
        "sys.exit('no kernel image')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    hung = measure_apart("mfu", tmp_path, 3, [], "this")
    assert (hung.how, hung.rows, hung.whole) == ("cut after 3 s", [{"case": 1}], False)
    assert read_section(tmp_path / "mfu.jsonl", "this") == hung._replace(seconds=round(hung.seconds, 1))
    died = measure_apart("parity", tmp_path, 30, [], "this")
    assert died.how == "died with exit code 1: no kernel image"


def test_only_rows_of_this_code_and_device_count(tmp_path: Path) -> None:
    file = tmp_path / "mfu.jsonl"
    assert read_section(file, "this") is None
    write_rows([{"case": "bf16"}], file)
    assert read_section(file, "this") is None, "it has not ended"
    end_section(file, WHOLE, 1.25, "this")
    assert read_section(file, "this") == Ended(WHOLE, 1.2, [{"case": "bf16"}])
    assert read_section(file, "another") is None


def test_what_is_told() -> None:
    found = {
        "mfu": Ended(
            "cut after 9 s", 9.0, [{"case": "bf16", "batch": 1024, "MFU": 0.4}, {"case": "fp32", FAILED: "no"}]
        ),
        "attention": Ended("no time left", 0.0, []),
    }
    assert told(found, "A GPU", 8) == (
        "# A GPU\n\n## A step in bf16, compiled, with AdamW\n\n"
        "| case | batch | MFU |\n| :--- | ----: | --: |\n| bf16 | 1,024 | 0.4 |\n\n"
        "## Not measured\n\n* mfu: cut after 9 s\n* attention: no time left\n* mfu, fp32: no\n"
    )


@pytest.mark.slow
def test_the_whole_command_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def at_once(name: str, out: Path, limit: float, options: list[str], identity: str) -> Ended:
        asked.append(name)
        assert 0 < limit <= SECTIONS[name].seconds
        write_rows(SECTIONS[name].measure(REHEARSAL), out / f"{name}.jsonl")
        return end_section(out / f"{name}.jsonl", WHOLE, 1.0, identity)

    def quick(scale: Scale) -> Iterator[Row]:
        yield {"case": scale.name, "s/step": 0.5}

    for name in [*SECTIONS][1:]:
        monkeypatch.setitem(SECTIONS, name, Section(SECTIONS[name].title, 10, quick))  # type: ignore[index]
    monkeypatch.setattr(command, "measure_apart", at_once)
    data, out = write_stories(tmp_path / "data"), tmp_path / "gpu"
    words = ["--rehearse", "--out", str(out), "--data", str(data), "--training", "--vocab-size 80 --steps 6"]
    assert command.main(words) == 0
    assert asked == [*SECTIONS]
    results = json.loads((out / "results.json").read_text())
    trained = results["sections"]["training"]
    assert trained["how"] == WHOLE
    assert [row["step"] for row in trained["rows"]] == [6, 6]
    assert trained["rows"][-1]["vocabulary"] == 256
    assert "## The trainer, until minute 8 of all" in (out / "results.md").read_text()

    asked.clear()
    assert command.main([*words, "--again", "mfu"]) == 0
    assert asked == ["mfu"]
    assert json.loads((out / "results.json").read_text())["sections"]["training"] == trained


def test_a_training_that_time_ends_has_its_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LEAST_TRAINING", 1.0)
    data = write_stories(tmp_path / "data")
    words = ["--rehearse", "--only", "training", "--out", str(tmp_path / "gpu"), "--data", str(data)]
    words += ["--minutes", "0.25", "--training", "--vocab-size 80 --steps 1000000"]
    assert command.main(words) == 0
    end = json.loads((tmp_path / "gpu/results.json").read_text())["sections"]["training"]["rows"][-1]
    assert end["until"].startswith("its end, ")
    assert end["step"] > 5
    assert end["input tokens/s"] > 0


def test_a_training_that_dies_says_why_and_is_not_kept(tmp_path: Path) -> None:
    data, out = write_stories(tmp_path / "data"), tmp_path / "gpu"
    words = ["--rehearse", "--only", "training", "--out", str(out), "--data", str(data), "--training", "--steps -1"]
    assert command.main(words) == 1
    how = json.loads((out / "results.json").read_text())["sections"]["training"]["how"]
    assert how.startswith("died with exit code 2: ")
    assert f"* training: {how}" in (out / "results.md").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rehearse", "--only", "mfu,speed"], "--only: no section 'speed', expected machine, parity, mfu"),
        (["--rehearse", "--minutes", "0"], "--minutes 0: expected above 0, and at most 60"),
        (["--rehearse", "--data", "nowhere"], "--data nowhere: no corpus there"),
    ],
)
def test_wrong_use(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(words)
    assert said in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "mfu"])
    assert "no GPU was found" in capsys.readouterr().err
