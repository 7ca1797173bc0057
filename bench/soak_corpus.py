"""Damages files of finished corpora at random, one at a time, and checks what commands report: `make soak`.

For a flipped bit, a cut or a swapped file, `c4pipe.verify` names the file with exit code 1. Every other command on the
corpus returns the same answer as before, or ends with one line that names the file; never a different answer.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple

from starlette.testclient import TestClient

from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.__main__ import main as look
from c4pipe.inspect.serve import make_app
from c4pipe.shards import ADDED, MANIFEST, SUMS
from c4pipe.verify.__main__ import main as verify

RESULTS = Path(__file__).parent / "results" / "soak_corpus.json"
NESTED = b"[" * 10_000 + b"]" * 10_000
LONG = b'{"schema_version": ' + b"1" * 5_000 + b"}"
VIEWER = ("/", "/?q=the&counts=1", "/?outcome=rejected", "/counts", "/export?format=csv")


class Answer(NamedTuple):
    """The output of a command."""

    code: int
    out: str
    error: str


class Damage(NamedTuple):
    """The damage, and the file."""

    kind: str
    path: str
    other: str = ""  # the file it was swapped with

    def named_in(self, text: str) -> bool:
        return any(name and name.rpartition("/")[2] in text for name in (self.path, self.other))


def asked(command: Callable[[Sequence[str]], int], *arguments: str | Path) -> Answer:
    """The answer of a command that runs here; exceptions pass through."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    error = io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        code = command([*map(str, arguments)])
    return Answer(code, out.buffer.getvalue().decode(), error.getvalue())


def ways(folder: Path, html: Path) -> dict[str, tuple[str | Path, ...]]:
    """Each way of inspecting a corpus, as arguments of `inspect`."""
    found = open_corpus(folder)
    pages = asked(look, folder, "--sql", "select url from pages order by shard, row limit 1", "--json")
    stages = found.manifest["ledger"]["stages"]
    reasons = [code for stage in stages for code in stage["rejected"]] if found.rejected else []
    return {
        "overview": (folder,),
        "json": (folder, "--json"),
        "sql": (folder, "--sql", "select config, count(*), sum(length(text)) from pages group by 1 order by 1"),
        "csv": (folder, "--sql", "select * from rejected order by part, row", "--csv", "--limit", "1000"),
        "url": (folder, "--url", json.loads(pages.out)["rows"][0][0], "--json"),
        "against": (folder, "--against", folder, "--json"),
        "html": (folder, "--html", html),
        **({"reason": (folder, "--reason", reasons[-1], "--json")} if reasons else {}),
    }


def look_all(html: Path, arguments: dict[str, tuple[str | Path, ...]]) -> dict[str, Answer]:
    """The answers of all these ways; for the report also its bytes."""
    found = {}
    for name, argv in arguments.items():
        html.unlink(missing_ok=True)
        answer = asked(look, *argv)
        written = html.read_text(encoding="utf-8") if html.exists() else ""
        found[name] = answer._replace(out=answer.out + written)
    return found


