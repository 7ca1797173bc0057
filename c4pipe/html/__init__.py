r"""Pages out of HTTP responses: what a WARC holds where a WET holds text, read by the same reader.

    WarcRecord --http_answer--> HttpAnswer --decoded--> HTML --text_of--> RecordText | NoRecordText

Records, damage and places are those of `wet`; here is what a response is, how its bytes become HTML, and how HTML
becomes text. Bad data is never an exception, and nothing that a page may hold takes memory or time without a bound.

The text is resiliparse's, which is an extra: `pip install 'c4pipe[warc]'`. Only `text_of` imports it.
"""

from c4pipe.html.extract import EXTRACTS, check_extract
from c4pipe.html.pages import HTML_BYTES, read_warc
from c4pipe.html.reasons import HTML_REASONS

WARC_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".warc.zstd")  # of the files that a folder is searched for

__all__ = ["EXTRACTS", "HTML_BYTES", "HTML_REASONS", "WARC_SUFFIXES", "check_extract", "read_warc"]
