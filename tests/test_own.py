"""c4pipe.own: a user's modules are found in the working folder, after everything installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from c4pipe.errors import ConfigError
from c4pipe.own import import_own
from c4pipe.presets import find_preset


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    return tmp_path


def test_a_module_of_the_working_folder_is_found_last(here: Path) -> None:
    (here / "own_rules_of_mine.py").write_text("N = 7")
    (here / "colorsys.py").write_text("N = 8")
    before = [*sys.path]
    assert not hasattr(import_own("colorsys"), "N")  # of the standard library
    assert sys.path == before
    assert import_own("own_rules_of_mine").N == 7
    assert sys.path == [*before, str(here)]
    import_own("own_rules_of_mine")
    assert sys.path == [*before, str(here)]


def test_a_package_of_the_working_folder_is_found(here: Path) -> None:
    (here / "own_package_of_mine").mkdir()
    (here / "own_package_of_mine" / "rules.py").write_text("N = 9")
    assert import_own("own_package_of_mine.rules").N == 9


@pytest.mark.parametrize(
    ("name", "error"), [("no_such_module", ModuleNotFoundError), ("", ValueError), (".x", TypeError)]
)
def test_what_is_not_there_is_an_error_as_ever(name: str, error: type[Exception], here: Path) -> None:
    with pytest.raises(error):
        import_own(name)


def test_a_working_folder_that_is_gone_is_none(here: Path) -> None:
    here.rmdir()
    with pytest.raises(ModuleNotFoundError):
        import_own("no_such_module")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def x(:\n", "own_{n}.py, line 1: invalid syntax"),
        ("\nnumber = 1 / 0\n", "own_{n}.py, line 2: ZeroDivisionError: division by zero"),
        ("import own_gone\n", "own_{n}.py, line 1: ModuleNotFoundError: No module named 'own_gone'"),
        ("from c4pipe.presets import EN\nEN.named()\n", "own_{n}.py, line 2: TypeError: "),
        ("from c4pipe.presets import EN\nEN.after('nothing', EN.read)\n", "unknown stage of preset 'en'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_line(code: str, said: str, here: Path) -> None:
    number = len(code)
    (here / f"own_{number}.py").write_text(code)
    with pytest.raises(ConfigError) as error:
        find_preset(f"own_{number}:MINE")
    assert str(error.value).startswith(f"--preset own_{number}:MINE: ")
    assert said.format(n=number) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_name_without_a_module_is_refused() -> None:
    for name in (":MINE", ".x:MINE"):
        with pytest.raises(ConfigError, match=rf"^--preset {name}: no module is named\. Expected MODULE:NAME"):
            find_preset(name)
