"""c4pipe.flow.allocators: free memory returns to the system; the environment's settings stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from c4pipe.flow.allocators import FRUGAL

ROOT = Path(__file__).parents[2]

# Blocks of 2 MiB from threads, as a build has them; every other one is kept, so that none lies at the end of a heap.
FREED = """
import sys, threading
import pyarrow as pa
from c4pipe.flow.allocators import hold_little_back

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * 4096 >> 20

def take():
    taken = [pa.py_buffer(bytes(2 << 20)) if n % 2 else pa.allocate_buffer(2 << 20) for n in range(20)]
    for buffer in taken[::2]:
        memoryview(buffer).cast("B")[:] = bytes(2 << 20)
    kept.extend(taken[1::2])

if sys.argv[1] == "frugal":
    hold_little_back()
kept, before = [], resident()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(pa.default_memory_pool().backend_name, resident() - before, 2 * len(kept))
"""


def run(*argument: str, **environment: str) -> tuple[str, int, int]:
    inherited = {name: value for name, value in os.environ.items() if name not in FRUGAL}
    command = [sys.executable, "-c", FREED, *argument]
    done = subprocess.run(command, cwd=ROOT, env=inherited | environment, check=True, capture_output=True, text=True)
    pool, grown, kept = done.stdout.split()
    return pool, int(grown), int(kept)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, and parameters of glibc")
def test_a_process_has_little_more_than_it_uses() -> None:
    pool, grown, kept = run("frugal")
    assert pool == "system"
    assert kept == 160
    assert grown < kept + 24
    assert run("as it is")[1] > grown + 24  # so that nobody keeps this when it is no longer needed


def test_the_user_s_own_word_stands() -> None:
    if "jemalloc" not in pa.supported_memory_backends():
        pytest.skip("this pyarrow has no other allocator to choose")
    assert run("frugal", ARROW_DEFAULT_MEMORY_POOL="jemalloc")[0] == "jemalloc"


# Row groups of 4 MiB, one after the other, as a pass over pages has them.
REUSED = """
import resource
from c4pipe.flow.allocators import give_back, hold_little_back, keep_free_blocks

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        bytes(bytearray(4 << 20))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

hold_little_back()
alone = faults()
keep_free_blocks()
faults()
kept = faults()
give_back()
print(alone, kept, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="parameters of glibc")
def test_blocks_are_mapped_anew_but_where_they_are_kept() -> None:
    inherited = {name: value for name, value in os.environ.items() if name not in FRUGAL}
    command = [sys.executable, "-c", REUSED]
    done = subprocess.run(command, cwd=ROOT, env=inherited, check=True, capture_output=True, text=True)
    alone, kept, given_back = map(int, done.stdout.split())
    assert alone > 20 * 1024  # pages of 4 KiB
    assert kept < 1024
    assert given_back > 20 * 1024
