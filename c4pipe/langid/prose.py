"""The prose of a page: a language is identified from sentences, not from addresses, code and placeholder text.

    prose_of(text) -> the text without these if they are much of it, else the text itself

Addresses and code are Latin letters on pages of every language, and “lorem ipsum” is Latin by its letters. All masks
are linear in the text: a pattern starts where a word or line does, and reads each character once or twice.
"""

from __future__ import annotations

import re

MUCH = 0.1  # of the characters: with less masked, the whole text of a page is used
LITTLE = 200  # characters of prose left: with fewer, a page keeps its addresses and code
SYMBOLS = 0.1  # of a line's characters: from here on it is code; prose has 0.01 to 0.03, shops with prices 0.05
RARE = 0.005  # of the characters: with fewer signs of addresses and code, there cannot be much of them
RUN = 8  # words of placeholder text in a row: real Latin has shorter runs of these words

# A text without any of these contains nothing to mask.
_SIGNS = ("{", "}", "=", "_", "<", "\\", "/", "@", ";")
_CODE_SIGNS = ("{", "}", "=", "_", "<", "\\", "()", "/")
_PLACEHOLDER_SIGNS = ("psum", "onsectetur", "ellentesque", "estibulum", "erspiciatis", "ute irure")  # in any case

_ADDRESSES = {  # sign -> what is masked if it occurs; patterns that begin with their sign are found fast
    "http": re.compile(r"https?://[!-~]*"),
    "//": re.compile(r"//[!-~]+"),
    "www.": re.compile(r"www\.[!-~]+"),
    "@": re.compile(r"(?<![!-~])[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}\.[!-~]+"),
}
_TAG = re.compile(r"</?[A-Za-z!][^<>\n]{0,300}>|&#?\w{2,8};")
_NAME = re.compile(
    r"(?<![!-~])(?:"
    r"[!-^`-~]*_[!-~]*"  # an_identifier
    r"|[.~]{0,2}/[!-~]+"  # /a/path
    r"|[!-.0-~]+/[!-.0-~]+/[!-~]+"  # a/path
    r"|[!-\[\]-~]*\\[!-~]*"  # C:\a\path
    r"|[!-'*-~]+\(\)[!-~]*"  # a.call()
    r"|[0-9A-Za-z+=-]{40,}(?![!-~])"  # hexadecimal, base64
    r")"
)
_ASCII = re.compile(r"[\t -~]+")
_SYMBOL = re.compile(r"[{}\[\]<>=;_\\|$#&*]|\(\)|::|->|//")
_CODE_END = re.compile(r"[;{}\[\\]\s*$|['\"],\s*$")
_WORD = re.compile(r"[^\W\d_]+")

