"""The reader's model, built once for the whole run and kept in `var/model` until corpus or code change."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "var" / "model"


def ready() -> Path:
    """The folder with a model that is up to date; parallel processes wait for the first."""
    from nlp.model import ensure_model

    ensure_model(FOLDER)
    return FOLDER
