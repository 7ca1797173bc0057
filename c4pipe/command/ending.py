"""How a command ends: with an exit code and, if something failed, one line with what was found and what to do.

0 done; 1 failed; 2 wrong usage; 128 and the number of the signal that interrupted it: 130, 143
"""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import sys
from collections.abc import Callable

from c4pipe.command.calling import as_called, own_name
from c4pipe.command.speech import Speech, heard
from c4pipe.errors import C4Error
from c4pipe.text import visible

# What to do about a system error whose own words do not say it.
_ADVICE = {
    errno.ENOSPC: "Free space, then run it again.",
    errno.EDQUOT: "Free space, then run it again.",
    errno.EROFS: "Choose a folder that can be written to.",
    errno.EFBIG: "Raise the limit on the size of a file: ulimit -f unlimited.",
    errno.EMFILE: "Raise the limit on open files: ulimit -n 1024.",
    errno.ENFILE: "Close other programs.",
    errno.ENOMEM: "Free memory, or raise the limit if there is one (ulimit -v).",
    errno.ENAMETOOLONG: "Use a shorter name.",
}
# What Python, its extensions and the dynamic loader print when memory, or a limit on it, runs out.
_SHORTAGE = re.compile(
    r"MemoryError|bad_alloc|out of memory|can't start new thread|(can't|cannot|unable to) (re)?allocate"
    r"|failed to (allocate|map segment)|Cannot allocate memory",
    re.IGNORECASE,
)
_UNLOADED = "load shared object"  # llvmlite's words when its library does not fit into memory


def run_command(
    name: str, work: Callable[[], int], interrupted: str = "interrupted.", *, shows: bool = False, silent: bool = False
) -> int:
    """Runs the work of a command. Returns its exit code; an error that ends it is printed in one line.

    Args:
        interrupted: what to print after Ctrl-C.
        shows: whether printing is the command's purpose: then a disk that refuses the output is a failure.
        silent: print no errors, because another process reports them.
    """
    with heard():
        code, said = _ended(work, interrupted)
        sys.stdout.flush()
        lost = sys.stdout.lost if isinstance(sys.stdout, Speech) else None
        if not said and lost and lost.errno != errno.EPIPE:  # a reader that closed the pipe has read enough
            code, said = code or int(shows), f"what it printed is lost: {lost.strerror}."
        if said and not silent:
            print(f"{own_name(name)}: {as_called(said)}", file=sys.stderr)
    return code


def _ended(work: Callable[[], int], interrupted: str) -> tuple[int, str]:
    """The exit code, and the message."""
    try:
        return work(), ""
    except C4Error as error:
        return error.exit_code, visible(str(error))
    except OSError as error:  # a disk or network failure that no step explains better
        return C4Error.exit_code, shortage(error) or told(error)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT, interrupted
    except (MemoryError, ImportError, RuntimeError, SystemError) as error:
        if not (found := shortage(error)):
            raise
        return C4Error.exit_code, found


def told(error: OSError) -> str:
    """A system error in one line, with what to do if that is known."""
    if isinstance(error, FileNotFoundError) and error.filename is None and not _has_folder():
        return "the working folder is gone. Change into one that exists."
    advice = _ADVICE.get(error.errno or 0, "")
    return f"{visible(str(error))}{'. ' if advice else ''}{advice}"


def shortage(error: BaseException) -> str:
    """An error in one line if memory, or a limit on this process, ran out; "" for any other error."""
    last = str(error).strip().rpartition("\n")[2]  # of a traceback sent by a worker
    limit = memory_limit()
    odd = limit is not None and (isinstance(error, SystemError) or _UNLOADED in last)
    if not (odd or isinstance(error, MemoryError) or _SHORTAGE.search(last)):
        return ""
    advice = "Free some" if limit is None else f"ulimit -v allows {limit / 1e6:,.0f} MB: raise that"
    return f"out of memory ({visible(last) or type(error).__name__}). {advice}, and run it again."


def memory_limit() -> int | None:
    """Bytes of address space that this process may use; None without a limit."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _has_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True
