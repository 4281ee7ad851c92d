"""The reader with its model, built when this module is imported: once in the launcher, and each fork has it.

Nobody else imports it at the top: a model takes seconds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from nlp.reader import make_reader

with tempfile.TemporaryDirectory(prefix="loket-warm-") as _folder:
    READER = make_reader(Path(_folder) / "model")
