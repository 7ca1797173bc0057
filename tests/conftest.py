"""Shared by the tests of whole builds: builds that are made once per run, and word lists that never change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from bench.outside import punkt_data
from c4pipe.flow import inputs
from tests import needs, wetfiles
from tests.lists import word_lists

# A busy machine takes its time; what must be quick is measured by bench/, not by a deadline.
settings.register_profile("c4pipe", deadline=None)
settings.load_profile("c4pipe")

# The suite runs in as many processes as there are cores: threads of torch would only wait for one another, at full
# load, which takes four times the CPU. Before torch is imported; processes that tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test is about a loss of power, so nothing waits for the disk; those that watch what is asked of it put their own.
os.fsync = lambda descriptor: os.fstat(descriptor) and None  # an error where there is no such file

# The inputs of tests are small and would share a unit of work; what happens between units is most of what is tested.
# Rows do not depend on it (tests/flow/test_inputs.py), and builds in processes of their own know nothing of it.
TOGETHER, inputs.TOGETHER = inputs.TOGETHER, -1

Build = Callable[..., Path]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Gzip data tell when they were packed: two processes that collect in two seconds would name a test differently."""
    return f"gzip {argname}" if isinstance(val, bytes) and val.startswith(b"\x1f\x8b") else None


class Once:
    """Folders that all processes of a run share, each filled by the first that asks for it."""

    def __init__(self, base: Path) -> None:
        self._base = base
        base.mkdir(exist_ok=True)

    def __call__(self, key: str, make: Callable[[Path], object]) -> Path:
        place = self._base / hashlib.sha256(key.encode()).hexdigest()[:16]
        folder, whole = place / "c4", place / "whole"
        place.mkdir(exist_ok=True)
        with (place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if not whole.exists():
                    shutil.rmtree(folder, ignore_errors=True)  # what a failed attempt left
                    make(folder)
                    whole.touch()
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)  # not by closing alone: what `make` forked holds the file too
        return folder


@cache
def quicken_pipelines() -> None:
    """Half of the time of a small build goes into what no test is about, and the builds in the process of the tests do
    without; those in processes of their own do not. Beam asks `inspect` for the signatures of the same methods
    thousands of times a pipeline, makes a parser of all its options hundreds of times, looks through each DoFn for
    states and timers that none of ours has, and packs what it pickles as small as can be; a build reads its own source
    four times. All of it is remembered, or packed less."""
    import bz2

    from apache_beam.internal import cloudpickle_pickler
    from apache_beam.transforms import core
    from apache_beam.typehints import decorators

    from c4pipe.corpus import identity
    from c4pipe.corpus.closure import OURS
    from c4pipe.flow.lean import remember_answers

    ask, known = decorators.get_signature, {}

    def remember(function):
        key = getattr(function, "__func__", function), hasattr(function, "__self__")
        try:
            if key not in known:
                known[key] = ask(function)
        except TypeError:  # one that cannot be a key
            return ask(function)
        return known[key]

    code_of, codes = identity.code_of, {}

    def code_of_ours(classes, modules=(), stop=()):
        key = (*classes,), (*modules,), (*stop,)
        names = {*key[1], *(base.__module__ for each in key[0] for base in each.__mro__[:-1])}
        if not all(name.startswith((*OURS, "abc", "typing")) for name in names):  # a user's may be edited
            return code_of(*key)
        if key not in codes:
            codes[key] = code_of(*key)
        return dict(codes[key])

    class Quick:
        """In the place of `bz2`, whose bytes it gives."""

        decompress = staticmethod(bz2.decompress)
        compress = staticmethod(lambda data, compresslevel: bz2.compress(data, 1))

    decorators.get_signature = core.get_signature = remember
    remember_answers()
    identity.code_of = code_of_ours
    cloudpickle_pickler.bz2 = Quick


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--skipped-to", type=Path, metavar="FILE", help="write the ids of skipped tests there, one a line")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line on what was skipped, with what each needs; and their ids, where they are asked for."""
    reports = [  # a table that is empty by now is nothing that is missing
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "empty parameter set" not in report.longrepr[2]
    ]
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    if reasons:
        said = "; ".join(f"{number} {reason}" for reason, number in reasons.most_common())
        terminalreporter.write_line(f"skipped: {said}")
    if config.option.skipped_to is not None:
        config.option.skipped_to.write_text(
            "".join(f"{report.nodeid}\n" for report in reports if report.nodeid), encoding="utf-8"
        )


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """`once(key, make)`: the folder that `make(folder)` filled, made once a run, whichever process asks first.

    The folder is shared: look at it, and leave it as it is.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # of all processes of this run
    return Once(base / "once")


@pytest.fixture(scope="session")
def badwords(once: Once) -> Path:
    """A folder with a small list of English, so that no test depends on the lists that come with c4pipe."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "en.txt").write_text(f"{wetfiles.BAD_WORD}\n", encoding="utf-8")

    return once("badwords", make)


@pytest.fixture(scope="session")
def small(once: Once) -> Path:
    """The input folder of `wetfiles.corpus`."""
    return once("small", wetfiles.corpus)


@pytest.fixture(scope="session")
def built(once: Once, badwords: Path) -> Build:
    """`built(input, "--preset", "en.noclean", ...)`: the corpus folder, built once a run for the same arguments.

    The folder is shared: look at it, and leave it as it is.
    """
    from beam_jobs import build_c4

    quicken_pipelines()

    def build(source: Path, *options: str) -> Path:
        def make(folder: Path) -> None:
            arguments = ["--input", str(source), "--output", str(folder), *word_lists(badwords, options)]
            code = build_c4.main([*arguments, "--workers", "1", *options])
            assert code in (0, 4), f"the build of {source} with {options} ended with {code}"

        return once(f"built {source} {options}", make)

    return build


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Chromium, as it is installed on this machine, without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def punkt_folder() -> Path:
    """What NLTK_DATA may name for Punkt; the test is skipped without."""
    with pytest.MonkeyPatch.context() as patch:
        import nltk.data

        patch.setattr(nltk.data, "path", [*nltk.data.path])  # looking for it adds to them
        found = punkt_data()
    if found is None:
        pytest.skip(needs.PUNKT)
    return found


@pytest.fixture
def punkt(monkeypatch: pytest.MonkeyPatch, punkt_folder: Path) -> Path:
    """Punkt's data where en.tfds finds it, for this test alone; the test is skipped without."""
    import nltk.data

    monkeypatch.setattr(nltk.data, "path", [*nltk.data.path])
    monkeypatch.setenv("NLTK_DATA", str(punkt_folder))
    return punkt_folder
