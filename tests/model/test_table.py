"""Files that a run adds to: what of them goes on, and that nothing of what does not is lost without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.journal import kept_parts
from model.sums import Mark, RunSums
from model.table import EVAL_COLUMNS, METRIC_COLUMNS, Log, Table, head, kept_rows, kept_samples, read_table

COLUMNS = ("step", "loss")
EVALS = ("step", "entry", "loss")


def test_a_table_goes_on_with_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    table = Table(path, COLUMNS)
    table.add_rows({"step": step, "loss": step / 2} for step in (1, 2, 3, 4))
    table.close()
    kept, whole = kept_rows(path.read_bytes(), COLUMNS, 2)
    assert whole
    table = Table(path, COLUMNS, kept)
    table.add_rows([{"loss": 9, "step": 3}])
    table.close()
    assert path.read_text() == "step,loss\n1,0.5\n2,1.0\n3,9\n"


@pytest.mark.parametrize(("end", "steps"), [("", ["1"]), ("2,0.", ["1"]), ("2,0.5\n", ["1", "2"])])
def test_a_row_that_a_kill_cut_off_is_none(tmp_path: Path, end: str, steps: list[str]) -> None:
    (tmp_path / "t.csv").write_text(f"step,loss\n1,0.25\n{end}")
    assert [row["step"] for row in read_table(tmp_path / "t.csv", COLUMNS)] == steps
    assert read_table(tmp_path / "nowhere.csv", COLUMNS) == []


@pytest.mark.parametrize(
    ("text", "kept", "whole"),
    [
        ("step,loss\n1,5\n2,4\n3,3\n4,1\n", "1,5\n2,4\n3,3\n", True),
        ("step,loss\n1,5\n2,4\n3,3\n4,", "1,5\n2,4\n3,3\n", True),  # what follows is written anew
        ("step,loss\n3,3\n", "3,3\n", True),  # of a branch
        ("step,loss\n", "", True),
        ("step,loss\n1,5\n2,4\n3,", "1,5\n2,4\n", False),  # half a row
        ("step,loss\n1,5\n2,4\n", "1,5\n2,4\n", False),  # cut
        ("step,loss\n1,5\n3,3\n", "1,5\n3,3\n", False),  # a hole
        ("step,loss\n1,5\n2,4\n2,4\n3,3\n", "1,5\n2,4\n3,3\n", False),  # one twice
        ("step,loss\n2,4\n1,5\n3,3\n", "2,4\n3,3\n", False),  # another order
        ("step,loss\n1,5\nmine,4\n2,4,4\n2,4\n\n3,3\n", "1,5\n2,4\n3,3\n", False),  # rows of others
        ("step,loss\n1,5\n2,x\n3,3\n", "1,5\n3,3\n", False),  # no number
        ("step,loss\n1,5\n2,\udcff\n3,3\n", "1,5\n3,3\n", False),  # no UTF-8
    ],
)
def test_what_of_a_table_goes_on(text: str, kept: str, whole: bool) -> None:
    found = kept_rows(text.encode(errors="surrogateescape"), COLUMNS, 3)
    assert found == (b"step,loss\n" + kept.encode(), whole)


def test_a_table_with_other_columns_is_none() -> None:
    assert kept_rows(b"step,loss,mine\n1,5,7\n", COLUMNS, 3) == (b"", False)
    assert kept_rows(b"", COLUMNS, 3) == (b"", True)


def test_a_table_of_an_older_version_goes_on(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It had no bits per byte."""
    older = head(EVAL_COLUMNS[:-1]) + b"2,en,2.5,0.5,7,3\n"
    (run / "eval.csv").write_bytes(older)
    (row,) = read_table(run / "eval.csv", EVAL_COLUMNS)
    assert (row["loss"], row["bits_per_byte"]) == ("2.5", "nan")
    RunSums(run).mark(3, {"eval.csv": Mark.of(older)} | {n: Mark.of(FILES[n]) for n in FILES if n != "eval.csv"}, ())
    assert kept_parts(run, RunSums(run), 3)["eval.csv"] == head(EVAL_COLUMNS) + b"2,en,2.5,0.5,7,3,nan\n"
    assert capsys.readouterr().err == ""


def test_of_a_run_without_a_checkpoint_nothing_goes_on() -> None:
    text = head(EVAL_COLUMNS) + b"0,en,2.5,0.5,7,3,1.5\n"
    assert kept_rows(text, EVAL_COLUMNS, 0) == (head(EVAL_COLUMNS), True)
    assert kept_rows(text, EVAL_COLUMNS, 1) == (text, True)


