"""What langdetect removes from a text before it reads characters. The patterns are the package's own."""

from __future__ import annotations

from langdetect.detector import Detector
from langdetect.utils.ngram import NGram

MAX_TEXT = 10_000  # characters that are read: langdetect 1.0.9 detector.py Detector.max_text_length
MAIL_BEFORE, MAIL_AFTER = 64, 510  # longest parts of an address around its "@": detector.py Detector.MAIL_RE


def readable(text: str) -> str:
    """The text without web and mail addresses, with Vietnamese marks joined to their letters, cut to `MAX_TEXT`.

    The package also folds runs of blanks, after the cut; that is left out, as a blank after a blank yields no n-gram.
    """
    if "/" in text and "http" in text:  # the first test is four times as fast, and rarely true
        text = Detector.URL_RE.sub(" ", text)
    if "@" in text:
        text = without_mail(text)
    if not text.isascii():
        text = text[: 2 * MAX_TEXT]  # enough: a mark joins at most two characters to one
        if any(mark in text for mark in NGram.DMARK_CLASS):
            text = NGram.normalize_vi(text)
    return text[:MAX_TEXT]


def without_mail(text: str) -> str:
    """`MAIL_RE.sub(" ", text)`, run only around each "@": over a whole page it would try 64 characters at each."""
    kept = []
    end = 0
    at = text.find("@")
    while at >= 0:
        found = Detector.MAIL_RE.search(text, max(end, at - MAIL_BEFORE), at + 1 + MAIL_AFTER)
        if found and found.start() < at:  # else it belongs to a later "@"
            kept.append(text[end : found.start()])
            end = found.end()
        at = text.find("@", max(end, at + 1))
    return " ".join([*kept, text[end:]])
