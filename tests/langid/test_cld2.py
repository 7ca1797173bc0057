"""CLD2: any text is survived, and its codes become mC4's."""

from __future__ import annotations

import pytest

from c4pipe.langid.base import UND
from c4pipe.langid.cld2 import Cld2, ask

TEXT = "A plain sentence of English prose about a boat on the water, and another one about the weather."


@pytest.mark.parametrize("bad", ["\ud800", "\x00", "\x1b[31m", "\x7f", "\x85", "\ufdd0", "\uffff", "\U0001ffff"])
def test_what_cld2_refuses_is_blanked(bad: str) -> None:
    assert ask(bad) is not None
    assert ask(TEXT + bad + TEXT).found[0].language == "en"


@pytest.mark.parametrize("bad", [chr(i) for i in range(0x20)])
def test_every_control_character(bad: str) -> None:
    assert ask(f"{TEXT}{bad}{TEXT}").found[0].language == "en"


def test_every_noncharacter() -> None:
    for plane in range(17):
        for point in (0xFFFE, 0xFFFF):
            assert ask(TEXT + chr(plane * 0x10000 + point)).found[0].language == "en"


def test_sorani_is_not_what_mc4_calls_ku() -> None:
    answer = ask("لە نزیک گوندەکەمان گۆمێکی بچووک هەیە کە منداڵان لە هاویندا مەلەی تێدا دەکەن و زۆر دڵخۆشن.")
    assert answer.found[0].language == "ckb"


def test_unreliable_is_und() -> None:
    guess = Cld2().guess("xqzt vrrk pljw ghhq tzzk")
    assert guess is not None
    assert guess.language == UND


def test_nothing_to_go_by() -> None:
    assert Cld2().guess("12 34 \U0001f600") is None
