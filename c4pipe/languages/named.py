"""From common names of languages to mC4's: `he`, `EN`, `zh-cn`, `german` are `iw`, `en`, `zh`, `de`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from c4pipe.errors import ConfigError, unknown
from c4pipe.languages.codes import canonical

# English names of mC4's languages, after CLDR 46 and the table of mT5's paper; several if people use several.
_NAMES = """
af afrikaans; am amharic; ar arabic; az azerbaijani,azeri; be belarusian; bg bulgarian; bn bengali,bangla; ca catalan;
ceb cebuano; co corsican; cs czech; cy welsh; da danish; de german; el greek; en english; eo esperanto;
es spanish,castilian; et estonian; eu basque; fa persian,farsi; fi finnish; fil filipino,tagalog; fr french;
fy frisian,western frisian; ga irish; gd scottish gaelic; gl galician; gu gujarati; ha hausa; haw hawaiian; hi hindi;
hmn hmong; ht haitian creole,haitian; hu hungarian; hy armenian; id indonesian; ig igbo; is icelandic; it italian;
iw hebrew; ja japanese; jv javanese; ka georgian; kk kazakh; km khmer; kn kannada; ko korean; ku kurdish;
ky kyrgyz,kirghiz; la latin; lb luxembourgish; lo lao; lt lithuanian; lv latvian; mg malagasy; mi maori;
mk macedonian; ml malayalam; mn mongolian; mr marathi; ms malay; mt maltese; my burmese; ne nepali; nl dutch,flemish;
no norwegian,bokmal,nynorsk; ny nyanja,chichewa; pa punjabi,panjabi; pl polish; ps pashto; pt portuguese;
ro romanian,moldavian; ru russian; sd sindhi; si sinhala,sinhalese; sk slovak; sl slovenian,slovene; sm samoan;
sn shona; so somali; sq albanian; sr serbian; st sotho,sesotho; su sundanese; sv swedish; sw swahili; ta tamil;
te telugu; tg tajik; th thai; tr turkish; uk ukrainian; ur urdu; uz uzbek; vi vietnamese; xh xhosa; yi yiddish;
yo yoruba; zh chinese,mandarin; zu zulu; und undetermined; hr croatian; bs bosnian; sh serbo-croatian
"""
NAMED = {
    name: code
    for code, names in (entry.split(maxsplit=1) for entry in _NAMES.split(";"))
    for name in names.strip().split(",")
}

# Code -> the nearest ones that mC4 has, for requests of a language that an identifier does not have: it labels pages
# in it as one of these, if at all. Members of a macrolanguage and close languages (ISO 639-3, Glottolog 5).
_NEAR = """
sh sr hr bs; hr sr; bs sr; cnr sr; yue zh; wuu zh; gan zh; lzh zh; nan zh; hak zh; ast es; an es; oc ca; ext es;
gsw de; bar de; nds de nl; ksh de; als de sq; li nl; vls nl; sco en; ckb ku; arz ar; ary ar; mzn fa; glk fa; azb az;
tt kk; ba kk; ce ru; rue uk; bh hi; bho hi; mai hi; awh hi; min id; ace id; ban id; bjn id; war fil ceb; ilo fil;
pam fil; nn no; fo is; nr zu; ss zu; tn st; nso st; ts zu; qu es; lmo it; scn it; nap it; pms it; vec it; sc it;
fur it; mwl pt; br cy; kw cy; gv ga; wa fr; frp fr; mo ro; tk tr; gag tr; crh tr; ug uz; kaa kk; dv si; as bn; or bn;
sa hi; new ne; pnb pa; yi iw
"""
NEAR = {code: tuple(near) for code, *near in map(str.split, _NEAR.split(";"))}
_NAME = re.compile(r"[a-z0-9][\w-]*", re.ASCII | re.IGNORECASE)


def code_named(name: str) -> str:
    """A language as mC4 writes it, from a code in any spelling or from its English name; anything else is returned
    unchanged.

    >>> [code_named(name) for name in ("he", "EN", "nb", "zh_CN", "pt-br", "German", "deu", "HI-LATN", "xx")]
    ['iw', 'en', 'no', 'zh', 'pt', 'de', 'de', 'hi-Latn', 'xx']
    """
    plain = name.strip().lower()
    if plain in NAMED:
        return NAMED[plain]
    first, *subtags = re.split("[-_]", plain)
    script = next((f"-{tag.title()}" for tag in subtags if len(tag) == 4 and tag.isalpha()), "")
    found = canonical(first + script)
    return found if first.isalpha() and 2 <= len(first) <= 3 else name


def codes_named(text: str, option: str) -> list[str]:
    """The languages of an option, separated by commas, as typed. Raises ConfigError for none, and for what cannot be
    the name of one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    bad = [name for name in names if not (_NAME.fullmatch(name) or name.lower() in NAMED)]
    if bad or not names:
        raise ConfigError(f"{option} {text!r}: expected language codes such as en or de,fr.")
    return names


def among(names: Iterable[str], known: Collection[str], kind: str) -> list[str]:
    """The names as they are `known`: unchanged, or as mC4 writes them; each once. Raises ConfigError for others.

    >>> among(["he", "iw", "de"], ["de", "iw", "und"], "language")
    ['iw', 'de']
    """
    found = []
    for name in names:
        code = name if name in known else code_named(name)
        if code not in known:
            raise unknown_language(kind, name, known)
        found.append(code)
    return [*dict.fromkeys(found)]


def unknown_language(kind: str, name: str, known: Collection[str]) -> ConfigError:
    """The error for a language that is not among those, with the nearest of them by language, not by spelling."""
    code = code_named(name)
    alike = (code, code.partition("-")[0], *NEAR.get(code, ()))
    known = sorted(known)
    return unknown(kind, name, known, hints=[other for one in alike for other in known if code_named(other) == one])


def renamings(asked: Iterable[str], written: Collection[str]) -> list[str]:
    """Notes on languages that were requested under another name than the one used, one line each."""
    codes = {name: code_named(name) for name in asked if name not in written}
    return [f"{name!r} is read as {code}" for name, code in codes.items() if code in written]
