"""The output folder and the progress of a rebalancing."""

import os

import pytest

from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.flow.files import BeamStore
from c4pipe.flow.mixed import MixtureProgress, clear_mixture_staging, find_mixture, prepare_mixture
from c4pipe.flow.ours import WORK_NOTE
from c4pipe.flow.rebalancing import Rebalancing
from c4pipe.flow.target import Standing
from c4pipe.mixture import Mixture
from c4pipe.rebalance.plan import make_plan
from c4pipe.rebalance.sources import find_sources, look_at, read_corpora
from c4pipe.shards import write_manifest
from tests.rebalance.corpora import write_corpus
from tests.wetfiles import digests


@pytest.fixture
def plan(tmp_path):
    corpus = write_corpus(tmp_path / "c", {"en": 20, "sw": 3})
    sources, schema = look_at(find_sources(read_corpora([str(corpus)], LocalStore()), []), LocalStore())
    return make_plan(sources, schema, Mixture.parse(), None, 4, 0, 2)


@pytest.fixture
def job(tmp_path):
    description = {"settings": {"seed": 0}, "versions": {}, "code": {}, "inputs": [], "fingerprint": "abc"}
    return Rebalancing(str(tmp_path / "m"), str(tmp_path / "m" / ".staging-0a1b"), description)


def put(path, data="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data)


STAGED, MADE = ".staging-0a1b", ".made-abc"
BEGUN = [f"{MADE}/.c4pipe", f"{STAGED}/.c4pipe", f"{STAGED}/plan.json"]


def test_a_new_folder_gets_the_plan(job, plan, tmp_path):
    prepare_mixture(job, plan)
    assert sorted(digests(tmp_path / "m")) == BEGUN
    with BeamStore(job.staging).read(job.plan) as stream:
        assert stream.read() == plan.to_bytes()


def test_an_unfinished_one_is_kept_less_what_is_half_written(job, plan, tmp_path):
    prepare_mixture(job, plan)
    kept = [f"{STAGED}/scattered/000000.rows", f"{MADE}/mixture/train-00001-of-00002.parquet"]
    half = [f"{STAGED}/scattered/.000001.rows.77.tmp", f"{MADE}/mixture/.train-00000-of-00002.parquet.77.tmp"]
    for name in [*kept, *half]:
        put(tmp_path / "m" / name)
    prepare_mixture(job, plan)
    assert sorted(digests(tmp_path / "m")) == sorted([*BEGUN, *kept])


@pytest.mark.parametrize("lost", [f"{MADE}/.c4pipe", f"{STAGED}/plan.json"])
def test_one_whose_beginning_is_lost_is_begun_anew(job, plan, tmp_path, lost):
    prepare_mixture(job, plan)
    put(tmp_path / "m" / STAGED / "scattered/000000.rows")
    (tmp_path / "m" / lost).unlink()
    prepare_mixture(job, plan)
    assert sorted(digests(tmp_path / "m")) == BEGUN


def test_another_one_is_cleared_and_what_is_none_of_ours_is_not(job, plan, tmp_path):
    put(tmp_path / "m/.staging-ffff/.c4pipe", WORK_NOTE.decode())
    for name in (".staging-ffff/plan.json", ".staging-eeee/plan.json", "mixture.svg"):
        put(tmp_path / "m" / name)
    prepare_mixture(job, plan)
    assert sorted(digests(tmp_path / "m")) == sorted([*BEGUN, ".staging-eeee/plan.json", "mixture.svg"])


def written(folder, fingerprint="abc"):
    """The least that is a mixture."""
    manifest = {"schema_version": 1, "fingerprint": fingerprint, "shards": [], "ledger": {}, "inputs": []}
    write_manifest(LocalStore(), str(folder), manifest, {})


def test_the_manifest_decides_whether_it_is_done(job, tmp_path):
    assert find_mixture(job, overwrite=False) == Standing(None)
    written(tmp_path / "m")
    assert find_mixture(job, overwrite=False).manifest["fingerprint"] == "abc"
    assert find_mixture(job, overwrite=True) == Standing(None, (), 0)
    written(tmp_path / "m", "def")
    with pytest.raises(ConfigError, match="--overwrite"):
        find_mixture(job, overwrite=False)


@pytest.mark.parametrize("data", ['{"fingerprint": "abc"}', "{}", "[]", "[1]", "not JSON", ""])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_manifest_that_no_run_has_written_is_somebody_s(job, tmp_path, data, overwrite):
    put(tmp_path / "m/manifest.json", data)
    with pytest.raises(ConfigError, match=r"holds a manifest\.json that no build wrote"):
        find_mixture(job, overwrite)


@pytest.mark.parametrize(
    "name", ["en/train-00000-of-00001.parquet", "mixture/notes.txt", "a.tmp", "mixture.svg/x", "README.md"]
)
def test_files_of_others_are_refused(job, tmp_path, name):
    put(tmp_path / "m" / name)
    with pytest.raises(ConfigError, match=name):
        find_mixture(job, overwrite=True)


def test_a_file_in_its_place_is_refused(job, tmp_path):
    put(tmp_path / "m")
    with pytest.raises(ConfigError, match="is a file"):
        find_mixture(job, overwrite=True)


def test_nothing_but_the_mixture_stays(job, plan, tmp_path):
    prepare_mixture(job, plan)
    put(tmp_path / "m/README.md")
    clear_mixture_staging(job)
    assert os.listdir(tmp_path / "m") == ["README.md"]


def test_progress_is_what_the_folder_holds(job, plan, tmp_path):
    prepare_mixture(job, plan)
    watch = MixtureProgress(job, plan)
    assert watch.line().startswith("scattered 0/4 source files  written 0/2 files  ")
    put(tmp_path / "m/.staging-0a1b/scattered/000000.starts")
    put(tmp_path / "m/.staging-0a1b/scattered/.000001.starts.9.tmp")
    put(tmp_path / "m/.staging-0a1b/written/mixture/train-00000-of-00002.parquet.json")
    assert watch.line().startswith("scattered 1/4 source files  written 1/2 files  ")
