"""Foreign files stay, whatever their names; ours are replaced once the new corpus is complete, and not before."""

import json
import os
import random
import shutil
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from beam_jobs import build_c4, pipelines, rebalance
from bench.soak_output import kill_while_replacing, without_work
from bench.soak_output import source as small_source
from c4pipe.flow import placing
from c4pipe.flow.lock import LOCK
from c4pipe.flow.ours import MADE_NAME as MADE
from c4pipe.flow.ours import NOTE, PLACING, WORK_NOTE
from c4pipe.flow.ours import STAGING_NAME as STAGING
from c4pipe.shards import MANIFEST, SUMS, add_files
from tests.rebalance.corpora import write_corpus
from tests.wetfiles import digests

HEX = "0123456789abcdef"


@pytest.fixture(scope="session")
def source(once):
    return once("ownership", small_source)


@pytest.fixture(scope="session")
def mc4(once):
    return once("a corpus to be mixed", lambda folder: write_corpus(folder, {"de": 3, "en": 5}, {"en": 1}))


@pytest.fixture
def run(source, badwords):
    """`run(target, ...)`: exit code and all that was said."""
    return lambda target, *options: call(build_c4.main, build_arguments(source, badwords, target, *options))


def build_arguments(source, badwords, target, *options):
    lists = ["--badwords-dir", str(badwords), "--workers", "1"]
    return ["--input", str(source), "--output", str(target), *lists, *options]


def call(main, arguments):
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main(arguments)
    return code, out.getvalue(), [line for line in err.getvalue().splitlines() if "ETA" not in line]


