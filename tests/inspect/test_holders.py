"""`--text` and `--run`: the pages that hold a text, and when a training read them; in the viewer, too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.serve import holding, make_app
from c4pipe.page import Page
from c4pipe.shards import EXPOSURE, EXPOSURE_SCHEMA, PROVENANCE, Exposure, read_manifest
from c4pipe.textindex.__main__ import main as make_indexes
from c4pipe.textindex.making import INDEX_FILES
from tests.conftest import Once
from tests.inspect.tiny import write
from tests.inspect.traced import first_page, indexed, write_run

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`run(folder, "--text", ...)`: (exit code, output, errors)."""

    def command(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return command


@pytest.fixture(scope="module")
def corpus(samples: Corpus, once: Once) -> Path:
    return once("samples with an index", lambda folder: indexed(samples.folder, folder / "c4")) / "c4"


@pytest.fixture(scope="module")
def trained(corpus: Path, once: Once) -> Path:
    return once("a run over samples", lambda folder: write_run(folder / "t5", corpus)) / "t5"


def test_a_page_is_shown_with_the_place_and_the_steps(corpus: Path, trained: Path, run: Run) -> None:
    shard, text = first_page(corpus)
    code, out, _ = run(corpus, "--text", text[5:40], "--run", trained)
    assert code == 0
    assert out.startswith("1 page contains this text; 1 shown.\n")
    assert f"  {shard}, row 0  20" in out
    assert f"»{text[5:40]}«" in out
    said = "seen at steps 12, 840, 1,000, 1,001, 1,002, 1,003, 1,004, 1,005, 1,006, 1,007, 1,008, 1,009 and 10 more"
    assert f"{said}; read twice" in out


def test_a_corpus_without_an_index_is_searched_all_the_same(corpus: Path, samples: Corpus, run: Run) -> None:
    _, text = first_page(corpus)
    by_index, by_scan = (run(folder, "--text", text)[1] for folder in (corpus, samples.folder))
    assert "whole corpus was searched: python -m c4pipe.textindex makes an index" in by_scan
    assert by_index.splitlines()[1:] == by_scan.splitlines()[2:]


def test_the_json(corpus: Path, trained: Path, run: Run) -> None:
    shard, text = first_page(corpus)
    code, out, _ = run(corpus, "--text", text[9:40], "--run", trained, "--json")
    found = json.loads(out)
    [page] = found.pop("pages")
    assert (code, found) == (
        0,
        {"folder": str(corpus), "view": "text", "text": text[9:40], "number": 1, "exact": True, "indexed": True}
        | {"fault": "", "seen_to": 2000},
    )
    assert (page["shard"], page["row"], page["start"], page["times"]) == (shard, 0, 9, 1)
    assert page["before"] + text[9:40] + page["after"][:20] == text[:60]
    assert page["seen"]["times"] == 2
    assert page["seen"]["steps"][:2] == [12, 840]


def test_no_page_is_json_too(corpus: Path, run: Run) -> None:
    code, out, err = run(corpus, "--text", "nobody has ever written this", "--json")
    found = json.loads(out)
    assert (code, found["number"], found["pages"]) == (1, 0, [])
    assert "holds 'nobody has ever written this'" in err


def test_a_damaged_index_is_passed_over_and_made_again(
    corpus: Path, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, (_, text) = Path(shutil.copytree(corpus, tmp_path / "c4")), first_page(corpus)
    for name in INDEX_FILES:
        path = copy / name
        whole = path.read_bytes()
        for damaged in (bytes([*whole[:-40], *([0] * 40)]), b"mine", None):
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            code, out, _ = run(copy, "--text", text)
            assert (code, f"Make the index again: python -m c4pipe.textindex {copy}." in out) == (0, True)
            assert make_indexes([str(copy)]) == 0
            assert path.read_bytes() == whole
            if damaged is not None:
                aside = [one for one in path.parent.iterdir() if one.name.startswith(f"{path.name}.old")]
                assert [one.read_bytes() for one in aside] == [damaged]
                assert f"kept as {path.name}.old" in capsys.readouterr().err
                aside[0].unlink()
    code, out, _ = run(copy, "--text", text)
    assert "whole corpus" not in out


def test_a_page_of_a_url_says_when_it_was_read(corpus: Path, trained: Path, run: Run) -> None:
    _, text = first_page(corpus)
    [page] = json.loads(run(corpus, "--text", text, "--json")[1])["pages"]
    assert "seen at steps 12, 840" in run(corpus, "--url", page["url"], "--run", trained)[1]
    assert "seen at" not in run(corpus, "--url", page["url"])[1]


def test_what_a_page_holds_cannot_command_a_terminal(tmp_path: Path, run: Run) -> None:
    hostile = "\x1b[2J\x1b]0;x\x07\u202eevil\u2066<script>alert(1)</script>"
    folder = write(tmp_path / "c4", [Page("http://a.example/", f"It begins here. {hostile} It ends.", "2024")], [])
    code, out, _ = run(folder, "--text", f"begins here. {hostile}")
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["--text", "nineteen characters"],
            2,
            "a text of 19 characters is too short to search for: give 20 or more",
        ),
        (["--text", ""], 2, "a text of 0 characters is too short"),
        (["--text", "\udcff" * 30], 2, "is not UTF-8"),
        (["--text", "nobody has ever written this"], 1, "holds 'nobody has ever written this'"),
        (["--text", "x" * 30, "--url", "http://a.example/"], 2, "not allowed with"),
        (["--text", "x" * 30, "--sample", "3"], 2, "--sample does not go with --text"),
        (["--text", "x" * 30, "--csv"], 2, "--csv needs --sql"),
        (["--text", "x" * 30, "--run", "nowhere"], 2, "nowhere has no exposure.parquet"),
        (["--run", "nowhere"], 2, "--run needs --text, --url or --serve"),
        (["--limit", "3"], 2, "--limit needs --sql or --text"),
        (["--serve", "--run", "nowhere"], 2, "nowhere has no exposure.parquet. Make it: python -m model.exposure"),
    ],
)
def test_wrong_use_is_a_line(corpus: Path, run: Run, words: list[str], code: int, said: str) -> None:
    found, _, err = run(corpus, *words)
    assert (found, len(err.splitlines())) == (code, 1)
    assert said in err


