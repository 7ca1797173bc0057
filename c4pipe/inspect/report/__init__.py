"""`report.html`: a corpus on one page that opens from disk, without scripts, requests or clock times.

Corpus --gather--> Facts --templates--> HTML
"""

from c4pipe.inspect.report.render import write_report as write_report