def test_a_step_may_have_a_row_for_each_entry() -> None:
    text = b"step,entry,loss\n2,en,4\n2,all,4\n4,en,3\n4,all,3\n"
    assert kept_rows(text, EVALS, 5) == (text, True)
    assert kept_rows(text + b"4,en,3\n", EVALS, 5) == (text, False)
    assert kept_rows(text + b"5,en,", EVALS, 5) == (text, False)  # half a row
    assert kept_rows(text + b"6,en,", EVALS, 5) == (text, True)  # of a step that is done again


@given(st.binary(max_size=80) | st.text("123,\nsteplo\0", max_size=60).map(lambda text: f"step,loss\n{text}".encode()))
def test_what_goes_on_is_a_table_of_steps_that_rise(content: bytes) -> None:
    kept, _ = kept_rows(content, COLUMNS, 20)
    assert not kept or kept_rows(kept, COLUMNS, 20)[0] == kept
    steps = [int(line.partition(b",")[0]) for line in kept.split(b"\n")[1:-1]]
    assert steps == sorted({*steps})


def test_samples_are_kept_up_to_a_step() -> None:
    blocks = [f"== step {step}, {name}\ninputs   a\n".encode() for step in (5, 10, 100) for name in ("de", "en")]
    assert kept_samples(b"".join(blocks), 10) == b"".join(blocks[:4])
    assert kept_samples(b"".join(blocks), 4) == b""
    assert kept_samples(b"", 4) == b""


def test_a_mark_is_of_what_was_written_and_not_of_what_the_disk_has(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", b"one\n")
    log.add(b"two\n")
    (tmp_path / "log").write_bytes(b"damaged")
    assert log.mark == Mark.of(b"one\ntwo\n")
    log.close()


METRIC_ROWS = head(METRIC_COLUMNS) + b"".join(b"%d,2.5,0.01,1,7,10,0.5,0.1\n" % step for step in (1, 2, 3))
EVAL_ROWS = head(EVAL_COLUMNS) + b"2,en,2.5,0.5,7,3,1.5\n2,all,2.5,0.5,7,3,1.5\n"
SAMPLES = b"== step 2, en\ninputs   a\n"
FILES = {"metrics.csv": METRIC_ROWS, "eval.csv": EVAL_ROWS, "samples.txt": SAMPLES}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with a checkpoint of step 3, as far as its files and their marks go, and a fourth step."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    RunSums(tmp_path).mark(3, {name: Mark.of(content) for name, content in FILES.items()}, ())
    with (tmp_path / "metrics.csv").open("ab") as file:
        file.write(b"4,2.5,0.01,1,7,10,0.5")
    return tmp_path


def test_what_was_there_at_the_checkpoint_goes_on(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kept_parts(run, RunSums(run), 3) == FILES
    assert capsys.readouterr().err == ""
    assert not [*run.glob("*.old*")]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "more in the middle"])
def test_what_is_damaged_is_kept_aside_and_said_in_one_line(
    run: Path, capsys: pytest.CaptureFixture[str], name: str, damage: str
) -> None:
    content = FILES[name]
    half = len(content) // 2
    harmed = {
        "cut": content[:half],
        "flip": content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :],
        "empty": b"",
        "more in the middle": content[:half] + b"mine\n" + content[half:],
    }[damage]
    (run / name).write_bytes(harmed)
    parts = kept_parts(run, RunSums(run), 3)
    assert {other for other in FILES if parts[other] != FILES[other]} <= {name}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: {run / name} is not what was written up to step 3: kept as {name}.old; ")
    assert (run / f"{name}.old").read_bytes() == harmed


def test_what_is_missing_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "metrics.csv").unlink()
    assert kept_parts(run, RunSums(run), 3)["metrics.csv"] == b""
    assert capsys.readouterr().err == f"note: {run / 'metrics.csv'} is missing; it restarts at step 4\n"


def test_a_run_whose_checkpoints_are_gone_loses_no_rows(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kept_parts(run, RunSums(run), 0)["metrics.csv"] == head(METRIC_COLUMNS)
    assert capsys.readouterr().err.count("kept as metrics.csv.old") == 1
    assert (run / "metrics.csv.old").read_bytes().startswith(METRIC_ROWS)


def test_without_marks_a_table_is_judged_by_its_rows(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "sha256.json").unlink()
    assert kept_parts(run, RunSums(run), 3) == FILES
    (run / "metrics.csv").write_bytes(METRIC_ROWS.replace(b"2,2.5", b"2,2,5"))
    assert kept_parts(run, RunSums(run), 3)["metrics.csv"] == METRIC_ROWS.replace(b"2,2.5,0.01,1,7,10,0.5,0.1\n", b"")
    assert "kept as metrics.csv.old" in capsys.readouterr().err
