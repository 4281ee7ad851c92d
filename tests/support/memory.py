"""Where tests put their files: in memory, so that no test waits for a disk (a commit is two or three `fsync`s)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_ENOUGH = 2 * 2**30


def folder() -> Path:
    """Memory when there is room, else the machine's place for such files."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ENOUGH:
        return memory
    return Path(tempfile.gettempdir())
