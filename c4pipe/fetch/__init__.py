"""Fetches WET files over http: lists them, downloads politely, checks, resumes.

    name --crawl--> paths --run--> download --client--> .NAME.part --check--> NAME, wet.paths

`python -m c4pipe.fetch` is the command; `python -m c4pipe.fetch.assets` fetches the outside files that rules read. The
same client fetches any file of the web: `download` stores one at a path, `HttpCache` keeps many below a total size.
"""

from c4pipe.fetch.cache import HttpCache
from c4pipe.fetch.client import Client
from c4pipe.fetch.download import download
from c4pipe.fetch.files import check_gzip
from c4pipe.fetch.policy import FetchError, Policy

__all__ = ["Client", "FetchError", "HttpCache", "Policy", "check_gzip", "download"]
