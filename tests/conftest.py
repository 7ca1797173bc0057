"""What the tests of whole builds share: builds that are made once a session, and word lists that never change."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests import wetfiles

# A busy machine takes its time; what must be quick is measured by bench/, not by a deadline.
settings.register_profile("c4pipe", deadline=None)
settings.load_profile("c4pipe")

Build = Callable[..., Path]


@cache
def quicken_pipelines() -> None:
    """Beam asks `inspect` for the signatures of the same methods thousands of times a pipeline, and makes a parser of
    all its options hundreds of times: two fifths of the time of a small build. Builds in the process of the tests
    remember both; those in processes of their own do not."""
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.transforms import core
    from apache_beam.typehints import decorators

    ask, known = decorators.get_signature, {}

    def remember(function):
        key = getattr(function, "__func__", function), hasattr(function, "__self__")
        try:
            if key not in known:
                known[key] = ask(function)
        except TypeError:  # one that cannot be a key
            return ask(function)
        return known[key]

    view_as, views = PipelineOptions.view_as, {}

    def view(self, kind):
        _, mine = views.setdefault(id(self), (self, {}))  # held, so that no other object gets its id
        if kind not in mine:
            mine[kind] = view_as(self, kind)
        return mine[kind]

    decorators.get_signature = core.get_signature = remember
    PipelineOptions.view_as = view


@pytest.fixture(scope="session")
def badwords(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small list of English, so that no test depends on the lists that come with c4pipe."""
    folder = tmp_path_factory.mktemp("badwords")
    (folder / "en.txt").write_text(f"{wetfiles.BAD_WORD}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The input folder of `wetfiles.corpus`."""
    return wetfiles.corpus(tmp_path_factory.mktemp("small") / "wet")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, badwords: Path) -> Build:
    """`built(input, "--preset", "en.noclean", ...)`: the corpus folder, built once a session for the same arguments.

    The folder is shared: look at it, and leave it as it is.
    """
    from beam_jobs import build_c4

    quicken_pipelines()
    done: dict[tuple[str, ...], Path] = {}

    def build(source: Path, *options: str) -> Path:
        key = (str(source), *options)
        if key not in done:
            folder = tmp_path_factory.mktemp("built") / "c4"
            arguments = ["--input", str(source), "--output", str(folder), "--badwords-dir", str(badwords)]
            code = build_c4.main([*arguments, "--workers", "1", *options])
            assert code == 0, f"the build of {key} ended with {code}"
            done[key] = folder
        return done[key]

    return build


@pytest.fixture
def punkt(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Punkt's data where en.tfds finds it; the test is skipped without."""
    if not wetfiles.PUNKT.is_dir():
        pytest.skip(f"en.tfds needs Punkt's data, and {wetfiles.PUNKT} is not there")
    monkeypatch.setenv("NLTK_DATA", str(wetfiles.PUNKT))
    return wetfiles.PUNKT
