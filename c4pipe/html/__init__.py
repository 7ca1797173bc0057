r"""Pages from HTTP responses: what a WARC holds in place of a WET's text, read by the same reader.

    WarcRecord --http_answer--> HttpAnswer --decoded--> HTML --text_of--> RecordText | NoRecordText

Records, damage and places are those of `wet`. This package defines what a response is, how its bytes become HTML, and
how HTML becomes text. Bad data never raises, and no page takes unbounded memory or time.

The text is extracted by resiliparse, an extra: `pip install 'c4pipe[warc]'`. Only `text_of` imports it.
"""

from c4pipe.html.extract import EXTRACTS, check_extract
from c4pipe.html.pages import HTML_BYTES, read_warc
from c4pipe.html.reasons import HTML_REASONS

WARC_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".warc.zstd")  # of the files collected from a folder

__all__ = ["EXTRACTS", "HTML_BYTES", "HTML_REASONS", "WARC_SUFFIXES", "check_extract", "read_warc"]
