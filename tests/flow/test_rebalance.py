"""The output folder and the progress of a rebalancing."""

import os

import pytest

from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.flow.files import BeamStore
from c4pipe.flow.mixed import MixtureProgress, clear_mixture_staging, finished_mixture, prepare_mixture
from c4pipe.flow.rebalance import Rebalancing
from c4pipe.mixture import Mixture
from c4pipe.rebalance.plan import make_plan
from c4pipe.rebalance.sources import find_sources, look_at, read_corpora
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


def test_a_new_folder_gets_the_plan(job, plan, tmp_path):
    prepare_mixture(job, plan)
    assert list(digests(tmp_path / "m")) == [".staging-0a1b/plan.json"]
    with BeamStore(job.staging).read(job.plan) as stream:
        assert stream.read() == plan.to_bytes()


def test_an_unfinished_one_is_kept_less_what_is_half_written(job, plan, tmp_path):
    prepare_mixture(job, plan)
    put(tmp_path / "m/.staging-0a1b/scattered/000000.rows")
    put(tmp_path / "m/.staging-0a1b/scattered/.000001.rows.77.tmp")
    put(tmp_path / "m/mixture/.train-00000-of-00002.parquet.77.tmp")
    put(tmp_path / "m/mixture/train-00001-of-00002.parquet")
    prepare_mixture(job, plan)
    assert list(digests(tmp_path / "m")) == [
        ".staging-0a1b/plan.json",
        ".staging-0a1b/scattered/000000.rows",
        "mixture/train-00001-of-00002.parquet",
    ]


@pytest.mark.parametrize("left", ["manifest.json", ".staging-ffff/plan.json"])
def test_a_finished_or_another_one_is_cleared(job, plan, tmp_path, left):
    if left == "manifest.json":
        prepare_mixture(job, plan)
    put(tmp_path / "m" / left)
    put(tmp_path / "m/mixture/train-00001-of-00002.parquet")
    put(tmp_path / "m/mixture.svg")
    prepare_mixture(job, plan)
    assert list(digests(tmp_path / "m")) == [".staging-0a1b/plan.json"]


def test_the_manifest_decides_whether_it_is_done(job, tmp_path):
    assert finished_mixture(job, overwrite=False) is None
    put(tmp_path / "m/manifest.json", '{"fingerprint": "abc"}')
    assert finished_mixture(job, overwrite=False) == {"fingerprint": "abc"}
    assert finished_mixture(job, overwrite=True) is None
    for other in ('{"fingerprint": "def"}', "{}", "[]", "[1]", "not JSON", ""):
        put(tmp_path / "m/manifest.json", other)
        with pytest.raises(ConfigError, match="--overwrite"):
            finished_mixture(job, overwrite=False)


@pytest.mark.parametrize("name", ["en/train-00000-of-00001.parquet", "mixture/notes.txt", "a.tmp", "mixture.svg/x"])
def test_files_of_others_are_refused(job, tmp_path, name):
    put(tmp_path / "m" / name)
    with pytest.raises(ConfigError, match=name):
        finished_mixture(job, overwrite=True)


def test_a_file_in_its_place_is_refused(job, tmp_path):
    put(tmp_path / "m")
    with pytest.raises(ConfigError, match="is a file"):
        finished_mixture(job, overwrite=True)


def test_nothing_but_the_mixture_stays(job, plan, tmp_path):
    prepare_mixture(job, plan)
    put(tmp_path / "m/.README.md.5.tmp")
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
