"""One model for the whole run, built when the corpus or its code changed; parallel workers wait for the first."""

from __future__ import annotations

import pytest

from nlp.encoder import second_reader
from nlp.model import Model, ensure_model
from nlp.reader import DutchReader
from nlp.remembered import Remembering, load_said
from tests.support import model as model_kept


@pytest.fixture(scope="session")
def model() -> Model:
    return ensure_model(model_kept.FOLDER)


@pytest.fixture(scope="session")
def reader(model: Model) -> DutchReader:
    made = second_reader()
    return DutchReader(model, Remembering(made, load_said()) if made else None)
