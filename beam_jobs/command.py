"""What every job in this folder does around its work: log levels, exit, versions, memory."""

from __future__ import annotations

import logging
import platform
import resource
import signal
from collections.abc import Callable, Iterable
from importlib.metadata import version

from beam_jobs.workers import terminated
from c4pipe import __version__
from c4pipe.command import run_command


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """The versions recorded in the manifest: c4pipe, Python and these libraries."""
    ours = {"c4pipe": __version__, "python": platform.python_version()}
    return ours | {name: version(name) for name in libraries}


def exit_code_of(name: str, job: Callable[[], int]) -> int:
    """Runs the job. Returns its exit code; an error that ends it is printed in one line."""

    def quiet() -> int:
        # Beam and its workers log their own progress, and log every error with a traceback although it is also
        # raised; only what users should see is kept.
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", force=True)
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
        for handler in logging.getLogger().handlers:
            handler.addFilter(_is_not_of_beam)
        return job()

    code = run_command(name, quiet, "interrupted. Run the same command again to resume.")
    return 128 + signal.SIGTERM if code == 128 + signal.SIGINT and terminated() else code


def _is_not_of_beam(record: logging.LogRecord) -> bool:
    """Beam's S3 code logs without a name, to the root logger."""
    return "/apache_beam/" not in record.pathname


def peak_memory() -> str:
    """The peak memory of the largest process of the job: this one, or one of its workers."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return f"{max(own, workers) / 1024:,.0f} MB"
