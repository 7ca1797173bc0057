"""The language codes of mC4, the scripts of languages, and how others write the codes."""

from __future__ import annotations

from functools import cache

# Xue et al. 2021, table 6; TFDS c4 3.1.0 c4_utils.MC4_LANGUAGES: 101 languages in 107 codes, six of them romanised.
_CODES = """
af am ar az be bg bg-Latn bn ca ceb co cs cy da de el el-Latn en eo es et eu fa fi fil fr fy ga gd gl gu ha haw hi
hi-Latn hmn ht hu hy id ig is it iw ja ja-Latn jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my ne
nl no ny pa pl ps pt ro ru ru-Latn sd si sk sl sm sn so sq sr st su sv sw ta te tg th tr uk ur uz vi xh yi yo zh
zh-Latn zu
"""
MC4 = tuple(_CODES.split())
ROMANISED = tuple(code for code in MC4 if code.endswith("-Latn"))

# Script (ISO 15924) -> the languages written in it, among those that a voter can return; all others are written in
# Latin letters only. After the language data of Unicode's CLDR 46; of mC4's own languages, those with two scripts
# are az, kk, sr, tg, uz. Kurdish is mC4's ku, Kurmanji in Latin letters; ckb is Sorani in Arabic ones.
SCRIPT_LANGUAGES = {
    "Arab": "ar azb ckb fa glk ks lrc mzn pnb ps sd skr ug ur",
    "Armn": "hy hyw",
    "Beng": "as bn bpy mni",
    "Cans": "cr iu",
    "Cher": "chr",
    "Cyrl": "ab ady av az ba be bg bxr ce crh cv kaa kbd kk krc kv ky lbe lez mdf mhr mk mn mrj myv os ru rue sah sr "
    "tg tt tyv udm uk uz xal",
    "Deva": "anp awa bh bho brx dty gom hi mag mai mr ne new sa sat",
    "Ethi": "am ti",
    "Geor": "ka xmf",
    "Grek": "el grc pnt",
    "Gujr": "gu",
    "Guru": "pa",
    "Hang": "ko",
    "Hani": "gan ja ko lzh wuu yue zh",
    "Hebr": "iw lad yi",
    "Hira": "ja",
    "Kana": "ja",
    "Khmr": "km",
    "Knda": "kn tcy",
    "Laoo": "lo",
    "Latn": "az crh iu kaa kk lad sr tg tk tt ug uz",  # these too
    "Mlym": "ml",
    "Mymr": "ksw mnw my shn",
    "Orya": "or",
    "Sinh": "si",
    "Syrc": "syr",
    "Taml": "ta",
    "Telu": "te",
    "Thaa": "dv",
    "Thai": "th",
    "Tibt": "bo dz",
}

# Code in mC4 -> as others write it: old and new codes of ISO 639-1, the codes of ISO 639-2 and 639-3, members of a
# macrolanguage for which mC4 has one code, and peculiarities of models: CLD2's jw and tl, fastText's als for Alemannic,
# which in ISO 639-3 (GlotLID, NLLB) is Albanian and then includes its script.
_OTHERS = """
af afr; am amh; ar arb arz ara ary apc ajp acm acq aeb afb ars; az azj aze; be bel; bg bul; bn ben; ca cat; co cos;
cs ces cze; cy cym wel; da dan; de deu ger; el ell gre; en eng; eo epo; es spa; et est ekk; eu eus baq;
fa fas per pes prs; fi fin; fil tl tgl; fr fra fre; fy fry; ga gle; gd gla; gl glg; gsw als; gu guj; ha hau; hi hin;
hmn hnj mww; ht hat; hu hun; hy hye arm; id in ind; ig ibo; is isl ice; it ita; iw he heb; ja jpn; jv jw jav;
ka kat geo; kk kaz; km khm; kn kan; ko kor; ku kmr kur; ky kir; la lat; lb ltz; lo lao; lt lit; lv lav lvs;
mg mlg plt; mi mri mao; mk mkd mac; ml mal; mn khk mon; mr mar; ms msa zsm may; mt mlt; my mya bur; ne nep npi;
nl nld dut; no nb nn nob nno nor; ny nya; pa pan; pl pol; ps pbt pbu pus; pt por; ro mo mol ron rum; ru rus; sd snd;
si sin; sk slk slo; sl slv; sm smo; sn sna; so som; sq als_Latn aln_Latn sqi alb; sr srp scc; st sot; su sun; sv swe;
sw swa swh; ta tam; te tel; tg tgk; th tha; tr tur; uk ukr; ur urd; uz uzb uzn; vi vie; xh xho; yi ji ydd yid; yo yor;
zh cmn zho chi; zu zul;
an arg; as asm; ba bak; bo bod tib; br bre; bs bos; cv chv; fo fao; hr hrv scr; oc oci; or ori ory; rw kin; sa san;
sc srd; sh hbs; ti tir; tk tuk; tn tsn; ts tso; tt tat; ug uig
"""
ALIASES = {other: code for code, *others in map(str.split, _OTHERS.split(";")) for other in others}


@cache
def scripts_of(language: str) -> frozenset[str]:
    """The scripts of a language; for a code with a script, such as `ru-Latn`, that script.

    >>> sorted(scripts_of("sr")), sorted(scripts_of("de")), sorted(scripts_of("ru-Latn"))
    (['Cyrl', 'Latn'], ['Latn'], ['Latn'])
    """
    _, _, script = language.partition("-")
    if script:
        return frozenset({script})
    return frozenset(script for script, codes in SCRIPT_LANGUAGES.items() if language in codes.split()) or frozenset(
        {"Latn"}
    )


@cache
def canonical(label: str) -> str:
    """A label of any model as mC4 writes it; unchanged if mC4 does not have it.

    The script is only kept if the language is not usually written in it: hi-Latn is a code of mC4, hi-Deva is hi.

    >>> [canonical(label) for label in ("__label__he", "jw", "zh-Hant", "eng_Latn", "hin_Deva", "hin_Latn", "nn", "hr")]
    ['iw', 'jv', 'zh', 'en', 'hi', 'hi-Latn', 'no', 'hr']
    """
    name, _, script = label.removeprefix("__label__").replace("-", "_").partition("_")
    language = ALIASES.get(f"{name}_{script}") or ALIASES.get(name, name)
    script = {"Hans": "Hani", "Hant": "Hani", "Jpan": "Hani", "Kore": "Hang"}.get(script, script)
    known = script.istitle() and len(script) == 4 and script not in scripts_of(language)
    return f"{language}-{script}" if known else language