def test_a_run_over_other_pages_is_refused(corpus: Path, tmp_path: Path, run: Run) -> None:
    other = write_run(tmp_path / "t5", corpus, ["0" * 64], sha256="0" * 64)
    code, _, err = run(corpus, "--text", first_page(corpus)[1], "--run", other)
    assert code == 2
    assert f"reads no shard of {corpus} as it is now" in err


def test_of_a_shard_that_was_written_anew_nothing_is_known(corpus: Path, tmp_path: Path, run: Run) -> None:
    """As after a removal: the run has read its pages, and has a different checksum for it."""
    first, *_, last = [(one["path"], one["sha256"]) for one in read_manifest(corpus)["shards"]]
    trained = write_run(tmp_path / "t5", corpus, [first[1]])
    text = pq.read_table(corpus / last[0])["text"][0].as_py()[:60]
    said = "unknown whether the run has read it: the run does not read its shard"
    assert said in run(corpus, "--text", text, "--run", trained)[1]
    [page] = json.loads(run(corpus, "--text", text, "--run", trained, "--json")[1])["pages"]
    assert (page["shard"], page["seen"]) == (last[0], None)
    assert said in run(corpus, "--url", page["url"], "--run", trained)[1]
    with TestClient(make_app(open_corpus(corpus), run=trained), base_url="http://127.0.0.1:8000") as viewer:
        assert said in viewer.get("/holding", params={"text": text}).text
        assert said in viewer.get(f"/page/{last[0]}/0").text
        assert "not seen up to step 2,000" in viewer.get(f"/page/{first[0]}/1").text


