"""How much free memory the allocators of a process may retain.

Left alone, a build of 96,000 pages held 230 MiB more at its peak than it used: pyarrow's own allocator keeps what its
threads let go of, and glibc has an arena for each thread and takes ever larger blocks out of them. One arena, and
blocks that go back to the system when they are free, hold the peak down.

It is output shards that make the peak. The passes before them hold far less, and ask for blocks of a few MiB again and
again, a row group after the other: mapped anew each time, every page of them is a fault of the processor, 1.4 million
in that build and 2 of 25 CPU seconds. They keep what is free, and it is given back before a shard is put together.
"""

from __future__ import annotations

import ctypes
import os

MAPPED_ALONE = 1 << 20  # bytes of a block that is mapped by itself: glibc begins with 128 KiB, and goes up to 32 MiB
KEPT_FREE = 32 << 20  # the same, and what may stay free at the end of the heap, where blocks are asked for again

# As glibc and pyarrow read them when a process begins, for processes that others start for us.
FRUGAL = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(MAPPED_ALONE),
    "MALLOC_TRIM_THRESHOLD_": str(MAPPED_ALONE),
}
_PARAMETERS = {"MALLOC_ARENA_MAX": -8, "MALLOC_MMAP_THRESHOLD_": -3, "MALLOC_TRIM_THRESHOLD_": -1}  # glibc's malloc.h


def hold_little_back() -> None:
    """The same in this process, and in those forked from it, where the user's environment says nothing else.

    Before threads are there: each has its arena by then. A C library that has no such parameters is left as it is.
    """
    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())
    _tell({name: int(FRUGAL[name]) for name in _PARAMETERS})


def keep_free_blocks() -> None:
    """From now on blocks of up to `KEPT_FREE` bytes stay with the process, for the next who asks for one."""
    _tell({"MALLOC_MMAP_THRESHOLD_": KEPT_FREE, "MALLOC_TRIM_THRESHOLD_": KEPT_FREE})


def give_back() -> None:
    """Gives the system what is free, and from now on blocks of `MAPPED_ALONE` bytes as soon as they are."""
    _tell({"MALLOC_MMAP_THRESHOLD_": MAPPED_ALONE, "MALLOC_TRIM_THRESHOLD_": MAPPED_ALONE})
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _tell(parameters: dict[str, int]) -> None:
    """Sets those of glibc's parameters that the user's environment does not."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for name, value in parameters.items():
            if name not in os.environ:
                mallopt(_PARAMETERS[name], value)
