"""Personal data: what is found, what is not, and where."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.pii import ALL_REGIONS, PERSONAL_KINDS, REGIONS_OF, find_personal, masked, phones
from c4pipe.pii.regions import region_of

# text -> masked
PERSONAL = [
    ("ada@example.org", "<EMAIL>"),
    ("Mail Ada.Lovelace+news@mail.example.co.uk!", "Mail <EMAIL>!"),
    ("<a href='mailto:me@host.de'>me@host.de</a>", "<a href='mailto:<EMAIL>'><EMAIL></a>"),
    ("a@b.com,c@d.org;e@f.net", "<EMAIL>,<EMAIL>;<EMAIL>"),
    ("Schreibt an jürgen@bücher.de.", "Schreibt an <EMAIL>."),
    ("почта: иван@пример.рф", "почта: <EMAIL>"),
    ("me@xn--bcher-kva.de", "<EMAIL>"),
    ("ＭＥ me@host.com。", "ＭＥ <EMAIL>。"),
    ("Call (202) 555-0123 now", "Call <PHONE> now"),
    ("202.555.0123 or 202-555-0199", "<PHONE> or <PHONE>"),
    ("London: 020 7946 0958", "London: <PHONE>"),
    ("+49 30 901820, +33 1 42 68 53 00", "<PHONE>, <PHONE>"),
    ("tel:+442079460958", "tel:<PHONE>"),
    ("+1 202 555 0123 ext. 12", "<PHONE>"),
    ("1-800-555-0199", "<PHONE>"),
    ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "<PHONE>"),
    ("from 185.199.108.153 at noon", "from <IP> at noon"),
    ("http://93.184.216.34:8080/x", "http://<IP>:8080/x"),
    ("2a00:1450:4001:81b::200e said", "<IP> said"),
    ("2a00:1450:4001:81b::200e 1.1.1.10 a@b.com", "<IP> <IP> <EMAIL>"),  # in order, whichever is sought first
    ("[2606:4700:4700::1111]:53", "[<IP>]:53"),
    ("IBAN DE89 3704 0044 0532 0130 00 BIC", "IBAN <IBAN> BIC"),
    ("DE89370400440532013000", "<IBAN>"),
    ("GB29 NWBK 6016 1331 9268 19 AT THE BANK", "<IBAN> AT THE BANK"),
    ("NO9386011117947.", "<IBAN>."),
    ("4111 1111 1111 1111", "<CARD>"),
    ("4111-1111-1111-1111 and 378282246310005", "<CARD> and <CARD>"),
    ("3782 822463 10005", "<CARD>"),
    ("Card: 5555555555554444.", "Card: <CARD>."),
    ("GB29\u00a0NWBK\u00a06016\u00a01331\u00a09268\u00a019, 4111\u00a01111\u00a01111\u00a01111", "<IBAN>, <CARD>"),
    ("de89370400440532013000, de89 3704 0044 0532 0130 00 at the bank", "<IBAN>, <IBAN> at the bank"),
    ("DE89-3704-0044-0532-0130-00 and DE89.3704.0044.0532.0130.00.", "<IBAN> and <IBAN>."),
    ("IBANDE89370400440532013000, iban:de89370400440532013000", "IBAN<IBAN>, iban:<IBAN>"),
    ("4111.1111.1111.1111, 3782.822463.10005", "<CARD>, <CARD>"),
    ("http://8.8.8.8:80/x, https://1.1.1.1", "http://<IP>:80/x, https://<IP>"),
    ("Ask 8.8.4.4:443 or 1.1.1.1:53.", "Ask <IP>:443 or <IP>:53."),
    ("https://whois.example.org/185.199.108.153", "https://whois.example.org/<IP>"),
    ("ada\u200b@exam\u00adple.org\u200e, \u200e+44\u200b 20 7946 0958\u200e", "<EMAIL>\u200e, \u200e<PHONE>\u200e"),
    ("/share?to=ada%40example.org&cc=a.l%2Bnews%40example.org", "/share?to=<EMAIL>&cc=<EMAIL>"),
    ("+39 06 6982, +390669812345, +4 1 44 668 18 00", "<PHONE>, <PHONE>, <PHONE>"),
    ("0044 20 7946 0958, 011 49 30 901820", "<PHONE>, <PHONE>"),
    ("(0)20 7946 0958, 44 20 7946 0958, 07400 123 456, 01382 123456", "<PHONE>, <PHONE>, <PHONE>, <PHONE>"),
    ("a@b.com 10.1.1.1 +44 20 7946 0958", "<EMAIL> 10.1.1.1 <PHONE>"),
]

CLEAN = [
    "",
    "On 12/03/2012, 2012-03-04 05:06:07 and 04.05.2012 it rained; 1999-2004, too.",
    "2012-03-04T05:06:07.123456Z, 20120304050607",
    "$1,234,567.89, 1.234.567,89 € and 1 234 567 890 people",
    "Version 1.2.3.4, v10.0.19041.1234, Chrome/90.0.4430.212, release 12.34.56.78",
    "Firefox/12.0.0.1 and Mozilla/12.10.11.12, RFC 1.22.33.44",
    "git@github.com:foo/bar.git ssh://git@gitlab.com/foo/bar.git 100%40a.b %40 a%40b",
    "De89370400440532013000, XIDE89370400440532013000, 8.8.8.8",
    "1234567 1234567 1234567 1234567, 0123 0123 0123 0123, 1.1.1.1.1.1.1.1.1.1.1.1",
    "10.0.0.1 192.168.1.1 172.16.254.1 127.0.0.1 169.254.1.1 0.0.0.0 224.0.0.251 255.255.255.255 203.0.113.7",
    "1.2.3.4 Of ships. 300.1.2.3, 1.2.3.4.5.6, 192.168.010.001",
    "::1 fe80::1 fc00::12 2001:db8::1 std::vector<int> a::b 12:30:45 Matthew 5:3",
    "icon@2x.png @ada user@localhost me at host dot org, 5 @ 3.50, ada@, @example.com",
    "a@b @b.com a@-b.com",
    "3.14159265358979323846, 299792458 m/s, 6.02214076e23",
    "ISBN 978-3-16-148410-0, ISSN 0317-8471, EAN 4006381333931",
    "DE88 3704 0044 0532 0130 00",  # its sum is wrong
    "XX89 3704 0044 0532 0130 00",
    "4111 1111 1111 1112",
    "1234567890123456",
    "9111 1111 1111 1111",
    "order 2025550123, item 1234567",
    "lines 100-200 300-400, 555-0123",
    "۱۳۹۹/۱۲/۳۰, १२३४५६७८९, 第１２３４章",
    "𝟏𝟐𝟑𝟒, ①②③④⑤⑥⑦, x²³",
    "f3d1c8e0-4111-1111-1111-11111111abcd 0x4111111111111111",
]


@pytest.mark.parametrize(("text", "said"), PERSONAL)
def test_personal_data_is_masked(text: str, said: str) -> None:
    assert masked(text) == said


@pytest.mark.parametrize("text", CLEAN)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert find_personal(text) == []
    assert masked(text) == text


@pytest.mark.parametrize(("text", "said"), PERSONAL)
def test_places_are_those_of_the_text(text: str, said: str) -> None:
    for before in ("", "é 日本 ", "𝟗, "):
        found = find_personal(before + text)
        assert [(one.start - len(before), one.end - len(before), one.kind) for one in found] == find_personal(text)


PIECES = (
    st.sampled_from([text for text, _ in PERSONAL] + CLEAN)
    | st.text("0123456789@.+-: ()aDE\0\n<>٣", max_size=12)
    | st.text(max_size=20)
)


@given(st.lists(PIECES, max_size=5).map("".join))
@example("4111 1111 1111 1111" * 2)
@example("1" * 300 + "@" + "a." * 300 + "com")
def test_masked_text_holds_nothing_that_is_found_again(text: str) -> None:
    found = find_personal(text)
    assert all(one.kind in PERSONAL_KINDS for one in found)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert find_personal(masked(text)) == []


@pytest.mark.parametrize(
    "text",
    ["@", "%40", "1", "1 ", "1.1.", "a.", "a@", "2001:", "AB12", "DE12-", "1234567 ", "0123-", "\u200b1 ", "+1 "],
)
def test_time_is_linear_in_the_text(text: str) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        find_personal(text * (size // len(text)))
        return time.process_time() - began

    seconds(1_000)
    short, long = (min(seconds(size) for _ in range(2)) for size in (5_000, 40_000))
    assert long < 24 * short + 0.05  # 8 times as long


@pytest.mark.parametrize(
    "table", ["1234567 ", "1 ", "1.", "0123 0123 ", "999 999 9999 ", "01 02 ", "2012-03-04 05 ", "+1234567 "]
)
def test_phonenumbers_is_not_asked_about_tables(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "PhoneNumberMatcher", lambda *_: pytest.fail(f"asked about {table!r}"))
    assert find_personal(table * 500) == []


def test_any_characters_may_stand_there() -> None:
    assert masked("\ud800me@example.org\udfff, \0+44 20 7946 0958\0") == "\ud800<EMAIL>\udfff, \0<PHONE>\0"


def test_a_second_country_is_not_asked_about_what_the_first_has(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    real = phones.PhoneNumberMatcher

    def counting(text: str, region: str | None, leniency: int) -> object:
        asked.append(region)
        return real(text, region, leniency)

    monkeypatch.setattr(phones, "PhoneNumberMatcher", counting)
    assert masked("011 49 30 901820") == "<PHONE>"  # what is dialled abroad may be of any country that is asked
    assert asked == ["US"]


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("de", "030 901820, 089/2180-0", "<PHONE>, 089/2180-0"),  # too few digits behind the code of the town
        ("fr", "01 42 68 53 00", "<PHONE>"),
        ("es", "912 345 678", "<PHONE>"),
        ("it", "06 6982 1234", "<PHONE>"),
        ("ja", "03-1234-5678", "<PHONE>"),
        ("ru", "8 (495) 123-45-67", "<PHONE>"),
        ("en", "030 901820, 912 345 678", "030 901820, 912 345 678"),
    ],
)
def test_numbers_without_a_plus_are_those_of_the_countries_that_are_asked(language: str, text: str, said: str) -> None:
    assert masked(text, regions=REGIONS_OF[language]) == said


@pytest.mark.parametrize("region", ALL_REGIONS)
def test_every_country_has_shapes(region: str) -> None:
    assert region_of(region).shape.pattern.count("[0-9]") > 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("メールinfo@example.co.jpまで", "メール<EMAIL>まで"),
        ("문의는 info@example.co.kr로", "문의는 <EMAIL>로"),
        ("サーバー133.242.0.3は", "サーバー<IP>は"),
        ("バージョン2.10.3.4を", "バージョン2.10.3.4を"),
        ("日本@例え.jp", "<EMAIL>"),
    ],
)
def test_an_address_may_stand_between_letters_of_scripts_without_blanks(text: str, said: str) -> None:
    assert masked(text) == said


def test_what_is_named_as_a_limit_is_one() -> None:
    assert find_personal("+44 20\n7946 0958 and name&#64;host.com") == []


def test_a_word_on_the_line_before_says_nothing_of_an_address() -> None:
    for break_ in "\n\r\u2028":
        assert [one.kind for one in find_personal(f"the version{break_}185.199.108.153")] == ["IP"]
    assert find_personal("the version: 185.199.108.153") == []
