"""The jobs: thin mains from arguments to a pipeline."""

import atexit
import gc
import logging
import os

from c4pipe.command import watch_start

watch_start()

# The 200,000 objects that importing Beam creates live until the process ends, so the collector need not scan them
# again and again, nor at exit. This saves 0.8 of 5 CPU seconds of start-up.
gc.set_threshold(20_000, 20, 20)
atexit.register(gc.freeze)

# # numpy starts threads for matrix products, which no job computes. They spin for a while, and would exist when we
# fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Beam warns on import that it cannot reach BigQuery, and its workers log a lot; only what users need is kept.
logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
