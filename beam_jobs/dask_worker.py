"""What a worker of Dask loads before it has anything to do (Dask calls that a preload): Beam without what no build needs.

A worker knows nothing of what the build left out, and unpickles its first step: that imported all of Beam, in 0.8
seconds of CPU more. Where the program is not a command of ours it is left as it is, as there.
"""

from __future__ import annotations

from c4pipe.command import is_command, spare_pandas
from c4pipe.flow.lean import import_lean_beam

if is_command():
    import_lean_beam()
    spare_pandas()
