"""A user's preset with a page rule between cleaning and the text dedup: its ledger balances, too."""

from dataclasses import dataclass
from typing import ClassVar

from beam_jobs import build_c4
from c4pipe import presets
from c4pipe.page import Reason, Unit
from c4pipe.rules import PageRule
from c4pipe.stages import Filter
from tests.wetfiles import SAMPLES, manifest_of


@dataclass(frozen=True)
class NotTooShort(PageRule):
    chars: int = 800
    reason: ClassVar = Reason("too_short", Unit.PAGE, "has fewer than {chars} characters left", source="a test")

    def offence(self, page):
        return None if len(page.text) >= self.chars else f"{len(page.text)} characters"


def test_lines_are_counted_where_they_are_cleaned(badwords, built, tmp_path, monkeypatch):
    own = presets.EN.named("own", "a rule of ours").after("clean", Filter("short", (NotTooShort(),)))
    monkeypatch.setitem(presets.PRESETS, "own", own)
    arguments = ["--input", str(SAMPLES), "--badwords-dir", str(badwords), "--workers", "1"]
    assert build_c4.main([*arguments, "--preset", "own", "--output", str(tmp_path / "own")]) == 0
    ledgers = {}
    for preset, folder in {"en": built(SAMPLES), "own": tmp_path / "own"}.items():
        ledgers[preset] = {stage["stage"]: stage for stage in manifest_of(folder)["ledger"]["stages"]}
    assert ledgers["own"]["clean"] == ledgers["en"]["clean"]
    assert ledgers["own"]["short"]["rejected"]["too_short"] > 0
