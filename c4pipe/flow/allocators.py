"""What the allocators of a process may hold back of the memory that is free.

Left alone, a build of 96,000 pages held 230 MiB more at its peak than it used: pyarrow's own allocator keeps what its
threads let go of, and glibc has an arena for each thread and takes ever larger blocks out of them. One arena costs
nothing, for no two threads of a process do anything at once that is worth another.

Tables of 1,000 pages are blocks of a MiB or more that come and go. To give each back and have it again, zeroed by the
kernel 4 KiB at a time, took 0.018 ms of a page's 0.23 (96,000 pages, one worker), so free blocks are kept while pages
pass. An output shard is hundreds of such blocks at once, at the peak of a build: there each goes back.
"""

from __future__ import annotations

import ctypes
import os

MAPPED_ALONE, KEPT_FREE = 8 << 20, 16 << 20  # bytes of a block that is mapped by itself, and of what is kept at the end
OF_A_SHARD = 1 << 20  # bytes, in the place of both: glibc begins with 128 KiB, and goes up to 32 MiB and twice that

# As glibc and pyarrow read them when a process begins, for processes that others start for us.
FRUGAL = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(MAPPED_ALONE),
    "MALLOC_TRIM_THRESHOLD_": str(KEPT_FREE),
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


def give_back_all() -> None:
    """Free blocks of `OF_A_SHARD` or more go back to the system from now on in this process: before an output shard."""
    _tell(dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), OF_A_SHARD))


def _tell(parameters: dict[str, int]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for name, value in parameters.items():
            if os.environ.get(name, FRUGAL[name]) == FRUGAL[name]:  # others of the user's stand
                mallopt(_PARAMETERS[name], value)
