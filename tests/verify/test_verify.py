"""`python -m c4pipe.verify`: what is whole, what is damaged, what is nobody's, each in a line."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from c4pipe.page import Page
from c4pipe.shards import ADDED, MANIFEST, PAGE_SCHEMA, SUMS, ParquetSink, add_files, sha256_of, to_json
from c4pipe.verify.__main__ import main
from tests import manifests
from tests.conftest import Build
from tests.inspect import tiny
from tests.wetfiles import SAMPLES

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The exit code of a command line and the lines that it printed."""

    def call(*arguments: object) -> tuple[int, list[str]]:
        capsys.readouterr()  # what a fixture has built
        code = main([*map(str, arguments)])
        out, error = capsys.readouterr()
        return code, (out + error).splitlines()

    return call


@pytest.fixture(scope="module")
def english(built: Build) -> Path:
    return built(SAMPLES)


@pytest.fixture
def copy(english: Path, tmp_path: Path) -> Path:
    """A corpus to be damaged."""
    return Path(shutil.copytree(english, tmp_path / "c4"))


@pytest.fixture
def all_rejected(built: Build) -> Path:
    return built(SAMPLES, "--preset", "multilingual", "--rejected", "all", "--min-pages", "3")


def test_a_whole_corpus_is_whole(run: Run, english: Path, all_rejected: Path) -> None:
    code, (line,) = run(english)
    assert code == 0
    assert line.startswith(f"{english}: corpus, ")
    assert line.endswith(" rows checked: whole.")
    code, (line,) = run(all_rejected)
    assert code == 0
    assert manifests.read(all_rejected)["left_out"]  # pages of these are among the rejected ones


