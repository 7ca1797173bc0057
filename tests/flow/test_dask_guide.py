"""The guides to Dask and Slurm: their commands build the corpus of one machine, on workers that share one folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.wetfiles import ROOT, digests

if not find_spec("distributed"):
    pytest.skip("needs Dask: pip install 'c4pipe[dask]'", allow_module_level=True)

DASK, ON_SLURM = ((ROOT / "docs" / "guides" / f"{name}.md").read_text(encoding="utf-8") for name in ("dask", "slurm"))
SCHEDULER, WORKER, BUILD = re.findall(r"```bash\n(.*?)```", DASK, re.DOTALL)
(KUBERNETES,) = re.findall(r"```python\n(.*?)```", DASK, re.DOTALL)
(SLURM,) = re.findall(r"```python\n(.*?)```", ON_SLURM, re.DOTALL)


@pytest.fixture
def shared(small: Path, tmp_path: Path) -> Path:
    """The folder that all machines see, with inputs."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "wet").symlink_to(small)
    return folder


def environment(shared: Path, scratch: Path) -> dict[str, str]:
    scratch.mkdir()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | {"SHARED": str(shared), "SCRATCH": str(scratch), "PATH": path, "PYTHONPATH": str(ROOT)}


def run(command: str, badwords: Path, environment: dict[str, str]) -> None:
    line = f"{command} --badwords-dir {badwords}"
    done = subprocess.run(["bash", "-c", line], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_by_hand_each_worker_in_a_folder_of_its_own(shared: Path, badwords: Path, tmp_path: Path) -> None:
    started = []

    def start(command: str, name: str) -> None:
        line = command.rstrip().removesuffix("&").replace("--nworkers 2", "--nworkers 1")
        started.append(
            subprocess.Popen(
                ["bash", "-c", line],
                env=environment(shared, tmp_path / name),
                cwd=tmp_path / name,
                start_new_session=True,
                stderr=subprocess.DEVNULL,
            )
        )

    try:
        start(SCHEDULER.replace("dask scheduler", "dask scheduler --host 127.0.0.1 --port 0"), "scheduler")
        for name in ("one", "two"):
            start(WORKER, name)
        while not (shared / "scheduler.json").exists():
            assert started[0].poll() is None
        run(f"{BUILD.rstrip()} --dask_npartitions 4", badwords, environment(shared, tmp_path / "dask"))
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    local = re.sub("--runner.*", "--workers 1", BUILD.rstrip()).replace("$SHARED/c4", "$SHARED/local")
    run(local, badwords, environment(shared, tmp_path / "local"))
    assert digests(shared / "c4") == digests(shared / "local")


@pytest.mark.soak
@pytest.mark.parametrize(("program", "module"), [(SLURM, "dask_jobqueue"), (KUBERNETES, "dask_kubernetes.operator")])
def test_a_program_builds_the_same(
    program: str,
    module: str,
    built: Any,
    small: Path,
    shared: Path,
    badwords: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With local processes in the place of those of Slurm or Kubernetes."""
    from dask.distributed import LocalCluster

    told: dict[str, Any] = {}

    class Local(LocalCluster):
        def __init__(self, **options: Any):
            told.update(options)
            ours = {"threads_per_worker": 1, "dashboard_address": None, "local_directory": tmp_path / "scratch"}
            super().__init__(n_workers=2, **ours)

        def scale(self, n: int | None = None, jobs: int | None = None) -> None:
            super().scale(n if n is not None else 2)

        def wait_for_workers(self, n_workers: int, timeout: float | None = None) -> None:
            super().wait_for_workers(min(2, n_workers), timeout)

    def spec(**options: Any) -> dict[str, Any]:
        return {"spec": {"worker": {"spec": {"containers": [options]}}}}

    found = types.ModuleType(module)
    vars(found).update(SLURMCluster=Local, KubeCluster=Local, make_cluster_spec=spec)
    monkeypatch.setitem(sys.modules, module, found)
    if "." in module:
        monkeypatch.setitem(sys.modules, module.partition(".")[0], types.ModuleType(module.partition(".")[0]))
    monkeypatch.setenv("SHARED", str(shared))
    monkeypatch.setenv("SCRATCH", str(tmp_path / "scratch"))
    with pytest.raises(SystemExit) as ended:
        exec(program.replace('"--runner"', f'"--badwords-dir", {str(badwords)!r}, "--runner"'), {})
    assert ended.value.code == 0
    assert told
    assert digests(shared / "c4") == digests(built(small))


def test_slurm_gets_a_script() -> None:
    """By the real dask-jobqueue, where it is installed: options that it does not know would be refused."""
    jobqueue = pytest.importorskip("dask_jobqueue", reason="needs dask-jobqueue, which no part of c4pipe does")
    made: list[str] = []

    class Asked(jobqueue.SLURMCluster):  # type: ignore[misc,name-defined]
        def scale(self, jobs: int) -> None:
            made.append(self.job_script())
            raise SystemExit(jobs)

    program = SLURM.replace("from dask_jobqueue import SLURMCluster", "").replace("SLURMCluster(", "Asked(")
    os.environ |= {"SHARED": "/shared", "SCRATCH": "/scratch"}
    with pytest.raises(SystemExit, match="4"):
        exec(program, {"Asked": Asked})
    assert "#SBATCH --cpus-per-task=16" in made[0]
    assert "source /shared/venv/bin/activate\nexport ARROW_DEFAULT_MEMORY_POOL=system MALLOC_ARENA_MAX=1\n" in made[0]
    assert "--nthreads 1" in made[0]
    assert "--nworkers 16" in made[0]
