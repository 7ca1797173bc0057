"""model.compiling: where torch keeps machine code."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from c4pipe.errors import ConfigError
from model.compiling import CACHE, keep_machine_code_private


def test_by_default_it_is_a_folder_of_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(CACHE, "")
    keep_machine_code_private()
    assert os.environ[CACHE] == str(tmp_path / "c4pipe/torch")
    assert stat.S_IMODE((tmp_path / "c4pipe/torch").stat().st_mode) == 0o700


def test_where_others_may_write_there_it_goes_with_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(CACHE, "")
    keep_machine_code_private()
    assert Path(os.environ[CACHE]).name.startswith("c4pipe-torch-")
    assert [*tmp_path.iterdir()] == []


def test_a_named_one_is_taken_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    keep_machine_code_private()
    assert os.environ[CACHE] == str(tmp_path)
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigError, match=f"{CACHE}={tmp_path}: .* mode 0777"):
        keep_machine_code_private()
