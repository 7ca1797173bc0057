"""A second engine: Beam's DaskRunner gives the bytes of the local one."""

import os
import subprocess
import sys
import time
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_jobs import build_c4, rebalance
from c4pipe.errors import BuildError
from tests.listening import watching
from tests.wetfiles import ROOT, digests

if not find_spec("distributed"):  # not imported here: it takes over a second
    pytest.skip("needs Dask: pip install 'c4pipe[dask]'", allow_module_level=True)

SAMPLES = ROOT / "data_samples"
DASK = ["--runner", "DaskRunner"]
# What a worker is told to import first, and what it needs for its first step.
WORKER = """
import sys, c4pipe.flow.dask_worker, apache_beam.runners.dask.transform_evaluator, c4pipe.flow.build, pyarrow
pyarrow.array([1])
print({"apache_beam", "apache_beam.io.gcp.bigquery", "pandas"} & {*sys.modules})
"""
# Several readings, prefixes and corpora; a language that is left out; the check of inputs; shuffles through files.
OPTIONS = [
    *("--preset", "en,multilingual", "--min-pages", "10", "--max-bad-share", "0.9"),
    *("--spill-rows", "1", "--shards", "2"),
]


@pytest.fixture(scope="module")
def address():
    """A cluster that is there already."""
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL") as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def on_dask(badwords, tmp_path):
    """`on_dask(input, ...)`: the exit code of a build into tmp_path/c4."""

    def call(source, *options):
        arguments = ["--input", str(source), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)]
        return build_c4.main([*arguments, *DASK, *options])

    return call


def started(command, folder):
    line = [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:], "--no-dashboard"]
    with (folder / f"{command[0]}.log").open("w") as log:
        return subprocess.Popen(line, cwd=folder, stdout=log, stderr=log)