def tree(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


# --- what is not ours -------------------------------------------------------------------------------------------------

HUB = {"README.md": b"---\nlicense: mit\n---\n", "data/train-00000-of-00001.parquet": b"PAR1 of somebody"}
# Names that builds give, or once gave, to files of theirs; and a few that they never gave.
NAMES = (
    *("README.md", "stats.json", MANIFEST, SUMS, "added.json", "report.html", "mixture.svg", PLACING, LOCK),
    *(
        f"{STAGING}{HEX}/inputs.jsonl",
        f"{STAGING}{HEX}/plan.json",
        f"{MADE}{HEX}/{MANIFEST}",
        f"{MADE}{HEX}/{PLACING}",
    ),
    *("en/train-00000-of-00001.parquet", "mixture/train-00000-of-00001.parquet", "__rejected/part-kept.parquet"),
    *("lists/badwords/en.txt", "en/.train-00000-of-00001.parquet.17.tmp", ".notes.tmp", "notes/thesis.tex"),
    *(NOTE, f"{STAGING}{HEX}/{NOTE}", f"{MADE}{HEX}/{NOTE}", f"{STAGING}mine/{NOTE}"),
)
# Of a manifest everything but what a build writes: one of a web page, of another tool, cut off, of no object.
CONTENTS = st.one_of(
    st.binary(min_size=1, max_size=20),
    st.sampled_from([b'{"name": "app", "icons": []}', b'{"schema_version": 1}', b'{"shards": []', b"[]", b"{}"]),
    st.just(json.dumps({"files": [{"path": "thesis.tex", "bytes": 1, "sha256": "0" * 64}]}).encode()),
)
FOLDERS = st.dictionaries(st.sampled_from(NAMES), CONTENTS, min_size=1, max_size=6)
FLAGS = st.sets(st.sampled_from(["--overwrite", "--fresh", "--keep-staging", "--strict"]))


@pytest.mark.parametrize("flags", [[], ["--overwrite"]])
def test_a_data_set_of_somebody_else_stays(run, mc4, tmp_path, flags):
    target = tree(tmp_path / "hub", HUB)
    before = digests(target)
    code, out, (line,) = run(target, *flags)
    assert (code, out) == (2, "")
    assert "holds files that no build recorded as its own, such as 'README.md'" in line
    code, out, (line,) = call(rebalance.main, ["--corpus", str(mc4), "--output", str(target), "--workers", "1", *flags])
    assert (code, out) == (2, "")
    assert "no build recorded" in line
    assert digests(target) == before


@hypothesis_settings(max_examples=40)
@given(files=FOLDERS, flags=FLAGS, mixed=st.booleans(), several=st.booleans())
@example(files=HUB, flags={"--overwrite"}, mixed=False, several=False)
@example(files={LOCK: b"a lock of mine"}, flags=set(), mixed=False, several=True)
@example(files={f"{STAGING}{HEX}/inputs.jsonl": b"mine"}, flags={"--fresh"}, mixed=True, several=False)
def test_every_byte_that_no_build_wrote_is_there_after_any_command(source, badwords, mc4, files, flags, mixed, several):
    with tempfile.TemporaryDirectory() as folder:
        target = tree(Path(folder) / "target", files)
        before = digests(target)
        if mixed:
            arguments = ["--corpus", str(mc4), "--output", str(target), "--workers", "1"]
            code, *_ = call(rebalance.main, arguments + ["--overwrite"] * ("--overwrite" in flags))
        else:
            presets = ["--preset", "en,en.noclean"] if several else []
            code, *_ = call(build_c4.main, build_arguments(source, badwords, target, *presets, *sorted(flags)))
        found = digests(target)
    assert {name: found.get(name) for name in before} == before
    assert code == 2 or several  # several corpora have folders of their own beside what is there


@pytest.mark.parametrize("name", [f"{STAGING}{HEX}", f"{MADE}{HEX}"])
def test_a_link_to_a_folder_that_builds_work_in_is_not_followed(run, tmp_path, name):
    elsewhere = tree(tmp_path / "elsewhere", {NOTE: WORK_NOTE, "mine.txt": b"mine"})
    (tmp_path / "c4").mkdir()
    (tmp_path / "c4" / name).symlink_to(elsewhere)
    code, *_ = run(tmp_path / "c4", "--overwrite")
    assert code == 2
    assert (elsewhere / "mine.txt").read_bytes() == b"mine"


def test_a_staging_folder_that_is_none_of_ours_is_refused(run, tmp_path):
    assert run(tmp_path / "c4", "--staging", str(tmp_path / "staging"))[0] == 0
    (ours,) = (tmp_path / "staging").glob(f"{STAGING}*")
    moved = ours.rename(tmp_path / "elsewhere")
    (moved / "mine.txt").write_text("mine")
    ours.symlink_to(moved)
    code, _, (line,) = run(tmp_path / "other", "--staging", str(tmp_path / "staging"), "--fresh")
    assert (code, "was not made by c4pipe" in line) == (2, True)
    assert (moved / "mine.txt").read_text() == "mine"


def test_a_file_in_a_corpus_that_nobody_noted_is_in_the_way_of_another_one(run, built, source, tmp_path):
    target = shutil.copytree(built(source), tmp_path / "c4")
    (target / "en" / "notes.txt").write_text("mine")
    before = digests(target)
    for flags in ([], ["--overwrite"], ["--shards", "2", "--overwrite"]):
        code, _, (line,) = run(target, *flags)
        assert (code, "'en/notes.txt'" in line) == (2, True)
    assert digests(target) == before


def test_a_report_that_was_added_goes_with_its_corpus_and_one_that_was_edited_does_not(run, built, source, tmp_path):
    target = shutil.copytree(built(source), tmp_path / "c4")
    add_files(target, {"report.html": b"<html>"})
    assert run(target)[0] == 0
    (target / "report.html").write_text("<html>and what I think of it")
    code, _, (line,) = run(target, "--overwrite")
    assert (code, "report.html was changed since it was written" in line) == (2, True)
    (target / "report.html").write_text("<html>")
    assert run(target, "--shards", "2", "--overwrite")[0] == 0
    assert digests(target) == digests(built(source, "--shards", "2"))


def test_a_card_that_somebody_edited_is_not_replaced(run, built, source, tmp_path):
    target = shutil.copytree(built(source), tmp_path / "c4")
    with (target / "README.md").open("a") as card:
        card.write("What I think of it.\n")
    code, _, (line,) = run(target, "--overwrite")
    assert (code, "README.md was changed since it was written" in line) == (2, True)
    assert (target / "README.md").read_text().endswith("What I think of it.\n")


def test_what_killed_builds_of_ours_left_is_cleared(run, built, source, tmp_path):
    target = tmp_path / "c4"
    for name in (f"{STAGING}{HEX}", f"{MADE}{HEX}"):
        tree(
            target / name,
            {NOTE: WORK_NOTE, "en/train-00000-of-00009.parquet": b"of another build", ".half.7.tmp": b"half"},
        )
    (target / LOCK).write_text('{"pid": 4711, "host": "gone"}')
    assert run(target)[0] == 0
    assert digests(target) == digests(built(source))


# --- a corpus that is not whole ---------------------------------------------------------------------------------------

TRAIN = "en/train-00000-of-00001.parquet"


def no_shards(target):
    manifest = json.loads((target / MANIFEST).read_bytes())
    (target / MANIFEST).write_text(json.dumps({**manifest, "shards": []}))


DAMAGES = {
    "a shard is missing": (lambda target: (target / TRAIN).unlink(), f"{TRAIN} is missing"),
    "a shard is cut": (lambda target: os.truncate(target / TRAIN, 100), f"{TRAIN} has 100 bytes, not"),
    "a shard is empty": (lambda target: os.truncate(target / TRAIN, 0), f"{TRAIN} has 0 bytes, not"),
    "a shard is foreign": (lambda target: (target / TRAIN).write_text("mine"), f"{TRAIN} has 4 bytes, not"),
    "no shard is listed": (no_shards, f"{MANIFEST} was changed or damaged"),
    "the folder of shards is gone": (lambda target: shutil.rmtree(target / "en"), f"{TRAIN} is missing"),
    "the statistics are gone": (lambda target: (target / "stats.json").unlink(), "stats.json is missing"),
    "a list is gone": (lambda target: shutil.rmtree(target / "lists"), "is missing"),
    "a rejected part is cut": (lambda target: os.truncate(target / "__rejected/part-kept.parquet", 9), "has 9 bytes"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_corpus_that_is_not_whole_is_said_to_be_and_made_again(run, built, source, tmp_path, damage):
    target = shutil.copytree(built(source), tmp_path / "c4")
    change, words = DAMAGES[damage]
    change(target)
    code, out, err = run(target)
    assert (code, "was already built" in out) == (0, False)
    assert err[0].startswith(f"note: {target} is damaged: ")
    assert words in err[0]
    assert digests(target) == digests(built(source))
    assert "was already built" in run(target)[1]


# --- replacing --------------------------------------------------------------------------------------------------------


def test_the_place_that_a_replacement_takes_is_said_before(run, built, source, tmp_path):
    target = shutil.copytree(built(source), tmp_path / "c4")
    code, _, (line,) = run(target, "--shards", "2", "--overwrite")
    assert code == 0
    assert line.startswith("note: the corpus that is there (")
    assert "stays until the new one is complete" in line
    assert "MB are free" in line


def test_inputs_without_a_page_leave_the_corpus_that_is_there(run, built, source, badwords, tmp_path):
    target = shutil.copytree(built(source), tmp_path / "c4")
    (tmp_path / "bad.warc.wet.gz").write_bytes(b"<html>503 Slow Down</html>")
    arguments = build_arguments(tmp_path / "bad.warc.wet.gz", badwords, target, "--overwrite")
    code, _, err = call(build_c4.main, arguments)
    assert code == 1
    assert "the one input does not hold a readable page" in err[-1]
    assert without_work(target) == digests(built(source))
    assert run(target)[0] == 0
    assert digests(target) == digests(built(source))


@pytest.mark.parametrize("mode", ["exchanged", "moved"])
def test_a_build_that_was_killed_before_its_last_step_only_takes_that(run, built, source, tmp_path, monkeypatch, mode):
    target = shutil.copytree(built(source), tmp_path / "c4")
    if mode == "moved":
        monkeypatch.setattr(placing, "_exchanged", lambda output, made: False)
    with monkeypatch.context() as patch:
        patch.setattr(build_c4, "put_in_place", lambda output, made: (_ for _ in ()).throw(KeyboardInterrupt))
        assert run(target, "--shards", "2", "--overwrite")[0] == 130
    assert without_work(target) == digests(built(source))
    with monkeypatch.context() as patch:
        patch.setattr(pipelines, "pipeline_of", None)
        assert run(target, "--shards", "2", "--overwrite")[0] == 0
    assert digests(target) == digests(built(source, "--shards", "2"))


def test_one_that_takes_its_place_while_another_is_asked_for(run, built, source, tmp_path, monkeypatch):
    """Files that are moved one by one: whoever comes next completes that, and then looks at what is there."""
    target = shutil.copytree(built(source), tmp_path / "c4")
    monkeypatch.setattr(placing, "_exchanged", lambda output, made: False)
    with monkeypatch.context() as patch:
        patch.setattr(placing, "_complete", lambda output, made: (_ for _ in ()).throw(KeyboardInterrupt))
        assert run(target, "--shards", "2", "--overwrite")[0] == 130
    assert not (target / MANIFEST).exists()
    code, _, (line,) = run(target)
    assert (code, "settings (shards" in line) == (2, True)
    assert without_work(target) == digests(built(source, "--shards", "2"))


@pytest.mark.slow
@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_a_build_that_is_killed_while_it_replaces_a_corpus(built, source, badwords, tmp_path, kills):
    """With 1 and 2 workers, at any file operation or any moment: the old corpus stands, or the new one, whole."""
    arguments = ["--input", str(source), "--badwords-dir", str(badwords), "--shards", "2"]
    old, new, chosen = built(source), built(source, "--shards", "2"), random.Random(kills)
    for number in range(kills):
        workers = 2 if number % 3 == 2 else 1
        target, log = tmp_path / "c4" / "c4", tmp_path / "log"
        assert kill_while_replacing(arguments, old, new, target, log, chosen, workers) == "", number