def shard_of(folder: Path) -> Path:
    return next((folder / "en").glob("train-*"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name", ["README.md", "stats.json", MANIFEST, SUMS, "lists/*/*", "en/train-*", "__rejected/*few_sentences*"]
)
def test_a_flipped_bit_is_found_in_any_file(run: Run, copy: Path, name: str) -> None:
    path = next(copy.glob(name))
    flip(path)
    code, lines = run(copy)
    assert code == 1
    assert path.name in lines[0]
    assert lines[-1].endswith("finding.")


def damages() -> Iterator[tuple[str, Callable[[Path], Any], str]]:
    yield "missing", Path.unlink, "not there, but manifest.json says a file of "
    yield "cut", lambda path: path.write_bytes(path.read_bytes()[:-1]), " bytes, but manifest.json says "
    yield "empty", lambda path: path.write_bytes(b""), "0 bytes, but manifest.json says "
    yield "changed", flip, "its sha256 is "
    yield "a folder", lambda path: (path.unlink(), path.mkdir()), "a folder is in its place"
    yield "a link", lambda path: (path.unlink(), path.symlink_to("nowhere")), "a link to nothing"
    yield "a pipe", lambda path: (path.unlink(), os.mkfifo(path)), "something that is not a file is in its place"


@pytest.mark.parametrize(("damage", "words"), [pytest.param(*rest, id=name) for name, *rest in damages()])
def test_what_happened_to_a_file_is_said(run: Run, copy: Path, damage: Callable[[Path], Any], words: str) -> None:
    shard = shard_of(copy)
    damage(shard)
    code, (line, note, verdict) = run(copy)
    assert code == 1
    assert line.startswith(f"{shard}: ")
    assert words in line
    assert line.endswith("Copy or rebuild it.")
    assert note == f"note: {copy}: its counts were not checked, since not all files of pages can be read."
    assert verdict.endswith("damaged, 1 finding.")


@pytest.mark.parametrize(
    "data", [b"", b"[" * 10_000 + b"]" * 10_000, b'{"shards": ' + b"1" * 5_000 + b"}", b"{}", b"7"]
)
@pytest.mark.parametrize("name", [MANIFEST, "stats.json", ADDED])
def test_hostile_json_is_a_line(run: Run, copy: Path, name: str, data: bytes) -> None:
    (copy / name).write_bytes(data)
    code, lines = run(copy)
    assert code == 1
    assert name in lines[0]
    (copy / SUMS).unlink()  # nobody says that it was another one
    assert run(copy)[0] == 1


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sha256", "added.json", "stats.json"])
def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(run: Run, copy: Path, name: str) -> None:
    (copy / name).unlink(missing_ok=True)
    os.mkfifo(copy / name)
    code, lines = run(copy)
    assert code == 1
    assert any(name in line for line in lines), lines


def test_without_a_manifest_the_sums_still_say_which_file_is_another(run: Run, copy: Path) -> None:
    (copy / MANIFEST).unlink()
    flip(shard_of(copy))
    code, (first, second, _) = run(copy)
    assert (code, MANIFEST in first, shard_of(copy).name in second) == (1, True, True)


def changed(folder: Path, **changes: Any) -> None:
    """Another manifest, with the right sum: only counting again can tell."""
    manifests.write_again(folder, manifests.read(folder) | changes)


def test_counts_are_taken_again(run: Run, copy: Path) -> None:
    manifest = manifests.read(copy)
    stats = json.loads((copy / "stats.json").read_bytes())
    (copy / "stats.json").write_bytes(to_json(stats | {"chars_kept": 1, "languages": {"de": 135}}))
    manifest["ledger"]["stages"][-1]["kept"] += 1
    manifests.write_again(copy, manifest)
    code, lines = run(copy)
    assert code == 1
    text = "\n".join(lines)
    assert "the ledger does not balance: stage badwords" in text
    assert f"chars_kept are {stats['chars_kept']:,} in the files, expected 1, as it says" in text
    assert f"languages are en {stats['pages_kept']} in the files, expected de 135, as it says" in text


def test_a_ledger_that_balances_and_counts_otherwise(run: Run, copy: Path) -> None:
    manifest = manifests.read(copy)
    last, language = manifest["ledger"]["stages"][-1], manifest["ledger"]["stages"][-2]
    kept, bad = last["kept"], language["rejected"].pop("no_language")
    for row in (last, language):
        row["kept"] += bad
    last["in"] += bad
    changed(copy, ledger=manifest["ledger"])
    text = "\n".join(run(copy)[1])
    assert f"kept pages by the ledger are {kept} in the files, expected {kept + bad}, as it says" in text
    assert f"{bad} rejected pages of language/no_language are in the files, expected 0 at most, by the ledger" in text


def test_every_rejected_page_is_asked_for_where_all_are_kept(run: Run, all_rejected: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(all_rejected, tmp_path / "c4"))
    changed(copy, rejected=manifests.read(copy)["rejected"][1:])
    code, lines = run(copy)
    assert code == 1
    assert "are in the files, expected " in lines[0]
    assert lines[0].endswith("by the ledger. Copy or rebuild it.")


def test_rows_columns_and_numbers_of_shards(run: Run, copy: Path) -> None:
    manifest = manifests.read(copy)
    manifest["shards"][0]["rows"] += 1
    manifest["columns"][0]["type"] = "large_string"
    manifest["shards"][1]["split"] = "test"
    manifests.write_again(copy, manifest)
    code, lines = run(copy)
    assert code == 1
    text = "\n".join(lines)
    rows = manifest["shards"][0]["rows"]
    assert f"{rows - 1} rows, but manifest.json says {rows}" in text
    assert "columns text string, " in text
    assert "a split 'test'" in text


def test_columns_that_hold_lists(run: Run, tmp_path: Path) -> None:
    schema = PAGE_SCHEMA.append(pa.field("stars", pa.list_(pa.int32())))
    page = Page("http://a.example/", "Text.", "2024-05", "a#1", extra={"stars": [5]})
    lost = tiny.lost("http://b.example/", "clean", "few_sentences", dropped=[{"reason": "policy", "line": "x"}])
    columns = [{"name": field.name, "type": str(field.type), "from": ""} for field in schema]
    folder = tiny.write(tmp_path / "c4", [page], [lost], schema, columns=columns)
    assert [line for line in run(folder)[1] if ": columns " in line] == []
    columns[-1]["type"] = "list<item: string>"
    manifests.write_older(folder, manifests.read(folder) | {"columns": columns})
    (line,) = (line for line in run(folder)[1] if ": columns " in line)
    assert "stars list<item: int32>, expected text string" in line


def test_a_split_of_which_a_number_is_missing(run: Run, copy: Path) -> None:
    manifest = manifests.read(copy)
    other = copy / "en" / "train-00001-of-00002.parquet"
    shard_of(copy).rename(other)
    manifest["shards"][0]["path"] = "en/train-00001-of-00002.parquet"
    manifests.write_again(copy, manifest)
    code, lines = run(copy)
    assert (code, lines[0].startswith(f"{copy / MANIFEST}: it lists no complete en/train")) == (1, True)


def test_a_null_among_the_texts(run: Run, copy: Path) -> None:
    table = pq.read_table(shard_of(copy), partitioning=None)
    schema = pa.schema([field.with_nullable(True) for field in table.schema])
    texts = pa.array([None, *table["text"].to_pylist()[1:]], pa.string())
    with shard_of(copy).open("wb") as stream:
        sink = ParquetSink(stream, schema)
        sink.write(pa.table([texts, *table.columns[1:]], schema=schema))
        sink.close()
    manifests.write_again(copy, manifests.read(copy))
    code, lines = run(copy)
    assert code == 1
    assert "1 row without a text" in lines[0]


def test_a_page_of_parquet_with_another_checksum(run: Run, copy: Path) -> None:
    """Its sha256 is what a manifest says, its page is not what Parquet says."""
    data = bytearray(shard_of(copy).read_bytes())
    data[2000] ^= 1
    shard_of(copy).write_bytes(data)
    manifests.write_again(copy, manifests.read(copy))
    code, lines = run(copy)
    assert code == 1
    assert f"{shard_of(copy)}: not a complete Parquet file" in lines[0]


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "en/../../x", ADDED, "a\0b", "."])
def test_a_manifest_that_points_out_of_its_folder(run: Run, copy: Path, path: str) -> None:
    manifest = manifests.read(copy)
    for key, name in (("shards", "path"), ("rejected", "path"), ("files", "at"), ("about", "path")):
        one = json.loads(json.dumps(manifest))
        one[key][0][name] = path
        manifests.write_older(copy, one)
        code, lines = run(copy)
        assert code == 1
        assert "names a file " in lines[0]


def test_what_others_put_there_is_noted(run: Run, copy: Path) -> None:
    for name in ("notes.txt", "en/more.txt", ".lock", ".staging-00/x", ".made-1/y", "__rejected/.part.parquet.77.tmp"):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).touch()
    code, (unfinished, strange, _) = run(copy)
    assert code == 0
    assert unfinished == (f"note: {copy}: a build is under way or was stopped: .lock, .made-1, .staging-00 and 1 more.")
    assert strange == f"note: {copy}: not of this corpus: en/more.txt, notes.txt."


def test_files_that_came_later_are_checked_too(run: Run, copy: Path) -> None:
    add_files(copy, {"report.html": b"<html>"})
    assert run(copy)[0] == 0
    flip(copy / "report.html")
    code, (line, _) = run(copy)
    assert code == 1
    assert re.search(r"but added\.json says [0-9a-f]{64}\. Write it again", line)


def test_an_older_corpus_is_judged_by_what_it_says(run: Run, copy: Path) -> None:
    manifest = manifests.read(copy)
    del manifest["about"]
    shutil.rmtree(copy / "__facts")
    manifests.write_older(copy, manifest)
    code, (note, _) = run(copy)
    assert (code, "an older build wrote no manifest.json.sha256" in note) == (0, True)
    flip(shard_of(copy))
    assert run(copy)[0] == 1


def test_several_folders_and_the_worst_code(run: Run, copy: Path, english: Path, tmp_path: Path) -> None:
    code, lines = run(tmp_path)  # corpora are below it
    assert (code, len(lines)) == (0, 1)
    flip(copy / "README.md")
    assert run(english, copy)[0] == 1
    (tmp_path / "none").mkdir()
    code, lines = run(copy, tmp_path / "none", english)
    assert code == 2
    assert any("none is neither a corpus nor a mixture nor a run" in line for line in lines)
    assert any(line.startswith(f"{english}: corpus") for line in lines)
    assert run(tmp_path / "nothing")[0] == 2
    assert run()[0] == 2
    (tmp_path / "none" / ".staging-12").mkdir()
    assert "A build is under way or was stopped" in run(tmp_path / "none")[1][0]


def test_json_for_scripts(capsys: pytest.CaptureFixture[str], copy: Path) -> None:
    shard_of(copy).unlink()
    assert main([str(copy), "--json"]) == 1
    (verdict,) = json.loads(capsys.readouterr().out)
    assert (verdict["what"], verdict["whole"]) == ("corpus", False)
    damage, _ = verdict["findings"]
    assert (damage["path"], damage["kind"], damage["found"]) == (str(shard_of_name(copy)), "missing", "not there")


def shard_of_name(folder: Path) -> Path:
    return folder / "en" / "train-00000-of-00001.parquet"


def checkpoint(run_folder: Path) -> Path:
    """A run as `model.train` leaves it, of small files."""
    step = run_folder / "checkpoints" / "step-00000010"
    step.mkdir(parents=True)
    for name in ("config.json", "generation_config.json", "state.json"):
        (step / name).write_text("{}\n")
    for name in ("model.safetensors", "training.pt", "spiece.model"):
        (step / name).write_bytes(name.encode() * 100)
    sums = {path.name: sha256_of(path) for path in sorted(step.iterdir())}
    (step / "sha256.json").write_bytes(to_json(sums))
    (run_folder / "config.json").write_text("{}\n")
    (run_folder / "metrics.csv").write_text("step,loss\n1,8.5\n2,8.25\n")
    (run_folder / "tokenizer").mkdir()
    (run_folder / "tokenizer" / "tokenizer.json").write_text("{}\n")
    head = (run_folder / "metrics.csv").read_bytes()[:16]
    found = {
        "files": {"config.json": ["0" * 64, sha256_of(run_folder / "config.json")]},
        "marks": {"10": {"metrics.csv": [16, hashlib.sha256(head).hexdigest()]}},
    }
    content = json.dumps(found, sort_keys=True).encode()
    (run_folder / "sha256.json").write_bytes(to_json(found | {"sha256": hashlib.sha256(content).hexdigest()}))
    return step


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("checkpoints/step-00000010/model.safetensors", b"x", "its sha256 is"),
        ("checkpoints/step-00000010/sha256.json", b"{}", "it has no sum of config.json"),
        ("checkpoints/step-00000010/sha256.json", b"[" * 10_000, "cannot be read"),
        ("checkpoints/step-00000010/sha256.json", to_json({"../../x": "0" * 64}), "names of its own files"),
        ("config.json", b"{", "cannot be read"),
        ("config.json", b'{"seed": 1}', "its sha256 is"),
        ("sha256.json", b"[" * 10_000, "the sums of the run"),
        ("sha256.json", b"{}", "the sums of the run"),
        ("metrics.csv", b"step,loss\n1,9.5\n2,8.25\n", "the sha256 of its first 16 bytes is"),
        ("tokenizer/tokenizer.json", b"[]", "not a JSON object"),
        ("metrics.csv", b"step,loss\n1,8.5\n2\n", "row 2 is '2'"),
        ("metrics.csv", b"", "empty"),
    ],
)
def test_a_run(run: Run, tmp_path: Path, name: str, data: bytes, words: str) -> None:
    checkpoint(tmp_path)
    code, (line,) = run(tmp_path)
    assert code == 0
    assert line.startswith(f"{tmp_path}: run, ")
    (tmp_path / name).write_bytes(data)
    code, lines = run(tmp_path)
    assert code == 1
    assert words in "\n".join(lines)
