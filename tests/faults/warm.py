"""What the launcher has ready for each fork: the reader with its model, and libraries that load at their first use.

Nobody else imports this at the top: a model takes seconds.
"""

from __future__ import annotations

import gc

import holidays.countries  # noqa: F401
import sqlalchemy.dialects.sqlite  # noqa: F401

from cases.protocols import Reader


def _reader() -> Reader:
    """The launcher passes over a module that raises ImportError: then each fork that reads tells why it can not."""
    try:
        from nlp.reader import make_reader
        from tests.support import model

        return make_reader(model.ready())
    except Exception as error:
        raise ImportError("the reader can not be made") from error


READER = _reader()
gc.freeze()  # what stands here is shared with the forks: a collection there would copy every page of it
