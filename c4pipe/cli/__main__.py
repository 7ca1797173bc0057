"""`python -m c4pipe.cli`: the command `c4pipe`, for processes that start another one of its commands."""

import sys

from c4pipe.cli import console

if __name__ == "__main__":
    sys.exit(console())
