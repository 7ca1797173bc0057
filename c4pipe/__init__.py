"""c4pipe: from Common Crawl WET files to a C4 or mC4 corpus. Importing this package imports nothing else."""

__version__ = "0.2.0"
