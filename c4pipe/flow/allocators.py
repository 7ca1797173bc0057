"""How much free memory the allocators of a process may retain.

With default settings, a build of 96,000 pages held 230 MiB more at its peak than it used: pyarrow's own allocator keeps
what its threads free, and glibc has an arena for each thread and takes ever larger blocks from them. One arena, and
blocks that return to the system when they are freed, keep the peak low.

Output shards cause the peak. But all passes allocate blocks of a few MiB again and again, one row group after another.
If each block is mapped again, every memory page of it is a page fault: 1.4 million in that build, and 2 of 25 CPU
seconds. So passes keep free blocks, and what those before kept is returned before a shard is assembled.
"""

from __future__ import annotations

import ctypes
import os

MAPPED_ALONE = 1 << 20  # bytes from which a block is mapped separately: glibc starts at 128 KiB and goes up to 32 MiB
KEPT_FREE = 32 << 20  # the same, and what may stay free at the end of the heap, while blocks are reused

# Read by glibc and pyarrow when a process starts; for processes that others start for us.
FRUGAL = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(MAPPED_ALONE),
    "MALLOC_TRIM_THRESHOLD_": str(MAPPED_ALONE),
}
_PARAMETERS = {"MALLOC_ARENA_MAX": -8, "MALLOC_MMAP_THRESHOLD_": -3, "MALLOC_TRIM_THRESHOLD_": -1}  # glibc's malloc.h


def hold_little_back() -> None:
    """Sets the same in this process and those forked from it, unless the user's environment sets something else.

    Call it before threads exist, since each gets an arena. A C library without these parameters is left unchanged.
    """
    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())
    _tell({name: int(FRUGAL[name]) for name in _PARAMETERS})


def keep_free_blocks() -> None:
    """From now on freed blocks of up to `KEPT_FREE` bytes stay with the process for reuse."""
    _tell({"MALLOC_MMAP_THRESHOLD_": KEPT_FREE, "MALLOC_TRIM_THRESHOLD_": KEPT_FREE})


def give_back() -> None:
    """Returns free memory to the system, and from now on blocks of `MAPPED_ALONE` bytes as soon as they are freed."""
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