def test_a_page_of_two_shards_of_the_same_bytes_was_met_by_both(tmp_path: Path) -> None:
    rows = [{"row": 4, "times": 1, "steps": [2, 4]}, {"row": 4, "times": 2, "steps": [1, 4, 7]}]
    fixed = {"corpus": "c4", "config": "en", "shard": "en/a.parquet", "sha256": "5" * 64, "url": ""}
    made = {"step": 9, "state": "", "shards": ["5" * 64]}
    schema = EXPOSURE_SCHEMA.with_metadata({PROVENANCE: json.dumps(made)})
    table = pa.Table.from_pylist([fixed | row for row in rows], schema=schema)
    pq.write_table(table, tmp_path / EXPOSURE, row_group_size=1)
    assert Exposure(tmp_path).of("5" * 64, [4, 5]) == {4: (3, [1, 2, 4, 7])}


def test_a_damaged_exposure_is_named(corpus: Path, trained: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / EXPOSURE).write_bytes((trained / EXPOSURE).read_bytes()[:-30])
    code, _, err = run(corpus, "--text", first_page(corpus)[1], "--run", tmp_path)
    assert code == 1
    assert f"{tmp_path / EXPOSURE} is damaged" in err


def test_a_run_that_has_gone_on_is_noted(corpus: Path, tmp_path: Path, run: Run) -> None:
    later = write_run(tmp_path / "t5", corpus)
    (later / "checkpoints/step-00003000").mkdir(parents=True)
    code, _, err = run(corpus, "--text", first_page(corpus)[1], "--run", later)
    assert code == 0
    said = f"covers 2,000 steps, but the run has 3,000. Make it again: python -m model.exposure --run {later}"
    assert said in err
    shard, text = first_page(corpus)
    with TestClient(make_app(open_corpus(corpus), run=later), base_url="http://127.0.0.1:8000") as viewer:
        assert said in viewer.get("/holding", params={"text": text}).text
        assert said in viewer.get(f"/page/{shard}/0").text


def test_the_viewer_finds_a_text_and_says_when_it_was_read(corpus: Path, trained: Path) -> None:
    shard, text = first_page(corpus)
    with TestClient(make_app(open_corpus(corpus), run=trained), base_url="http://127.0.0.1:8000") as viewer:
        found = viewer.get("/holding", params={"text": text})
        assert "1 page contains this text" in found.text
        assert "seen at steps 12, 840" in found.text
        assert f'row={shard.replace("/", "%2F")}%2F0"' in found.text
        assert "seen at steps 12, 840" in viewer.get(f"/page/{shard}/0").text
        assert "not seen up to step 2,000" in viewer.get(f"/page/{shard}/1").text
        assert (
            "No page contains this text."
            in viewer.get("/holding", params={"text": "nobody has ever written this"}).text
        )
        short = viewer.get("/holding", params={"text": "short"})
        assert (short.status_code, "too short to search for" in short.text) == (400, True)
        evil = "<script>alert('this is long enough')</script>"
        assert evil not in viewer.get("/holding", params={"text": evil}).text


def test_the_viewer_asks_for_an_index_where_a_search_would_take_long(
    samples: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MOST_SCANNED", 1000)
    with TestClient(make_app(samples), base_url="http://127.0.0.1:8000") as viewer:
        found = viewer.get("/holding", params={"text": first_page(samples.folder)[1]})
    assert (found.status_code, "Make an index: python -m c4pipe.textindex" in found.text) == (400, True)


def test_the_viewer_without_a_run_says_nothing_of_steps(samples: Corpus) -> None:
    shard, text = first_page(samples.folder)
    with TestClient(make_app(samples), base_url="http://127.0.0.1:8000") as viewer:
        assert "whole corpus was searched" in viewer.get("/holding", params={"text": text}).text
        assert 'id="seen"' not in viewer.get(f"/page/{shard}/0").text
    with pytest.raises(ConfigError, match="has no exposure"):
        make_app(samples, run=samples.folder)
