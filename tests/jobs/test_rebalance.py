"""The real main over small corpora: contents and balance of the mixture, and errors of usage and environment."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest

from beam_jobs import rebalance
from c4pipe.flow.ours import WORK_NOTE
from c4pipe.mixture import Mixture, MixtureOrder, quotas
from c4pipe.rebalance import scatter
from c4pipe.shards import PAGE_SCHEMA
from tests import manifests
from tests.rebalance.corpora import sha256, write_corpus
from tests.wetfiles import ROOT, digests, manifest_of, rows

TRAIN = {"de": 300, "en": 1000, "sw": 20, "yo": 3}
VALIDATION = {"de": 5, "en": 9, "sw": 1}
# By hand: square roots of 900, 100 and 4 are 30, 10 and 2, of 42 together; 1004 documents, at most 4 times each. The
# two of "yo" fill 8 of the 47.8 asked for; the other 996 go three to one.
SQUARES = {"en": 900, "de": 100, "yo": 4}


@pytest.fixture(scope="module")
def mc4(tmp_path_factory):
    """A corpus of four languages; leave it as it is."""
    return write_corpus(tmp_path_factory.mktemp("mc4") / "mc4", TRAIN, VALIDATION)


@pytest.fixture
def run(capsys):
    """`run("--corpus", ..., "--output", ...)`: exit code, stdout, stderr of main in this process."""

    def call(*arguments, workers=1):
        capsys.readouterr()
        code = rebalance.main([*map(str, arguments), "--workers", str(workers)])
        said = capsys.readouterr()
        return code, said.out, unhurried(said.err)

    return call


def unhurried(err):
    """What was said on stderr, less the lines on progress that a busy machine gives time for."""
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith("scattered "))


@pytest.fixture(scope="module")
def mixed(mc4, tmp_path_factory):
    """A mixture of it in three files."""
    folder = tmp_path_factory.mktemp("mixed") / "mixed"
    arguments = ["--corpus", mc4, "--output", folder, "--alpha", "0.3", "--shards", "3", "--workers", "1"]
    assert rebalance.main([*map(str, arguments)]) == 0
    return folder


def refused(result, *words):
    """Asserts that the use was wrong, and that one line says so with these words."""
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("rebalance: ")
    assert err.count("\n") == 1, err
    for word in words:
        assert str(word) in err


def languages(folder, split="train"):
    return [row["language"] for row in rows(folder, f"mixture/{split}-*")]


# --- what is in the mixture -------------------------------------------------------------------------------------


def test_the_folder_holds_the_mixture_and_nothing_else(mixed):
    assert list(digests(mixed)) == [
        "README.md",
        "manifest.json",
        "manifest.json.sha256",
        "mixture/train-00000-of-00003.parquet",
        "mixture/train-00001-of-00003.parquet",
        "mixture/train-00002-of-00003.parquet",
        "mixture/validation-00000-of-00001.parquet",
        "mixture.svg",
        "stats.json",
    ]


def test_counts_by_hand(run, tmp_path):
    corpus = write_corpus(tmp_path / "c", {"en": 900, "de": 100, "yo": 4})
    assert run("--corpus", corpus, "--output", tmp_path / "m", "--alpha", "0.5")[0] == 0
    assert Counter(languages(tmp_path / "m")) == {"en": 741, "de": 247, "yo": 16}
    mixture = manifest_of(tmp_path / "m")["mixture"]
    assert {name: (row["documents"], row["epochs"], row["written"]) for name, row in mixture.items()} == {
        "de": (100, 2.47, 247),
        "en": (900, 741 / 900, 741),
        "yo": (4, 4.0, 16),
    }
    assert [mixture[name]["rate"] for name in ("en", "de", "yo")] == pytest.approx(
        [30 / 42, 10 / 42, 2 / 42], abs=1e-15
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--alpha", "0.3"],
        ["--temperature", "2", "--limit", "100", "--documents", "500"],
        ["--mixture", "equal", "--max-epochs", "9"],
        ["--mixture", "examples", "--limit", "50", "--documents", "111", "--seed", "7"],
        ["--mixture", "proportional"],
        ["--languages", "sw,de", "--documents", "100000", "--max-epochs", "2"],
    ],
)
def test_counts_of_the_files_are_the_manifest_s_and_the_formula_s(run, mc4, tmp_path, options):
    assert run("--corpus", mc4, "--output", tmp_path / "m", *options)[0] == 0
    given = dict(zip(options[::2], options[1::2], strict=True))
    counts = {name: n for name, n in TRAIN.items() if name in given.get("--languages", name)}
    number = {name: float(given[name]) if name in given else None for name in ("--alpha", "--temperature")}
    limit = int(given["--limit"]) if "--limit" in given else None
    kind = given.get("--mixture", "temperature")
    rates = Mixture.parse(kind, number["--alpha"], limit, number["--temperature"]).rates(counts)
    documents = int(given.get("--documents", sum(counts.values())))
    expected = quotas(counts, rates, documents, int(given.get("--max-epochs", 4)))
    manifest = manifest_of(tmp_path / "m")
    assert {name: row["written"] for name, row in manifest["mixture"].items()} == expected
    assert {name: row["rate"] for name, row in manifest["mixture"].items()} == rates
    assert {name: row["documents"] for name, row in manifest["mixture"].items()} == counts
    assert Counter(languages(tmp_path / "m")) == {name: n for name, n in expected.items() if n}


def test_each_document_comes_as_often_as_its_epochs_say_and_in_no_epoch_twice(mixed):
    drawn = defaultdict(list)
    for row in rows(mixed, "mixture/train-*"):
        drawn[row["language"]].append(row["source"])
    for name, row in manifest_of(mixed)["mixture"].items():
        size, written = TRAIN[name], row["written"]
        epochs = [drawn[name][start : start + size] for start in range(0, written, size)]
        assert all(len(epoch) == len({*epoch}) for epoch in epochs)
        assert {*Counter(drawn[name]).values()} <= {written // size, -(-written // size)}
        if row["epochs"] == 4:
            assert {*Counter(drawn[name]).values()} == {4}
    assert Counter(drawn["yo"]) == {f"yo.wet#train{i}": 4 for i in range(3)}


def test_any_prefix_has_the_rates(mixed):
    """At every document within the stated number, over the borders of row groups and files."""
    manifest, order = manifest_of(mixed), np.array(languages(mixed))
    assert manifest["largest_deviation"] < 2
    lengths = np.arange(1, len(order) + 1)
    for name, row in manifest["mixture"].items():
        off = np.cumsum(order == name) - lengths * row["written"] / len(order)
        assert np.abs(off).max() <= manifest["largest_deviation"]


def test_the_order_is_the_one_that_a_trainer_draws_on_the_fly(mixed, mc4):
    order = MixtureOrder.of(TRAIN, Mixture.parse(alpha=0.3))
    located = zip(*(part.tolist() for part in order.locate(np.arange(order.total))), strict=True)
    source = {name: [row["source"] for row in rows(mc4, f"{name}/train-*")] for name in TRAIN}
    expected = [source[order.names[entry]][row] for entry, _, row in located]
    assert [row["source"] for row in rows(mixed, "mixture/train-*")] == expected


def test_rows_are_copied_as_they_are(mixed, mc4):
    known = {row["source"]: row for row in rows(mc4)}
    assert all(row == known[row["source"]] for row in rows(mixed))
    for path in mixed.glob("mixture/*.parquet"):
        assert pq.read_schema(path).remove_metadata() == PAGE_SCHEMA


def test_validation_holds_every_document_once_at_natural_rates(mixed, mc4):
    found = [row["source"] for row in rows(mixed, "mixture/validation-*")]
    assert sorted(found) == sorted(row["source"] for row in rows(mc4, "*/validation-*"))
    assert manifest_of(mixed)["validation"] == VALIDATION
    assert Counter(languages(mixed, "validation")[:5]) == {"en": 3, "de": 2}


def test_the_manifest_describes_the_files_and_where_they_come_from(mixed, mc4):
    manifest = manifest_of(mixed)
    for shard in manifest["shards"]:
        assert shard["bytes"] == (mixed / shard["path"]).stat().st_size
        assert shard["sha256"] == sha256(mixed / shard["path"])
        assert shard["rows"] == pq.read_metadata(mixed / shard["path"]).num_rows
    assert [shard["rows"] for shard in manifest["shards"]] == [441, 441, 441, 15]
    (source,) = manifest["inputs"]
    assert (source["path"], source["records"]) == ("mc4", 1338)
    assert source["manifest_sha256"] == sha256(mc4 / "manifest.json")
    ledger = manifest["ledger"]
    (stage,) = ledger["stages"]
    assert ledger["records"] == stage["in"] == stage["kept"] + stage["rejected"]["not_drawn"] == 1338
    assert stage["kept"] == len({row["source"] for row in rows(mixed)})
    assert stage["kept"] + ledger["repeats"] == 1323 + 15


def test_statistics_are_those_of_the_pages(mixed):
    stats, found = json.loads((mixed / "stats.json").read_bytes()), list(rows(mixed))
    assert stats["pages_kept"] == len(found)
    assert stats["chars_kept"] == sum(len(row["text"]) for row in found)
    assert stats["bytes_kept"] == sum(len(row["text"].encode()) for row in found)
    assert stats["languages"] == Counter(row["language"] for row in found)
    assert stats["months"] == Counter(row["timestamp"][:7] for row in found)
    assert stats["lengths_kept"] == Counter(str(len(row["text"]).bit_length() - 1) for row in found)


def test_another_seed_is_another_order_of_as_many(run, mixed, mc4, tmp_path):
    assert run("--corpus", mc4, "--output", tmp_path / "m", "--alpha", "0.3", "--seed", "1")[0] == 0
    assert languages(tmp_path / "m") == languages(mixed)
    assert [row["source"] for row in rows(tmp_path / "m")] != [row["source"] for row in rows(mixed)]


def test_more_documents_than_there_are_is_said(run, mc4, tmp_path):
    code, out, _ = run("--corpus", mc4, "--output", tmp_path / "m", "--documents", "99999", "--max-epochs", "1")
    assert code == 0
    assert "99,999 documents were requested, but 1 epoch yielded 1,323" in out
    assert Counter(languages(tmp_path / "m")) == TRAIN


# --- corpora as entries -----------------------------------------------------------------------------------------


def test_corpora_can_be_mixed_as_well_as_languages(run, mc4, tmp_path):
    wiki = write_corpus(tmp_path / "wiki", {"en": 40, "de": 10})
    arguments = ("--corpus", f"web={mc4}", "--corpus", f"wiki={wiki}", "--mixture", "equal", "--documents", "100")
    assert run(*arguments, "--output", tmp_path / "m", "--max-epochs", "1")[0] == 0
    manifest = manifest_of(tmp_path / "m")
    found = {name: (row["documents"], row["written"]) for name, row in manifest["mixture"].items()}
    assert found == {"web": (1323, 50), "wiki": (50, 50)}
    assert [(item["path"], item["one_entry"]) for item in manifest["inputs"]] == [("web", True), ("wiki", True)]


def test_languages_of_several_corpora_have_the_name_of_theirs(run, mc4, tmp_path):
    wiki = write_corpus(tmp_path / "wiki", {"en": 40, "de": 10})
    both = ("--corpus", mc4, "--corpus", f"{wiki}/")
    assert run(*both, "--output", tmp_path / "m", "--languages", "en")[0] == 0
    found = {name: row["documents"] for name, row in manifest_of(tmp_path / "m")["mixture"].items()}
    assert found == {"mc4:en": 1000, "wiki:en": 40}


def test_a_column_that_one_corpus_lacks_is_filled(run, mc4, tmp_path):
    old = write_corpus(
        tmp_path / "old",
        {"is": 30},
        columns=[n for n in PAGE_SCHEMA.names if n not in ("language_votes", "language_score")],
    )
    assert run("--corpus", old, "--corpus", mc4, "--output", tmp_path / "m")[0] == 0
    found = list(rows(tmp_path / "m", "mixture/train-*"))
    assert [*found[0]] == PAGE_SCHEMA.names
    assert {(r["language_votes"], r["language_score"]) for r in found if r["language"] == "is"} == {("", 0.0)}
    assert {r["language_votes"] for r in found if r["language"] == "de"} == {"cld2:de:0.99"}


# --- outside judges ---------------------------------------------------------------------------------------------

LOAD = """
import json, sys
from datasets import load_dataset
found = load_dataset(sys.argv[1], "mixture", streaming=sys.argv[2] == "streaming")
print(json.dumps({name: [row["source"] for row in split] for name, split in found.items()}))
"""


@pytest.mark.parametrize("how", ["whole", pytest.param("streaming", marks=pytest.mark.soak)])
def test_load_dataset(mixed, tmp_path, how):
    pytest.importorskip("datasets")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-c", LOAD, str(mixed), how]
    done = subprocess.run(
        command, env=os.environ | offline, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    expected = {
        split: [row["source"] for row in rows(mixed, f"mixture/{split}-*")] for split in ("train", "validation")
    }
    assert json.loads(done.stdout) == expected


# --- the same bytes ---------------------------------------------------------------------------------------------


def again(run, mc4, target, *options, **how):
    return run("--corpus", mc4, "--output", target, "--alpha", "0.3", "--shards", "3", *options, **how)


@pytest.mark.soak
def test_two_workers_give_the_same_bytes(run, mixed, mc4, tmp_path):
    assert again(run, mc4, tmp_path / "m", workers=2)[0] == 0
    assert digests(tmp_path / "m") == digests(mixed)


def test_a_runner_behind_a_job_service_gives_the_same_bytes(mixed, mc4, tmp_path):
    arguments = ["--corpus", mc4, "--output", tmp_path / "m", "--alpha", "0.3", "--shards", "3"]
    runner = ["--runner", "PortableRunner", "--job_endpoint", "embed", "--environment_type", "LOOPBACK"]
    assert rebalance.main([*map(str, arguments), *runner]) == 0
    assert digests(tmp_path / "m") == digests(mixed)


def test_the_size_of_the_buffers_does_not_show_in_the_order(run, mixed, mc4, tmp_path, monkeypatch):
    monkeypatch.setattr(scatter, "BUFFER_BYTES", 900)
    assert again(run, mc4, tmp_path / "m")[0] == 0
    assert digests(tmp_path / "m") == digests(mixed)


KILLED = """
import os, sys
from beam_jobs import rebalance
from c4pipe.files.storage import LocalStore
from contextlib import contextmanager

