"""The guide to Slurm arrays: its script and commands, with a stand-in for `sbatch`, build the corpus of one machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.array_inputs import UNITS, five_units
from tests.wetfiles import ROOT, digests

SCRIPT, SUBMIT = re.findall(
    r"```bash\n(.*?)```", (ROOT / "docs" / "guides" / "slurm-array.md").read_text(encoding="utf-8"), re.DOTALL
)
TASKS = 3
# Runs the tasks of an array at once, or the one job, and prints its number; what it would wait for has ended by then.
SBATCH = f"""#!{sys.executable}
import os, re, subprocess, sys
array = next((re.fullmatch("--array=1-([0-9]+)", word) for word in sys.argv if word.startswith("--array")), None)
tasks = [{{"SLURM_ARRAY_TASK_ID": str(n)}} for n in range(1, int(array[1]) + 1)] if array else [{{}}]
with open("sbatch.log", "a") as log:
    print(*sys.argv[1:], file=log)
    jobs = [subprocess.Popen(["bash", sys.argv[-1]], env=os.environ | task, stdout=log, stderr=log) for task in tasks]
    codes = [job.wait() for job in jobs]
print(4711)
sys.exit(max(map(abs, codes)))
"""


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The folder that all nodes see: inputs, a venv, and what is to be submitted."""
    five_units(tmp_path / "wet")
    tools = tmp_path / "venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "activate").write_text(f'PATH="{tools}:$PATH"\n')
    (tools / "c4pipe").write_text(f"#!{sys.executable}\nfrom c4pipe.cli import console\nraise SystemExit(console())\n")
    (tools / "sbatch").write_text(SBATCH)
    for tool in ("c4pipe", "sbatch"):
        (tools / tool).chmod(0o755)
    (tmp_path / "c4.sbatch").write_text(re.sub(r"^TASKS=64$", f"TASKS={TASKS}", SCRIPT, flags=re.MULTILINE))
    return tmp_path


def ran(shared: Path, script: str) -> None:
    ours = {"SHARED": str(shared), "SLURM_CPUS_PER_TASK": "1", "PYTHONPATH": str(ROOT)}
    path = {"PATH": f"{shared / 'venv' / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", script], cwd=shared, env=os.environ | ours | path, capture_output=True, text=True, check=False
    )
    log = shared / "sbatch.log"
    assert done.returncode == 0, f"{done.stderr}\n{log.read_text() if log.exists() else ''}"


@pytest.mark.slow
def test_an_array_and_one_more_job_build_the_corpus_of_one_machine(shared: Path) -> None:
    assert "TASKS=64\n" in SCRIPT
    assert "--array=1-64 " in SUBMIT
    ran(shared, SUBMIT.replace("1-64", f"1-{TASKS}"))
    log = (shared / "sbatch.log").read_text()
    assert log.count("--dependency=afterany:4711 c4.sbatch\n") == 1
    said = re.findall(rf"^task (\d) of {TASKS}: (\d) of {UNITS} units staged in ", log, re.MULTILINE)
    assert sorted(said) == [("1", "2"), ("2", "2"), ("3", "1")]
    ran(shared, 'c4pipe build --input "$SHARED/wet" --output "$SHARED/alone" --workers 1')
    assert digests(shared / "c4") == digests(shared / "alone")
