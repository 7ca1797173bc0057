"""The jobs: thin mains from arguments to a pipeline."""

import logging

# Beam warns on import that it cannot talk to BigQuery, and its workers narrate; only what a person needs is left.
logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
