"""When the model fails: a circuit breaker, and a reply from the class shares or the mean of the training rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any


class Breaker:
    """Stops asking a model that keeps failing, and tries again after a pause.

    Args:
        failures: failures in a row that open the breaker.
        pause: seconds before the next trial.
        clock: seconds that only go forward.
    """

    def __init__(self, failures: int = 5, pause: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._pause, self._clock = failures, pause, clock
        self._count, self._until = 0, 0.0

    def allows(self) -> bool:
        """Whether the model may be asked now."""
        return self._count < self._most or self._clock() >= self._until

    def succeeded(self) -> None:
        """The model answered."""
        self._count = 0

    def failed(self) -> None:
        """The model failed."""
        self._count += 1
        self._until = self._clock() + self._pause


def fallback_replies(prior: Mapping[str, Any], rows: int) -> list[dict[str, Any]]:
    """The same trivial reply for every row.

    Args:
        prior: ``{"prediction", "probabilities"?}`` of ``fallback.json``.
        rows: how many replies.
    """
    return [{key: value for key, value in prior.items() if key != "version"} for _ in range(rows)]