# The vocabulary of lipsum.com's generator, and of the passages behind it: Cicero, De finibus 1.32 and 33.
_VOCABULARY = """
a ab ac accumsan accusamus accusantium ad adipisci adipiscing aenean alias aliqua aliquam aliquet aliquid aliquip amet
anim animi ante aperiam aptent architecto arcu asperiores aspernatur assumenda at atque auctor augue aut aute autem
beatae bibendum blandit blanditiis cillum class commodi commodo condimentum congue consectetur consequat consequatur
consequuntur conubia convallis corporis corrupti cras cubilia culpa cum cumque cupidatat cupiditate curabitur curae
cursus dapibus debitis delectus deleniti deserunt diam dicta dictum dictumst dignissim dignissimos dis distinctio do
dolor dolore dolorem doloremque dolores doloribus dolorum donec ducimus dui duis ea eaque earum efficitur egestas eget
eius eiusmod eleifend elementum eligendi elit enim eos erat eros error esse est et etiam eu euismod eum eveniet ex
excepteur excepturi exercitation exercitationem expedita explicabo facere facilis facilisi facilisis fames faucibus
felis fermentum feugiat finibus fringilla fuga fugiat fugit fusce gravida habitant habitasse hac harum hendrerit hic
himenaeos iaculis id illo illum impedit imperdiet in inceptos incididunt incidunt integer interdum inventore ipsa
ipsam ipsum irure iste itaque iure iusto justo labore laboriosam laboris laborum lacinia lacus laoreet laudantium
lectus leo libero ligula litora lobortis lorem luctus maecenas magna magnam magni magnis maiores malesuada massa
mattis mauris maxime maximus metus mi minim minima minus modi molestiae molestias molestie mollis mollit mollitia
montes morbi mus nam nascetur natoque natus nec necessitatibus nemo neque nesciunt netus nibh nihil nisi nisl nobis
non nostra nostrud nostrum nulla nullam numquam nunc obcaecati occaecat occaecati odio odit officia officiis omnis
optio orci ornare pariatur parturient pellentesque penatibus per perferendis perspiciatis pharetra phasellus placeat
placerat platea porro porta porttitor possimus posuere potenti praesent praesentium pretium primis proident proin
provident pulvinar purus quae quaerat quam quas quasi qui quia quibusdam quidem quis quisquam quisque quo quod quos
ratione recusandae reiciendis rem repellat repellendus reprehenderit repudiandae rerum rhoncus ridiculus risus rutrum
saepe sagittis sapien sapiente scelerisque sed sem semper senectus sequi similique sint sit sociosqu sodales
sollicitudin soluta sunt suscipit suspendisse taciti tellus tempor tempora tempore temporibus tempus tenetur tincidunt
torquent tortor totam tristique turpis ullam ullamco ullamcorper ultrices ultricies unde urna ut varius vehicula vel
velit venenatis veniam veritatis vero vestibulum vitae vivamus viverra voluptas voluptate voluptatem voluptates
voluptatibus voluptatum volutpat vulputate
"""
_PLACEHOLDERS = frozenset(_VOCABULARY.split())


def prose_of(text: str) -> str:
    """The part of the text from which its language is identified.

    >>> prose_of("Sie steht am Hafen. Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.")
    'Sie steht am Hafen.  .'
    """
    written = _without_placeholders(text) if any(sign in text for sign in _PLACEHOLDER_SIGNS) else text
    prose = written
    if sum(map(written.count, _SIGNS)) < RARE * len(written):
        return written
    for sign, address in _ADDRESSES.items():
        if sign in prose:
            prose = address.sub(" ", prose)
    if any(sign in prose for sign in _CODE_SIGNS):
        prose = _without_code(_TAG.sub(" ", prose))
    if len(prose) > (1 - MUCH) * len(written):
        return written
    return prose if sum(map(len, prose.split())) >= LITTLE else written


def _without_code(text: str) -> str:
    """The text without names of files, variables and the like, and without lines, or ASCII pieces in them, of code."""
    return "\n".join(map(_line, _NAME.sub(" ", text).split("\n")))


def _line(line: str) -> str:
    if line.isascii():
        return " " if _CODE_END.search(line) or _is_code(line) else line
    if any(sign in line for sign in _CODE_SIGNS):
        return _ASCII.sub(lambda piece: " " if _is_code(piece[0]) else piece[0], line)
    return line


def _is_code(text: str) -> bool:
    symbols = sum(map(len, _SYMBOL.findall(text)))
    return symbols >= max(2, SYMBOLS * len(text))


def _without_placeholders(text: str) -> str:
    """The text without runs of the words that placeholder text is made of."""
    kept, done = [], 0
    run: list[re.Match[str]] = []

    def end() -> None:
        nonlocal done
        if len(run) >= RUN:
            kept.append(text[done : run[0].start()])
            done = run[-1].end()
        run.clear()

    for word in _WORD.finditer(text):
        if word[0].lower() in _PLACEHOLDERS:
            run.append(word)
        else:
            end()
    end()
    return " ".join([*kept, text[done:]]) if done else text
