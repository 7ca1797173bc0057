"""Beam's DaskRunner: a cluster of local processes for one job, or an existing cluster."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TextIO

import dask
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners.dask.dask_runner import DaskOptions
from apache_beam.runners.dask.overrides import _GroupByKeyOnly, _Reshuffle
from apache_beam.runners.dask.transform_evaluator import TRANSLATIONS, DaskBagOp, defenestrate
from dask.distributed import Client, LocalCluster, default_client
from distributed import Security
from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

from beam_jobs.workers import WORKER_DIED
from c4pipe.command import is_command
from c4pipe.corpus.identity import code_of_everything
from c4pipe.errors import BuildError, ConfigError
from c4pipe.flow.allocators import FRUGAL
from c4pipe.scratch import temporary_files

PARTITIONS = 2  # per worker: more would spread work more evenly, but every step runs once for each
LOOPBACK_HOST = "127.0.0.1"
# What a scheduler and a worker show to any browser without authentication.
NO_PAGES: dict[str, Any] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
NO_WORKERS = "distributed.scheduler.no-workers-timeout"
PRELOAD = "distributed.worker.preload"
BEFORE_THEY_START = "distributed.nanny.pre-spawn-environ"
WORKER_TIMEOUT = "60s"  # for a lost worker, which may never be replaced
JOIN_SECONDS = 60  # for the first worker of a named cluster: its processes may be starting


class Spread(DaskBagOp):
    """Reshuffle, which Beam's DaskRunner ignores: all output of one element would stay on one worker.

    The elements (numbers and names of files) are collected on one worker and distributed again.
    """

    def apply(self, input_bag: Any, side_inputs: Any = None) -> Any:
        return input_bag.repartition(npartitions=1).repartition(npartitions=self.bag_kwargs["npartitions"])


class ByKey(DaskBagOp):
    """GroupByKey, which Beam's DaskRunner splits into more tasks than partitions squared, most of them empty.

    Everything is collected on one worker, as in `Spread`: up to `--spill-rows` rows of 20 bytes; above that, places in
    files.
    """

    def apply(self, input_bag: Any, side_inputs: Any = None) -> Any:
        groups = input_bag.repartition(npartitions=1).map_partitions(_by_key)
        return groups.repartition(npartitions=self.bag_kwargs["npartitions"])


def _by_key(elements: Iterable[tuple[Any, Any]]) -> list[tuple[Any, list[Any]]]:
    groups: dict[Any, list[Any]] = {}
    for key, value in elements:
        groups.setdefault(key, []).append(defenestrate(value))
    return [*groups.items()]


TRANSLATIONS |= {_Reshuffle: Spread, _GroupByKeyOnly: ByKey}


@contextmanager
def cluster(options: PipelineOptions, stderr: TextIO) -> Iterator[None]:
    """Provides the workers while a pipeline runs.

    ConfigError if a named cluster does not exist, or runs other code; BuildError if the workers die.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # failures are also raised
    ours = options.view_as(DaskOptions)
    named = ours.get_all_options(drop_default=True, current_only=True)
    with ExitStack() as stack:
        if "address" in named or "scheduler_file" in named:
            workers = _workers_of(named, stderr)
        else:
            workers = options.view_as(DirectOptions).direct_num_workers
            ours.address = stack.enter_context(_processes(workers))
        ours.npartitions = ours.npartitions or PARTITIONS * workers
        try:
            yield
        except (KilledWorker, NoWorkerError, NoValidWorkerError) as error:
            raise BuildError(WORKER_DIED) from error
        finally:
            with suppress(ValueError):  # the runner has no client yet
                default_client().close()


@contextmanager
def _processes(workers: int) -> Iterator[str]:
    """A cluster of processes on this machine; yields the address of its scheduler.

    Dask runs whatever a client sends, so only this machine may connect, with a key made by this process.
    """
    with (
        temporary_files("dask") as scratch,
        dask.config.set(_own_key() | NO_PAGES | {f"{BEFORE_THEY_START}.{name}": FRUGAL[name] for name in FRUGAL}),
        dask.config.set({NO_WORKERS: WORKER_TIMEOUT, "temporary-directory": str(scratch)}),
        dask.config.set({PRELOAD: ["c4pipe.flow.dask_worker"]} if is_command() else {}),
        LocalCluster(
            n_workers=workers,
            host=LOOPBACK_HOST,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"dashboard_address": f"{LOOPBACK_HOST}:0"},  # else Dask warns if port 8787 is taken
        ) as cluster,
    ):
        try:
            yield cluster.scheduler_address
        finally:
            for nanny in cluster.workers.values():  # otherwise Dask waits four seconds for each
                nanny.auto_restart = False
                with suppress(ProcessLookupError, TypeError):  # it has ended, and may have no process id
                    os.kill(nanny.pid, signal.SIGKILL)


def _own_key() -> dict[str, Any]:
    """Settings under which everything, Beam's client included, communicates only with holders of this key."""
    made = Security.temporary()
    roles = {
        f"distributed.comm.tls.{role}.{part}": getattr(made, f"tls_{role}_{part}")
        for role in ("client", "scheduler", "worker")
        for part in ("key", "cert")
    }
    return {"distributed.comm.require-encryption": True, "distributed.comm.tls.ca-file": made.tls_ca_file, **roles}


def _workers_of(named: dict[str, Any], stderr: TextIO) -> int:
    """The number of workers of an existing cluster."""
    where = named.get("address") or named["scheduler_file"]
    connection = {name: named[name] for name in ("address", "scheduler_file", "timeout") if name in named}
    try:
        with Client(**connection, set_as_default=False) as client:
            _wait_for_a_worker(client, where, stderr)
            workers: int = sum(client.nthreads().values())
            codes = {*client.run(_code).values(), client.run_on_scheduler(_code)}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{where}: no Dask scheduler answers at this address ({error}).") from None
    except ImportError:
        codes = set()
    if codes != {_code()}:
        raise ConfigError(
            f"{where}: c4pipe is missing on that cluster, or is another version. Install this version on all its "
            "machines."
        )
    return workers


def _wait_for_a_worker(client: Client, where: str, stderr: TextIO) -> None:
    """Waits until one has joined; ConfigError if none does. Workers that join later are used, too."""
    if client.nthreads():
        return
    print(f"{where}: no worker has joined that cluster yet. Waiting up to {JOIN_SECONDS} s.", file=stderr)
    try:
        client.wait_for_workers(1, timeout=JOIN_SECONDS)
    except TimeoutError:
        raise ConfigError(
            f"{where}: that cluster has no workers: none joined in {JOIN_SECONDS} s. Start them with dask worker, "
            "and see what they print."
        ) from None


def _code() -> str:
    """A digest of the code that decides the bytes of a corpus, on the machine that calls it."""
    return code_of_everything()
