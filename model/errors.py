"""Errors of the trainer, grouped like c4pipe's by what the reader must do about them; one line, no traceback.

    C4Error
    ├─ ConfigError   wrong usage, found before any work: change the command (exit code 2)
    └─ TrainError    the work itself failed: free space, repair the checkpoint, run again (exit code 1)

The first two are c4pipe's own, since reading a corpus raises them too and a main catches them all in one place.
"""

from __future__ import annotations

from c4pipe.errors import C4Error, ConfigError, unknown

__all__ = ["C4Error", "ConfigError", "TrainError", "unknown"]


class TrainError(C4Error):
    """The run cannot continue. The message names the file or number that stopped it, and what to do."""
