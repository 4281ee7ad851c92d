"""How much is tried: a good sample in everyday runs, everything with `THOROUGH=1` in the environment.

Everyday runs try the same things each time, so that a red test is about the change at hand; only a thorough run draws
new examples.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")
THOROUGH = bool(os.environ.get("THOROUGH"))
TIMES = 10  # as many examples when thorough
_SEED = 2016_679


def load_profile() -> None:
    """Hypothesis: no limits on time, which would measure the machine."""
    settings.register_profile(
        "here",
        deadline=None,
        max_examples=100 * TIMES if THOROUGH else 60,
        derandomize=not THOROUGH,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    settings.load_profile("here")


def tries(usual: int) -> settings:
    """For a test with another number of examples than most."""
    return settings(max_examples=usual * TIMES if THOROUGH else usual)


def sample(everything: Sequence[T], number: int) -> list[T]:
    """`number` of them, the same ones in every run and in their order; all of them when thorough."""
    if THOROUGH:
        return list(everything)
    chosen = random.Random(_SEED).sample(range(len(everything)), min(number, len(everything)))
    return [everything[place] for place in sorted(chosen)]
