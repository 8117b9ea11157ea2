"""Who truly hangs on whom: the inventory's parents, but for ONUs that another OLT has said are its own.

Records in the field are wrong for some. A village recorded behind a feeder that it does not hang on would refute that
feeder's death with every answer, and be another fault when its own feeder dies.
"""

from collections.abc import Iterator, Sequence

from netmon.model.ids import VillageId
from netmon.model.inventory import Inventory, Role


class Wiring:
    """The look-ups of `Inventory` that are about parents, by dense index, with its corrections.

    `moves` are all corrections so far, in order: device, the parent it had, the parent it has. Whoever remembers what
    it read here looks at their number.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.moves: list[tuple[int, int, int]] = []
        self._parent: dict[int, int] = {}
        self._children: dict[int, Sequence[int]] = {}
        self._served: dict[int, tuple[VillageId, ...]] = {}

    def move(self, index: int, parent: int) -> None:
        """From now on the device hangs there."""
        before = self.parent_of(index)
        if before == parent:
            return
        self._parent[index] = parent
        if before >= 0:
            self._children[before] = tuple(one for one in self.children_of(before) if one != index)
        self._children[parent] = (*self.children_of(parent), index)
        self._served.clear()
        self.moves.append((index, before, parent))

    def moved(self) -> int:
        """How many devices hang elsewhere than the inventory says."""
        return sum(parent != self.inventory.parent_of(index) for index, parent in self._parent.items())

    def parent_of(self, index: int) -> int:
        """Dense index of the parent, -1 for a root."""
        known = self._parent.get(index)
        return self.inventory.parent_of(index) if known is None else known

    def children_of(self, index: int) -> Sequence[int]:
        """Dense indices of the direct children."""
        known = self._children.get(index)
        return self.inventory.children_of(index) if known is None else known

    def below(self, index: int) -> Iterator[int]:
        """The device itself and everything beneath it."""
        if not self.moves:
            yield from self.inventory.below(index)
            return
        waiting = [index]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(self.children_of(one))

    def villages_below(self, index: int) -> tuple[VillageId, ...]:
        """Villages served through the device, each once, sorted; remembered, because a storm asks every second."""
        if not self.moves:
            return self.inventory.villages_below(index)
        known = self._served.get(index)
        if known is None:
            found = {self.inventory.devices[i].village for i in self.below(index)}
            known = self._served[index] = tuple(sorted(village for village in found if village is not None))
        return known

    def feeder_of(self, index: int) -> int:
        """Dense index of the nearest feeder above (or the device itself if it is one), -1 where there is none."""
        while index >= 0 and self.inventory.devices[index].role is not Role.FEEDER:
            index = self.parent_of(index)
        return index
