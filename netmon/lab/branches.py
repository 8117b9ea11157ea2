"""Which branches of the true tree are dark: a device is, when it or anything above it is held dead by some event.

Several events may hold one device; it lives again when the last has let go.
"""

from collections.abc import Callable, Sequence


class Branches:
    """A forest of devices by dense index; `parents` has -1 for roots. `on_change(index)` follows every change."""

    def __init__(self, parents: Sequence[int], on_change: Callable[[int], None]) -> None:
        self._parents = parents
        self._on_change = on_change
        self._children: dict[int, list[int]] = {}
        for index, parent in enumerate(parents):
            if parent >= 0:
                self._children.setdefault(parent, []).append(index)
        self._holders: dict[int, set[str]] = {}
        self._dark = bytearray(len(parents))

    def is_dark(self, index: int) -> bool:
        """Whether the device cannot be reached."""
        return bool(self._dark[index])

    def is_held(self, index: int) -> bool:
        """Whether the device itself is dead, whatever is above it."""
        return index in self._holders

    def below(self, index: int) -> list[int]:
        """The device and everything beneath it."""
        found = [index]
        for one in found:
            found.extend(self._children.get(one, ()))
        return found

    def hold(self, index: int, holder: str) -> None:
        """The device is dead until this holder lets go. Holding twice is holding once."""
        self._holders.setdefault(index, set()).add(holder)
        waiting = [index]
        while waiting:
            one = waiting.pop()
            if not self._dark[one]:
                self._dark[one] = True
                self._on_change(one)
                waiting.extend(self._children.get(one, ()))

    def release(self, index: int, holder: str) -> None:
        """This holder lets go; nothing happens if it held not."""
        holders = self._holders.get(index, set())
        holders.discard(holder)
        if holders:
            return
        self._holders.pop(index, None)
        parent = self._parents[index]
        if parent >= 0 and self._dark[parent]:
            return
        waiting = [index]
        while waiting:
            one = waiting.pop()
            if self._dark[one] and one not in self._holders:
                self._dark[one] = False
                self._on_change(one)
                waiting.extend(self._children.get(one, ()))
