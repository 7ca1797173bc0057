"""`report.html`: a corpus on one page that opens from disk, with no script, no request and no clock.

Corpus --gather--> Facts --templates--> HTML
"""

from c4pipe.inspect.report.render import write_report as write_report
