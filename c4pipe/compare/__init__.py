"""Which of two corpora is better: models of bytes are fitted to both, and text that neither holds is read with them.

A difference is told beside its null: what two samples of one and the same corpus differ by.
"""

from c4pipe.command import watch_start

watch_start()