def do_damage(folder: Path, chosen: random.Random) -> tuple[Damage, Callable[[], None]]:
    """Damages one file. Returns how to repair it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    classes = sorted({_class_of(path.relative_to(folder).as_posix()) for path in files})
    of = chosen.choice(classes)  # a corpus has more lists than manifests
    path = chosen.choice([path for path in files if _class_of(path.relative_to(folder).as_posix()) == of])
    name, data = path.relative_to(folder).as_posix(), path.read_bytes()
    kinds = ["flip"] * 6 + ["cut", "cut", "exchange", "empty", "folder", "link"]
    kind = chosen.choice([*kinds, "nested", "long"] if path.suffix == ".json" else kinds)
    others = [other for other in files if other.read_bytes() != data]
    damage = Damage(kind, name)

    def mend() -> None:
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        if damage.other:
            (folder / damage.other).write_bytes(theirs)

    if kind == "flip" and data:
        place = chosen.randrange(8 * len(data))
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
    elif kind == "exchange":
        other = chosen.choice(others)
        theirs = other.read_bytes()
        damage = damage._replace(other=other.relative_to(folder).as_posix())
        path.write_bytes(theirs)
        other.write_bytes(data)
    elif kind in ("nested", "long"):
        path.write_bytes(NESTED if kind == "nested" else LONG)
    elif kind in ("folder", "link"):
        path.unlink()
        path.mkdir() if kind == "folder" else path.symlink_to(folder / "nowhere")
    else:
        path.write_bytes(data[: chosen.randrange(len(data)) if kind == "cut" and data else 0])
    return damage, mend


def faults_of(folder: Path, damage: Damage, before: dict[str, Answer], after: dict[str, Answer]) -> list[str]:
    """Answers about the damaged corpus that are not allowed."""
    verdict = asked(verify, folder)
    faults = []
    if verdict.code != 1 or not damage.named_in(verdict.out):
        faults.append(f"verify: {verdict}")
    for name, answer in after.items():
        same = answer == before[name]
        one_line = answer.code in (1, 2) and answer.error.count("\n") == 1 and damage.named_in(answer.error)
        if not same and not (one_line and not answer.out):
            faults.append(f"{name}: {answer.code} {answer.error or answer.out[:200]}")
    return faults


def viewed(folder: Path) -> tuple[TestClient, dict[str, tuple[int, str]]]:
    """The viewer of an intact corpus, and its answers."""
    client = TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000")
    return client, {path: _page(client, path) for path in VIEWER}


def _page(client: TestClient, path: str) -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, answer.text


def viewer_faults(client: TestClient, damage: Damage, before: dict[str, tuple[int, str]]) -> list[str]:
    """Faulty answers of a viewer that was started before the damage."""
    faults = []
    for path, shown in before.items():
        now = _page(client, path)
        if now != shown and not (now[0] >= 500 and damage.named_in(now[1])):
            faults.append(f"viewer {path}: {now[0]} {now[1][:200]}")
    return faults


def soak(folder: Path, count: int, seed: int, names: Sequence[str] | None = None) -> tuple[Counter[str], list[str]]:
    """Damages a copy of the corpus so often. Returns the damages by kind, and every fault. `names` are some of the
    `ways`.
    """
    done, faults, chosen = Counter[str](), list[str](), random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        copy, html = Path(place, "c4"), Path(place, "report.html")
        shutil.copytree(folder, copy)
        if not (copy / ADDED).exists():
            asked(look, copy, "--html")
        arguments = {name: argv for name, argv in ways(copy, html).items() if names is None or name in names}
        before, (client, shown) = look_all(html, arguments), viewed(copy)
        assert all(answer.code == 0 for answer in before.values()), before
        for _ in range(count):
            damage, mend = do_damage(copy, chosen)
            done[f"{damage.kind} {_class_of(damage.path)}"] += 1
            try:
                found = faults_of(copy, damage, before, look_all(html, arguments))
                found += viewer_faults(client, damage, shown)
            except Exception as error:  # a traceback is a fault
                found = [f"raised {type(error).__name__}: {error}"]
            faults += [f"{damage}: {fault}" for fault in found]
            mend()
            assert (whole := asked(verify, copy)).code == 0, f"{damage} was not mended: {whole}"
    return done, faults


def _class_of(path: str) -> str:
    if path in (MANIFEST, SUMS, ADDED):
        return path
    return path.partition("/")[0] if "/" in path else path


def main(argv: Sequence[str] | None = None) -> int:
    """Soaks the samples as English C4, in several languages, and mixed."""
    from beam_jobs import build_c4, rebalance

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--damages", type=int, default=150, metavar="N", help="damages of each corpus (default: 150)")
    parser.add_argument("--seed", type=int, default=None, help="seed of all choices (default: a new one every time)")
    arguments = parser.parse_args(argv)
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed
    totals: dict[str, dict[str, int]] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        english, languages, mixed = (str(Path(place, name)) for name in ("en", "mc4", "mixed"))
        samples = ["--input", "data_samples", "--workers", "1"]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            assert build_c4.main([*samples, "--output", english]) == 0
            assert build_c4.main([*samples, "--output", languages, "--preset", "multilingual"]) == 0
            assert rebalance.main(["--corpus", languages, "--output", mixed, "--workers", "1"]) == 0
        for folder in (english, languages, mixed):
            done, found = soak(Path(folder), arguments.damages, seed)
            totals[Path(folder).name] = dict(sorted(done.items()))
            faults += found
            print(f"{Path(folder).name}: {done.total()} damages, {len(found)} faults", flush=True)
    with suppress(OSError):
        os.makedirs(RESULTS.parent, exist_ok=True)
        RESULTS.write_text(json.dumps({"seed": seed, "damages": totals, "faults": faults}, indent=1) + "\n")
    print("\n".join(faults))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
