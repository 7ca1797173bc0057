"""Which of two corpora is better: byte models are fitted to both, and score text that neither contains.

A difference is reported next to its null: by how much two samples of the same corpus differ.
"""

from c4pipe.command import watch_start

watch_start()