@pytest.fixture
def alone(tmp_path):
    """The file of a scheduler that nobody has joined."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    file = folder / "scheduler.json"
    scheduler = started(["scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)], folder)
    while not file.exists():
        assert scheduler.poll() is None, (folder / "scheduler.log").read_text()
        time.sleep(0.05)
    yield file
    scheduler.kill()
    scheduler.wait()


@pytest.mark.slow
def test_a_cluster_whose_workers_join_later_is_waited_for(
    on_dask, built, small, tmp_path, alone, monkeypatch, request, capfd
):
    from dask.distributed import Client

    wait = Client.wait_for_workers

    def one_joins(client, *told, **named):
        worker = started(["worker", "--scheduler-file", str(alone), "--nthreads", "1", "--no-nanny"], alone.parent)
        request.addfinalizer(worker.kill)
        return wait(client, *told, **named)

    monkeypatch.setattr(Client, "wait_for_workers", one_joins)
    assert on_dask(small, "--dask_scheduler_file", str(alone)) == 0
    assert f"{alone}: no worker has joined that cluster yet. Waiting up to 60 s." in capfd.readouterr().err
    assert digests(tmp_path / "c4") == digests(built(small))


def test_a_cluster_without_workers_is_refused_in_the_end(on_dask, small, alone, monkeypatch, capsys):
    monkeypatch.setattr("beam_jobs.dask.JOIN_SECONDS", 0.2)
    assert on_dask(small, "--dask_scheduler_file", str(alone)) == 2
    said = capsys.readouterr().err
    assert f"{alone}: that cluster has no workers: none joined in 0.2 s. Start them with dask worker" in said


@pytest.mark.slow
def test_a_worker_process_of_dask_gives_the_bytes_of_the_local_runner(on_dask, built, small, tmp_path):
    assert on_dask(small, "--workers", "1", "--spill-rows", "1") == 0
    assert digests(tmp_path / "c4") == digests(built(small))


@pytest.mark.slow
def test_a_cluster_of_ours_answers_on_this_machine_and_who_has_its_key():
    from dask.distributed import Client
    from distributed import Security

    from beam_jobs import dask

    options = PipelineOptions(["--direct_num_workers=3"])
    with watching() as seen, dask.cluster(options, sys.stderr):
        address = options.view_as(dask.DaskOptions).address
        scratch = Path(os.environ["TMPDIR"])
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(3, timeout=60)
            assert sum(client.nthreads().values()) == 3
            assert client.submit(sum, [1, 2]).result() == 3
        for stranger in (address.replace("tls:", "tcp:"), address):
            security = Security.temporary() if stranger == address else Security(require_encryption=False)
            with pytest.raises(OSError, match=r"Timed out|closed|TLS|SSL"):
                Client(stranger, security=security, timeout=1, set_as_default=False)
    assert {port.rpartition(":")[0] for port in seen.ports} == {"127.0.0.1"}
    assert not scratch.exists()


def test_groups_meet_in_one_place_by_fewer_tasks_than_the_partitions_have_pairs():
    from dask import bag

    from beam_jobs.dask import ByKey

    elements = [(n % 3, n) for n in range(20)]
    groups = ByKey(None, {"npartitions": 8}).apply(bag.from_sequence(elements, npartitions=8))
    assert groups.npartitions == 8
    assert groups.compute(scheduler="sync") == [(key, [*range(key, 20, 3)]) for key in range(3)]
    assert len(dict(groups.__dask_graph__())) < 8 * 8


def test_a_worker_begins_with_a_lean_beam_and_without_pandas():
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True)
    assert done.stdout == "{'apache_beam'}\n"


@pytest.mark.soak
def test_so_do_two_of_them_and_several_corpora(on_dask, built, tmp_path):
    assert on_dask(SAMPLES, "--workers", "2", *OPTIONS) == 0
    assert digests(tmp_path / "c4") == digests(built(SAMPLES, *OPTIONS))


@pytest.mark.soak
def test_so_does_a_cluster_that_is_there_already(on_dask, address, built, tmp_path):
    assert on_dask(SAMPLES, "--dask_client_address", address) == 0
    assert digests(tmp_path / "c4") == digests(built(SAMPLES))


@pytest.mark.soak
def test_a_mixture_too(address, built, tmp_path):
    corpus = built(SAMPLES, "--preset", "multilingual")
    for name, options in {"local": ["--workers", "1"], "dask": [*DASK, "--dask_client_address", address]}.items():
        assert (
            rebalance.main(["--corpus", str(corpus), "--output", str(tmp_path / name), "--shards", "3", *options]) == 0
        )
    assert digests(tmp_path / "dask") == digests(tmp_path / "local")


@pytest.mark.soak
def test_a_failed_build_says_why(on_dask, address, tmp_path, capsys):
    (tmp_path / "error.warc.wet.gz").write_text("<html>503 Slow Down</html>")
    assert on_dask(tmp_path / "error.warc.wet.gz", "--dask_client_address", address) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("build_c4: the one input does not hold a readable page: error.warc.wet.gz: an HTML")


@pytest.mark.soak
def test_a_cluster_with_other_code_is_refused(on_dask, address, monkeypatch, capsys):
    monkeypatch.setattr("beam_jobs.dask.code_of_everything", lambda: "another")
    assert on_dask(SAMPLES, "--dask_client_address", address) == 2
    assert f"{address}: c4pipe is missing on that cluster, or is another version." in capsys.readouterr().err


def test_workers_that_die_for_good_are_told(monkeypatch):
    from distributed.scheduler import NoWorkerError

    from beam_jobs import dask

    monkeypatch.setattr(dask, "_processes", lambda workers: nullcontext("tcp://127.0.0.1:1"))
    with pytest.raises(BuildError, match="a worker process died"), dask.cluster(PipelineOptions([]), sys.stderr):
        raise NoWorkerError("task", 60.0)


def test_a_cluster_that_is_not_there_is_told(on_dask, capsys):
    assert on_dask(SAMPLES, "--dask_client_address", "tcp://127.0.0.1:1", "--dask_connection_timeout", "1") == 2
    assert "tcp://127.0.0.1:1: no Dask scheduler answers at this address" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(on_dask, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "beam_jobs.dask", None)
    assert on_dask(SAMPLES) == 2
    assert "pip install 'c4pipe[dask]'" in capsys.readouterr().err
