"""The demo's clock: it runs with the real one, plus a jump that is kept over restarts. It never goes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path


class DemoClock:
    def __init__(self, file: Path) -> None:
        self._file = file
        stored = json.loads(file.read_text()) if file.exists() else {"offset_seconds": 0}
        self._offset = timedelta(seconds=float(stored["offset_seconds"]))

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """Jumps to a moment and goes on running from there."""
        self._offset = moment - datetime.now(UTC)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"offset_seconds": self._offset.total_seconds()}))

    def real_time(self) -> None:
        self.set(datetime.now(UTC))
