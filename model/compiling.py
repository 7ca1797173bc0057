"""The cache of torch.compile: by default it is in a folder in /tmp, which another user may have created first."""

from __future__ import annotations

import os

from c4pipe.private import check_cache_folders, private, user_cache
from c4pipe.scratch import lasting_scratch

CACHE = "TORCHINDUCTOR_CACHE_DIR"  # the variable that names the folder to torch and its child processes


def keep_machine_code_private() -> None:
    """Sets a private folder for compiled code. ConfigError if the user's own setting is writable by others."""
    check_cache_folders([CACHE])
    if not os.environ.get(CACHE):
        try:
            folder = private(user_cache() / "torch")
        except (OSError, RuntimeError):  # no home folder, or others may write to it
            folder = lasting_scratch("torch")
        os.environ[CACHE] = str(folder)
