"""The examples of c4pipe/README.md, taken from there: each builds."""

import importlib
import re
import sys

from beam_jobs import build_c4
from tests.wetfiles import ROOT, manifest_of

IMPORTS = """
from dataclasses import dataclass
from typing import ClassVar

from c4pipe.dedup import TextLevel
from c4pipe.page import Kept, Page, Reason, Rejected, Unit
from c4pipe.presets import EN, c4_lines
from c4pipe.langid import Guess
from c4pipe.rules import LineRule, MinSentences, PageRule
from c4pipe.stages import Clean, Dedup, Filter, PageStage
from c4pipe.text import hash64

"""
SHOUTING = (
    'SHOUTING = EN.named("shouting", "").on(Clean("clean", (*c4_lines(), NoShouting()), then=(MinSentences(3),)))\n'
)


def test_the_examples_build(small, badwords, tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "c4pipe/README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "readme_corpus.py").write_text(IMPORTS + "\n\n".join(blocks) + SHOUTING)
    (tmp_path / "words.txt").write_text("the of\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    presets = ",".join(f"readme_corpus:{name}" for name in ("STRICT", "RARE", "BOTH", "SHOUTING", "DIGITS"))
    arguments = ["--input", str(small), "--output", "c4", "--preset", presets, "--badwords-dir", str(badwords)]
    assert build_c4.main([*arguments, "--workers", "1"]) == 4  # some of them keep no page of these
    langid = ["--preset", "en", "--langid", "readme_corpus:Harbours", "--output", "harbours"]
    assert build_c4.main(["--input", str(small), "--badwords-dir", str(badwords), "--workers", "1", *langid]) == 0
    sys.modules.pop("readme_corpus")
    ledgers = {
        name: {row["stage"]: row for row in manifest_of(tmp_path / "c4" / name)["ledger"]["stages"]}
        for name in ("strict", "rare", "both", "shouting")
    }
    assert ledgers["rare"]["rare"]["rejected"]["rare_words"] > 0
    assert {"name": "rare_share", "type": "double", "from": "rare"} in manifest_of(tmp_path / "c4/rare")["columns"]
    assert ledgers["both"]["texts"]["in"] == ledgers["both"]["spans"]["kept"]
    assert "shouting" in {
        rule.get("reason") for rule in manifest_of(tmp_path / "c4/shouting")["preset"]["stages"][3]["rules"]
    }
