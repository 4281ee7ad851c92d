"""No mail costs more than 5 seconds of CPU or 200 MB, however large or deep it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_reading_is_bounded_by_the_system_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mail.bounded"], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
