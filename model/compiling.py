"""torch.compile, which keeps machine code: by itself in a folder below /tmp that another user may have made first."""

from __future__ import annotations

import os

from c4pipe.private import check_cache_folders, private, user_cache
from c4pipe.scratch import lasting_scratch

CACHE = "TORCHINDUCTOR_CACHE_DIR"  # the variable that names the folder, to torch and to the processes it starts


def keep_machine_code_private() -> None:
    """Names a folder of this user's for what is compiled. ConfigError where one is named that others may write to."""
    check_cache_folders([CACHE])
    if not os.environ.get(CACHE):
        try:
            folder = private(user_cache() / "torch")
        except (OSError, RuntimeError):  # nobody's home, or others may write there
            folder = lasting_scratch("torch")
        os.environ[CACHE] = str(folder)
