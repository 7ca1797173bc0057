"""A preset of a user's own, with a page rule between cleaning and the text dedup: its ledger balances too."""

import json
from dataclasses import dataclass
from typing import ClassVar

from beam_jobs import build_c4
from c4pipe import presets
from c4pipe.page import Reason, Unit
from c4pipe.rules import PageRule
from c4pipe.stages import Filter
from tests.wetfiles import ROOT


@dataclass(frozen=True)
class NotTooShort(PageRule):
    chars: int = 800
    reason: ClassVar = Reason("too_short", Unit.PAGE, "has fewer than {chars} characters left", source="a test")

    def offence(self, page):
        return None if len(page.text) >= self.chars else f"{len(page.text)} characters"


def test_lines_are_counted_where_they_are_cleaned(badwords, tmp_path, monkeypatch):
    own = presets.EN.named("own", "a rule of ours").after("clean", Filter("short", (NotTooShort(),)))
    monkeypatch.setitem(presets.PRESETS, "own", own)
    arguments = ["--input", str(ROOT / "data_samples"), "--badwords-dir", str(badwords), "--workers", "1"]
    ledgers = {}
    for preset in ("en", "own"):
        assert build_c4.main([*arguments, "--preset", preset, "--output", str(tmp_path / preset)]) == 0
        stages = json.loads((tmp_path / preset / "manifest.json").read_text())["ledger"]["stages"]
        ledgers[preset] = {stage["stage"]: stage for stage in stages}
    assert ledgers["own"]["clean"] == ledgers["en"]["clean"]
    assert ledgers["own"]["short"]["rejected"]["too_short"] > 0
