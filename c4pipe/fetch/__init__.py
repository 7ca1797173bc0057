"""WET files over http: listed, downloaded politely, checked, resumed.

    name --crawl--> paths --run--> download --client--> .NAME.part --check--> NAME, wet.paths

`python -m c4pipe.fetch` is the command, and `python -m c4pipe.fetch.assets` the one for the outside files that rules
read. The same client serves whoever needs a file of the web whole: `download` puts one in a place, `HttpCache` keeps
many below a size.
"""

from c4pipe.fetch.cache import HttpCache
from c4pipe.fetch.client import Client
from c4pipe.fetch.download import download
from c4pipe.fetch.files import check_gzip
from c4pipe.fetch.policy import FetchError, Policy

__all__ = ["Client", "FetchError", "HttpCache", "Policy", "check_gzip", "download"]
