"""One model for the whole run, built when the corpus or its code changed; parallel workers wait for the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.model import Model, ensure_model
from nlp.reader import DutchReader

MODEL_FOLDER = Path(__file__).parents[2] / "var" / "model"


@pytest.fixture(scope="session")
def model() -> Model:
    return ensure_model(MODEL_FOLDER)


@pytest.fixture(scope="session")
def reader(model: Model) -> DutchReader:
    return DutchReader(model)
