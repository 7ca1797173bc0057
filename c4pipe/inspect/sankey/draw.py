"""The diagram as SVG. It is coloured by classes, so that a page uses its own style sheet; `slide` includes one."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from markupsafe import Markup

from c4pipe.inspect.sankey.amounts import IN_CHARACTERS, TextFlow
from c4pipe.inspect.sankey.arrange import KEPT_ROWS, Arrangement, Ribbon, Sheet, SheetRow, arranged
from c4pipe.text import percent, shortened

WIDE_SHEET = Sheet(880, 318, 320, 20, 25, 12.5, top=4)
NARROW_SHEET = Sheet(343, 238, 200, 21, 26, 12, reasons=6)
SLIDE_WIDTH, SLIDE_HEIGHT = 1600, 900
_SLIDE = Sheet(SLIDE_WIDTH, 430, 560, 25, 33, 17, reasons=9, top=44, bottom=64, left=64, right=64)
_SHARE, _FIGURE = 5.4, 4.4  # widths of the columns of numbers, in font sizes
_MONO = 0.61  # the width of a fixed-width letter, in font sizes
_LETTER = 0.55  # of other letters, somewhat more than for most words
_MONO_SIZE = 0.95  # size of those letters, relative to others
_MONOSPACED = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"
_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif"

# The colours of report.css, for a standalone picture: (name, light, dark).
FLOW_COLOURS = (
    ("paper", "#fbfaf8", "#14171a"),
    ("ink", "#1c2127", "#e4e6e8"),
    ("soft", "#565f69", "#a0a9b3"),
    ("kept", "#14788f", "#2f94ad"),
    ("also", "#3f93a8", "#62b3c7"),
    ("s0", "#b07a1e", "#d9a441"),
    ("s1", "#b8451f", "#e5764e"),
    ("s2", "#c96f50", "#f0a58c"),
    ("s3", "#8c2f2b", "#c9584c"),
    ("s4", "#b65a72", "#de8fa4"),
    ("s5", "#6e2438", "#b5617a"),
)


def compact(amount: int) -> str:
    """A number in three digits with its thousands, millions, billions or trillions, as the field writes tokens.

    >>> [compact(n) for n in (0, 999, 9_999, 12_345, 999_960, 24_359_236, 156_000_000_000)]
    ['0', '999', '9,999', '12.3 k', '1.00 M', '24.4 M', '156 B']
    """
    if abs(amount) < 10_000:
        return f"{amount:,}"
    power = next((power for power in (1, 2, 3) if abs(amount) < 999.5 * 1000**power), 4)
    value = amount / 1000**power
    places = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{places}f} {'kMBT'[power - 1]}"


def said_of_flow(flow: TextFlow) -> str:
    """The flow in one or two sentences, for those who cannot see it."""
    losses = ", ".join(
        f"{loss.code} at {loss.stage} dropped {percent(loss.amount, flow.came)}" for loss in flow.largest
    )
    kept = f"Of {flow.came:,} {flow.read} {flow.left:,} are in the corpus, {percent(flow.left, flow.came)}."
    return f"{kept} The largest losses: {losses}." if losses else kept


def legend(flow: TextFlow) -> str:
    """How to read the diagram."""
    if flow.unit == IN_CHARACTERS:
        return (
            "The width of a band is its text in characters: of rejected pages and of what was cut. Text leaves where "
            "it is first dropped, even if its page is rejected later."
        )
    why = "" if flow.unit == "documents" else ": this build did not count the characters that each reason dropped"
    return f"The width of a band is its number of {flow.unit}{why}."


def svg(flow: TextFlow, narrow: bool = False) -> Markup:
    """The diagram for a page with its own style sheet: in full width, or for a phone."""
    name = "flow-narrow" if narrow else "flow-wide"
    picture = arranged(flow, NARROW_SHEET if narrow else WIDE_SHEET)
    head = Markup('<svg class="sankey" role="img" aria-labelledby="{0}-t {0}-d" viewBox="0 0 {1:g} {2:.0f}">')
    title = Markup('<title id="{0}-t">From the crawl to the corpus</title><desc id="{0}-d">{1}</desc>')
    lines = [
        head.format(name, picture.sheet.width, picture.height),
        title.format(name, _plain(said_of_flow(flow), 2000)),
        *_picture(picture, flow, name),
        Markup("</svg>"),
    ]
    return Markup("\n").join(lines)


def slide(flow: TextFlow, named: str, says: str, which: str) -> str:
    """The standalone diagram, 1,600 pixels wide and, if its rows allow, 900 high, in light and dark colours.

    Args:
        named: the corpus's name.
        says: its description in a sentence.
        which: what distinguishes it from others of that name.
    """
    picture = _fitting(flow)
    high = max(SLIDE_HEIGHT, picture.height)
    kept = f"{compact(flow.left)} of {compact(flow.came)} {flow.read} kept, {percent(flow.left, flow.came)}"
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="flow-t flow-d" width="{0}" '
        'height="{1:.0f}" viewBox="0 0 {0} {1:.0f}">'
    )
    about = wrap(_plain(says, 200), 52)[:2]
    lines = [
        head.format(SLIDE_WIDTH, high),
        Markup('<title id="flow-t">{}: from the crawl to the corpus</title>').format(_plain(named, 80)),
        Markup('<desc id="flow-d">{}</desc>').format(_plain(said_of_flow(flow), 2000)),
        Markup("<style>{}</style>").format(Markup(_style())),
        Markup('<rect class="paper" width="{}" height="{:.0f}"/>').format(SLIDE_WIDTH, high),
        _text(64, 116, shortened(_plain(named, 80), 18), "ink", 60, bold=True),
        *(_text(64, 156 + 26 * i, line, "soft", 20) for i, line in enumerate(about)),
        _text(64, 170 + 26 * len(about), kept, "kept", 25, bold=True),
        Markup('<g transform="translate(0 {:.1f})">').format((high - picture.height) / 2),
        *_picture(picture, flow, "flow"),
        Markup("</g>"),
        _text(64, high - 30, f"{legend(flow)} {_plain(which, 160)}", "soft", 14),
        Markup("</svg>\n"),
    ]
    return str(Markup("\n").join(lines))


def _fitting(flow: TextFlow) -> Arrangement:
    """The diagram on the first sheet that is high enough for its rows, or on the last one."""
    picture = arranged(flow, _SLIDE)
    for sheet in _sheets():
        if picture.height <= SLIDE_HEIGHT:
            break
        picture = arranged(flow, sheet)
    return picture


def _sheets() -> Iterator[Sheet]:
    """Sheets for a slide, the best first: lower overall, then with smaller words, then with fewer reasons."""
    trunks = range(560, 379, -20)
    yield from (_SLIDE._replace(trunk=trunk) for trunk in trunks)
    small = _SLIDE._replace(row=21, head=28, size=15)
    yield from (small._replace(trunk=trunk) for trunk in range(480, 259, -20))
    yield from (small._replace(trunk=260, reasons=most) for most in (6, 4, 3, 2))


def _picture(picture: Arrangement, flow: TextFlow, name: str) -> Iterator[Markup]:
    sheet = picture.sheet
    end = sheet.width - sheet.words - sheet.right
    yield Markup('<path class="kept" d="{}"/>').format(picture.trunk)
    losing = dict.fromkeys((ribbon.start, ribbon.colour) for ribbon in picture.ribbons if ribbon.colour != -1)
    fades = {key: f"{name}-{number}" for number, key in enumerate(losing)}
    for (x, colour), fade in fades.items():
        yield Markup(
            '<linearGradient id="{}" gradientUnits="userSpaceOnUse" x1="{:.0f}" x2="{:.0f}" y1="0" y2="0">'
            '<stop class="kept"/><stop class="{}" offset="1"/></linearGradient>'
        ).format(fade, x, x + min(60, (end - x) / 3), "also" if colour < 0 else f"s{colour}")
    for ribbon in picture.ribbons:
        yield Markup('<path {} d="{}"/>').format(_fill(ribbon, fades), ribbon.path)
    if sheet.width > NARROW_SHEET.width:
        size, top = sheet.size, picture.trunk_top
        yield _text(sheet.left, top - 2.2 * size, compact(flow.came), "ink", size * 1.25, bold=True)
        yield _text(sheet.left, top - 0.8 * size, f"{flow.read} read", "soft", size)
    for row in picture.rows:
        yield from _row(row, sheet, flow, end + 0.75 * sheet.size)


def _fill(ribbon: Ribbon, fades: dict[tuple[float, int], str]) -> Markup:
    if ribbon.colour == -1:
        return Markup('class="kept"')
    return Markup('fill="url(#{})"').format(fades[ribbon.start, ribbon.colour])


def _row(row: SheetRow, sheet: Sheet, flow: TextFlow, x: float) -> Iterator[Markup]:
    size, right, y = sheet.size, sheet.width - sheet.right, row.y + 0.35 * sheet.size
    mono = " " not in row.words
    room = int((right - x - (_SHARE + _FIGURE) * size) / (size * (_MONO * _MONO_SIZE if mono else _LETTER)))
    if row.head:
        yield _text(x, y, shortened(_plain(row.words, 80), room + 8), "ink", size, bold=True)
    else:
        words = shortened(_plain(row.words, 80), room)
        yield _text(x, y, words, "ink", size, mono=mono)
        if row.beside and len(words) + len(row.beside) + 2 <= room:
            yield _text(x + (len(words) + 1.5) * _MONO * size, y, row.beside, "soft", size)
    if not row.head or row.words == KEPT_ROWS:
        yield _text(right - _SHARE * size, y, compact(row.amount), "ink", size, bold=row.head, end=True)
        yield _text(right, y, percent(row.amount, flow.came), "soft", size, end=True)


def _text(
    x: float, y: float, words: str, colour: str, size: float, bold: bool = False, mono: bool = False, end: bool = False
) -> Markup:
    more = Markup(' text-anchor="end"') if end else Markup("")
    more += Markup(' font-weight="650"') if bold else Markup("")
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" font-size="{:g}" font-family="{}"{}>{}</text>').format(
        colour, x, y, size * (_MONO_SIZE if mono else 1), _MONOSPACED if mono else _SANS, more, words
    )


def _plain(text: str, most: int) -> str:
    """Words of a manifest, which may contain anything, on one line and without invisible characters."""
    return "".join(char for char in text[:most] if char.isprintable())


def _style() -> str:
    day = "".join(f".{name}{{fill:{colour};stop-color:{colour}}}" for name, colour, _ in FLOW_COLOURS)
    night = "".join(f".{name}{{fill:{colour};stop-color:{colour}}}" for name, _, colour in FLOW_COLOURS)
    return f"text{{font-variant-numeric:tabular-nums lining-nums}}{day}@media (prefers-color-scheme:dark){{{night}}}"
