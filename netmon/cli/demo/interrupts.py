"""Ctrl-C during a demo: the first one ends it, and nothing cuts the tidying up short."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns the first Ctrl-C, SIGTERM or closed terminal into KeyboardInterrupt; later ones do nothing."""

    def __init__(self) -> None:
        self._enough = False

    def hold_off(self) -> None:
        """From here on nothing interrupts."""
        self._enough = True

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Hear them inside, and leave the signals afterwards as they were."""
        before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if not self._enough:
            self._enough = True
            raise KeyboardInterrupt
