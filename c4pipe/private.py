"""Folders that no other user can write to: code, and data that decides bytes, is only read automatically from these.

A folder is private if it and every folder above it belong to us, to root or to the owner of this code (whose code runs
here anyway), and nobody else may write to it. In folders above it, others may write if the sticky bit protects what is
not theirs, as in /tmp. Links are resolved first.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from c4pipe.errors import ConfigError

# Environment variables that name folders of machine code: ours, and numba's, which also stores pickles there.
CACHE_FOLDERS = ("C4PIPE_CACHE_DIR", "NUMBA_CACHE_DIR")


def private(folder: Path, mode: int = 0o700) -> Path:
    """The folder, without links in its path, created with this mode if missing.

    Raises PermissionError with the problem if others may write; OSError if it cannot be created.
    """
    place = Path(os.path.realpath(folder))
    if found := fault(place):
        raise PermissionError(found)
    for missing in reversed([above for above in (place, *place.parents) if not above.exists()]):
        missing.mkdir(mode, exist_ok=True)
    if found := fault(place):  # another process may have been quicker
        raise PermissionError(found)
    if not place.is_dir():
        raise NotADirectoryError(f"{place} is not a folder")
    return place


def fault(folder: Path) -> str | None:
    """Why a folder is not private, in words; None if it is. For a missing one, those above it count."""
    place = Path(os.path.realpath(folder))
    for here in (*reversed(place.parents), place):
        try:
            found = here.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return f"{here} cannot be inspected ({error.strerror})"
        sticky = here != place and found.st_mode & stat.S_ISVTX
        if not (_trusted(found.st_uid) and (sticky or not _open_to_others(found))):
            return f"{here} has owner {_name(found.st_uid)} and mode {stat.S_IMODE(found.st_mode):04o}"
    return None


def unspoilt(file: os.stat_result) -> bool:
    """Whether no other user wrote a file, which may date from before its folder was private."""
    return _trusted(file.st_uid) and not _open_to_others(file)


def check_cache_folders(variables: Iterable[str] = CACHE_FOLDERS) -> None:
    """Raises ConfigError if one of these names a folder that others may write to."""
    for variable in variables:
        named = os.environ.get(variable)
        if named and (found := fault(Path(named))):
            raise ConfigError(
                f"{variable}={named}: {found}, so other users could plant machine code there. Name a private folder "
                "(mode 0700, in folders that only you or root may write to), or unset the variable."
            )


def user_cache() -> Path:
    """Where our files are stored for this user. Raises RuntimeError if the user has no home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "c4pipe"


def our_cache() -> Path:
    """That folder, or the one in C4PIPE_CACHE_DIR, created if missing. Raises OSError if it is not private,
    RuntimeError if the user has no home."""
    named = os.environ.get("C4PIPE_CACHE_DIR")
    return private(Path(named) if named else user_cache())


def _trusted(uid: int) -> bool:
    return uid in (os.geteuid(), 0) or uid == _CODE_OWNER


_CODE_OWNER = os.stat(__file__).st_uid


def _open_to_others(found: os.stat_result) -> bool:
    """Whether others than its owner may write; access lists show in the group's bits."""
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _of_one(found)


def _of_one(found: os.stat_result) -> bool:
    """Whether the group is the one that many systems create for each user: of the same name, without other members."""
    try:
        user, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    return group.gr_name == user and {*group.gr_mem} <= {user}


def _name(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return str(uid)
