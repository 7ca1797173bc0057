"""The jobs: thin mains from arguments to a pipeline."""

import atexit
import gc
import logging
import os

from c4pipe.command import watch_start

watch_start()

# What importing Beam makes, 200,000 objects, stays until the process ends: the collector need not walk all of
# it again and again, nor once more at the end. Together 0.8 of 5 CPU seconds of start-up.
gc.set_threshold(20_000, 20, 20)
atexit.register(gc.freeze)

# numpy comes with threads for matrices, which no job multiplies. They spin a while, and would be there when we fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Beam warns on import that it cannot talk to BigQuery, and its workers narrate; only what a person needs is left.
logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
