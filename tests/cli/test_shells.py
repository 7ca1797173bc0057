"""`c4pipe completion` in bash, zsh and fish as a person has them: words are typed at a terminal, TAB, Enter."""

from __future__ import annotations

import os
import pty
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from c4pipe.cli import main

pytest.importorskip("shtab", reason="needs shtab, which completes shells: make setup")

# What is typed before TAB, and the words that the command gets. zsh completes a folder without its last slash where
# Enter follows.
CASES = {
    "bu": ["build"],
    "completion z": ["completion", "zsh"],
    "build --near-v": ["build", "--near-verify"],
    "build --near-stays n": ["build", "--near-stays", "newest"],
    "build --input-format=wa": ["build", "--input-format=warc"],
    "build --output=a_": ["build", "--output=a_folder"],
    "build --input a_fi": ["build", "--input", "a_file"],
    'build --input "b fi': ["build", "--input", "b file.txt"],
    "build --input b\\ fi": ["build", "--input", "b file.txt"],
    "build --input b\\ folder/ins": ["build", "--input", "b folder/inside it"],
    "build --input a_file b\\ fi": ["build", "--input", "a_file", "b file.txt"],
    "build --input a_file --outp": ["build", "--input", "a_file", "--output"],
    "build --mask-personal --shar": ["build", "--mask-personal", "--shards"],
    "inspect a_folder --html --serv": ["inspect", "a_folder", "--html", "--serve"],
    "verify a_folder a_": ["verify", "a_folder", "a_folder"],
    "compare a_folder a_": ["compare", "a_folder", "a_folder"],
    "classifier train a_": ["classifier", "train", "a_folder"],
    "classifier quantile --mod": ["classifier", "quantile", "--model"],
}
# Where each shell looks for the script, as `c4pipe completion --help` says, and what its user has in its own file.
SHELLS = {
    "bash": ("c4pipe.bash", ".bashrc", "source ~/c4pipe.bash\n"),
    "zsh": (".zfunc/_c4pipe", ".zshrc", "fpath+=~/.zfunc\nautoload -Uz compinit && compinit -u\n"),
    "fish": (".config/fish/completions/c4pipe.fish", ".config/fish/config.fish", ""),
}
FUNCTION = 'c4pipe() { printf "<%s>" "$@" >> ~/told; echo >> ~/told; }\n'
FISH_FUNCTION = 'function c4pipe; printf "<%s>" $argv >> ~/told; echo >> ~/told; end\n'


def typed(shell: str, home: Path, lines: list[str]) -> list[list[str]]:
    """The words that `c4pipe` gets of each line, which is typed when the one before it has been run."""
    told = home / "told"
    told.touch()
    child, terminal = pty.fork()
    if not child:
        os.chdir(home / "work")
        place = shutil.which(shell) or ""
        os.execve(place, [shell, "-i"], {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm"})

    def drain() -> None:
        with suppress(OSError):  # the shell has ended
            while os.read(terminal, 65536):
                pass

    threading.Thread(target=drain, daemon=True).start()
    try:
        for number, line in enumerate(["c4pipe ready\r", *(f"c4pipe {line}\t\r" for line in lines)]):
            os.write(terminal, line.encode())
            patience = time.monotonic() + 20
            while told.read_text().count("\n") <= number:
                assert time.monotonic() < patience, f"{shell} does not end {line!r}: {told.read_text()}"
                time.sleep(0.01)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    return [line[1:-1].split("><") for line in told.read_text().splitlines()[1:]]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_typed_is_completed(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    for name in ("a_file", "b file.txt", "b folder/inside it", "a_folder/x"):
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).touch()
    assert main(["completion", shell]) == 0
    script, settings, lines = SHELLS[shell]
    own = lines + (FISH_FUNCTION if shell == "fish" else FUNCTION)
    for name, text in ((script, capsys.readouterr().out), (settings, own)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    got = typed(shell, tmp_path, [*CASES])
    assert dict(zip(CASES, [[word.rstrip("/") for word in words] for words in got], strict=True)) == CASES