left, write = int(sys.argv[1]), LocalStore.write

@contextmanager
def fatal(self, path):
    global left
    with write(self, path) as stream:
        left -= 1
        if not left:
            os.kill(os.getpid(), 9)
        yield stream

LocalStore.write = fatal
rebalance.main(sys.argv[2:])
"""


@pytest.mark.soak
def test_killed_at_any_file_and_run_again_it_gives_the_same_bytes(run, mixed, mc4, tmp_path):
    arguments = ["--corpus", mc4, "--output", tmp_path / "m", "--alpha", "0.3", "--shards", "3", "--workers", "1"]
    for moment in (2, 9, 11, 7, 5, 3, 2):
        done = subprocess.run([sys.executable, "-c", KILLED, str(moment), *map(str, arguments)], cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL
        whole = {path: digest for path, digest in digests(mixed).items() if path.endswith(".parquet")}
        left = {path: digest for path, digest in digests(tmp_path / "m").items() if path in whole}
        assert left.items() <= whole.items()  # nothing half-written has a final name
        assert not (tmp_path / "m" / "manifest.json").exists()
    assert again(run, mc4, tmp_path / "m")[0] == 0
    assert digests(tmp_path / "m") == digests(mixed)


def test_what_is_finished_is_not_done_again(run, mixed, mc4, tmp_path, monkeypatch):
    from c4pipe.flow import rebalance as flow

    scattered = []
    monkeypatch.setattr(flow, "scatter_source", lambda *a: (scattered.append(a[1]), scatter.scatter_source(*a)))
    with monkeypatch.context() as patch:
        patch.setattr(flow, "write_mixture_files", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        code, out, err = again(run, mc4, tmp_path / "m")
        assert (code, out) == (1, "")
        assert "No space left" in err
        assert err.count("\n") == 1
    before = scattered.copy()
    assert sorted(before) == list(range(13))  # two shards of each split of a language, one of the single "sw" held out
    assert again(run, mc4, tmp_path / "m")[0] == 0
    assert scattered == before
    assert digests(tmp_path / "m") == digests(mixed)


def test_the_same_again_is_there_already(run, mixed, mc4):
    before = {path: path.stat().st_mtime_ns for path in mixed.rglob("*") if path.is_file()}
    code, out, err = again(run, mc4, mixed)
    assert (code, err) == (0, "")
    assert "already built" in out
    assert {path: path.stat().st_mtime_ns for path in mixed.rglob("*") if path.is_file()} == before


def test_another_mixture_in_its_place_asks_for_overwrite(run, mc4, tmp_path):
    target = tmp_path / "m"
    assert run("--corpus", mc4, "--output", target)[0] == 0
    before = digests(target)
    refused(run("--corpus", mc4, "--output", target, "--seed", "3"), target, "--overwrite")
    assert digests(target) == before
    assert run("--corpus", mc4, "--output", target, "--seed", "3", "--overwrite", "--shards", "2")[0] == 0
    assert manifest_of(target)["settings"]["seed"] == 3
    assert [path.name for path in sorted(target.glob("mixture/train-*"))] == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]


def test_an_unfinished_mixture_of_other_settings_is_cleared(run, mixed, mc4, tmp_path):
    target = tmp_path / "m"
    for work in (target / ".staging-0123456789abcdef", target / ".made-0123456789abcdef"):
        (work / "mixture").mkdir(parents=True)
        (work / ".c4pipe").write_bytes(WORK_NOTE)
        for name in ("plan.json", "mixture/train-00007-of-00009.parquet", ".manifest.json.4711.tmp"):
            (work / name).write_bytes(b"of another run")
    assert again(run, mc4, target)[0] == 0
    assert digests(target) == digests(mixed)


# --- what is said -----------------------------------------------------------------------------------------------


def test_the_summary_shows_every_entry(run, mc4, tmp_path):
    _, out, err = run("--corpus", mc4, "--output", tmp_path / "m", "--alpha", "0.3")
    lines = out.splitlines()
    assert err == ""
    assert lines[0] == "mixture: temperature with alpha 0.3 (T = 3.333)"
    assert lines[1].split() == ["entry", "natural", "share", "rate", "epochs", "written", "share"]
    assert lines[2].split() == ["en", "1,000", "75.586%", "45.848%", "0.72", "725", "54.800%"]
    assert [line.split()[0] for line in lines[2:6]] == ["en", "de", "sw", "yo"]
    assert lines[6].startswith("  mixture/train: 1,323 pages in 1 file, ")
    assert f"  corpus: {tmp_path / 'm'}" in lines


# --- wrong use --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mixture", "temprature"], ["unknown mixture", "Did you mean 'temperature'"]),
        (["--alpha", "-1"], ["--alpha -1"]),
        (["--alpha", "nan"], ["--alpha nan"]),
        (["--alpha", "much"], ["--alpha", "'much'"]),
        (["--alpha", "0.3", "--temperature", "3"], ["--temperature"]),
        (["--mixture", "equal", "--alpha", "0.3"], ["not apply"]),
        (["--mixture", "examples"], ["--limit"]),
        (["--limit", "0"], ["--limit"]),
        (["--documents", "0"], ["--documents", "1 or more"]),
        (["--documents", "1e6"], ["--documents", "'1e6'"]),
        (["--documents", "9999999999999", "--max-epochs", "9999999999999"], ["9,999,999,999,999", "can be ordered"]),
        (["--max-epochs", "0"], ["--max-epochs"]),
        (["--max-epochs", "2.5"], ["--max-epochs", "whole number"]),
        (["--seed", "-1"], ["--seed"]),
        (["--shards", "0"], ["--shards"]),
        (["--languages", ","], ["--languages"]),
        (["--languages", "de,xx"], ["unknown language 'xx'", "sw"]),
        (["--languages", "../etc"], ["unknown language"]),
        (["--alpah", "0.3"], ["unknown option '--alpah'", "--alpha"]),
        (["--corpus", "nowhere"], ["nowhere", "no finished corpus"]),
    ],
)
def test_wrong_use_is_told_before_any_work(run, mc4, tmp_path, options, words):
    refused(run("--corpus", mc4, "--output", tmp_path / "m", *options), *words)
    assert list(tmp_path.iterdir()) == []


def test_needed_options_are_asked_for(run, mc4, tmp_path):
    refused(run("--output", tmp_path / "m"), "--corpus", "required")
    refused(run("--corpus", mc4), "--output", "required")
    refused(run("--corpus", mc4, "--output", ""), "--output", "empty")


def test_a_corpus_is_not_written_into_itself(run, mc4, tmp_path):
    before = digests(mc4)
    (tmp_path / "link").symlink_to(mc4)
    for target in (mc4, f"{mc4}/", mc4 / "mixture", mc4.parent, tmp_path / "link", f"{mc4}/../mc4/x"):
        refused(run("--corpus", mc4, "--output", target, "--overwrite"), "contain one another")
    assert digests(mc4) == before


def test_two_corpora_of_one_name_need_names(run, mc4, tmp_path):
    other = write_corpus(tmp_path / "mc4", {"en": 3})
    refused(run("--corpus", mc4, "--corpus", other, "--output", tmp_path / "m"), "'mc4'", "NAME=DIR")
    assert run("--corpus", f"a={mc4}", "--corpus", f"b={other}", "--output", tmp_path / "m")[0] == 0


def test_a_folder_with_an_equals_sign_is_a_folder(run, tmp_path):
    corpus = write_corpus(tmp_path / "alpha=1" / "c", {"en": 9, "de": 3})
    assert run("--corpus", corpus, "--output", tmp_path / "m")[0] == 0
    assert [*manifest_of(tmp_path / "m")["mixture"]] == ["de", "en"]


def test_foreign_files_are_left_alone(run, mc4, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "thesis.tex").write_text("ten years of work")
    refused(run("--corpus", mc4, "--output", tmp_path / "m", "--overwrite"), "thesis.tex")
    assert digests(tmp_path / "m") == {"thesis.tex": hashlib.sha256(b"ten years of work").hexdigest()}


def test_a_corpus_without_a_page_to_train_on(run, tmp_path):
    empty = write_corpus(tmp_path / "empty", {})
    refused(run("--corpus", empty, "--output", tmp_path / "m"), empty, "no document")
    held_out = write_corpus(tmp_path / "held", {}, {"en": 3})
    refused(run("--corpus", held_out, "--output", tmp_path / "m"), "none of the 1 entries")


def test_columns_of_two_types_are_refused(run, mc4, tmp_path, monkeypatch):
    import pyarrow as pa

    from tests.rebalance import corpora

    fields = [pa.field("url", pa.large_string()) if field.name == "url" else field for field in PAGE_SCHEMA]
    monkeypatch.setattr(corpora, "PAGE_SCHEMA", pa.schema(fields))
    other = write_corpus(tmp_path / "other", {"en": 3})
    refused(run("--corpus", mc4, "--corpus", other, "--output", tmp_path / "m"), "'url'", "large_string")


# --- damaged corpora --------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    """A corpus of its own."""
    return write_corpus(tmp_path / "copy", {"en": 60, "de": 9}, {"en": 2})


def failed(result, *words):
    code, out, err = result
    assert (code, out) == (1, "")
    assert err.startswith("rebalance: ")
    assert err.count("\n") == 1, err
    for word in words:
        assert str(word) in err


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_a_changed_byte_is_noticed_and_the_shard_named(run, copy, tmp_path, workers):
    path = copy / "en" / "train-00001-of-00002.parquet"
    data = bytearray(path.read_bytes())
    data[300] ^= 1
    path.write_bytes(data)
    result = run("--corpus", copy, "--output", tmp_path / "m", workers=workers)
    failed(result, path, "sha256", "Rebuild that corpus")
    assert not (tmp_path / "m" / "manifest.json").exists()


def test_a_shard_that_is_cut_gone_or_no_parquet_is_named_before_any_work(run, copy, tmp_path):
    path, target = copy / "de" / "train-00000-of-00002.parquet", tmp_path / "m"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    failed(run("--corpus", copy, "--output", target), path, f"{len(whole) - 1:,} bytes")
    path.write_bytes(b"x" * len(whole))
    failed(run("--corpus", copy, "--output", target), path)
    path.unlink()
    failed(run("--corpus", copy, "--output", target), path, "No such file")
    assert not target.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../../etc/passwd"},
        {"path": "en/../../x.parquet"},
        {"path": 5},
        {"rows": -1},
        {"rows": True},
        {"bytes": "many"},
        {"split": "test"},
        {"config": ["en"]},
        {"sha256": None},
    ],
)
def test_a_manifest_that_no_build_wrote_is_refused(run, copy, tmp_path, change):
    manifest = manifest_of(copy)
    manifest["shards"][0] |= change
    manifests.write_older(copy, manifest)
    failed(run("--corpus", copy, "--output", tmp_path / "m"), copy, "Build the corpus again")
    assert not (tmp_path / "m").exists()


def test_a_manifest_that_counts_wrong_is_refused(run, copy, tmp_path):
    manifest = manifest_of(copy)
    manifest["shards"][0]["rows"] += 1
    manifests.write_older(copy, manifest)
    failed(run("--corpus", copy, "--output", tmp_path / "m"), manifest["shards"][0]["path"], "rows")


# --- as a process -----------------------------------------------------------------------------------------------


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit, match="0"):
        rebalance.main(["--help"])
    out, err = capsys.readouterr()
    assert "--corpus out/mc4 --output out/mixed --alpha 0.3" in out
    assert err == ""


@pytest.mark.soak
@pytest.mark.parametrize(("sent", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_an_interrupted_run_says_how_to_go_on(tmp_path, sent, workers):
    corpus = write_corpus(tmp_path / "c", {"en": 60_000, "de": 2000}, shards=40, group=500)
    arguments = ["--corpus", corpus, "--output", tmp_path / "m", "--workers", workers, "--shards", "40"]
    full = [sys.executable, "-m", "beam_jobs.rebalance", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(full, cwd=ROOT, start_new_session=True, **pipes) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("m/.staging-*/scattered/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[sent]
    assert out == ""
    assert err.splitlines()[-1] == "rebalance: interrupted. Run the same command again to resume."
    assert not (tmp_path / "m" / "manifest.json").exists()
