"""Where the villages are: what the pages need of an inventory, worked out once per Fleet generation, off the loop.

On the map every village is one zero-length stroke with a round cap, so that a dot costs ten characters; villages of
one health are one path. Thailand is 8.5 degrees wide and 15 high, and one unit is 1/64 degree, some 1.7 km.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netmon.model.country import village_rows
from netmon.model.inventory import Inventory, Lifecycle, Village
from netmon.model.regions import Region

WIDTH, HEIGHT = 530, 960
_WEST, _NORTH = 97.3, 20.5
_PER_DEGREE = 64
# One degree of longitude is shorter than one of latitude; 13.2 N is the middle of the country.
_EAST_WEST = math.cos(math.radians(13.2)) * _PER_DEGREE
_NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Columns in the order of `villages`: `rows` as from `village_rows`, `regions` numbers the members of Region.

    `awaited` tells villages whose device should answer from those that are planned, suspended or have none.
    `pixels` numbers `dots`, the map's path commands; -1 where a village has no place on the map.
    """

    generation: int
    villages: Sequence[Village]
    rows: NDArray[np.intp]
    awaited: NDArray[np.bool_]
    regions: NDArray[np.intp]
    provinces: NDArray[np.str_]
    pixels: NDArray[np.intp]
    dots: Sequence[str]

    @property
    def unplaced(self) -> int:
        """How many villages have no place on the map."""
        return int((self.pixels == _NOWHERE).sum())

    def path(self, chosen: NDArray[np.bool_]) -> str:
        """The path of the chosen villages' dots; villages on the same spot share one."""
        pixels = np.unique(self.pixels[chosen])
        return "".join([self.dots[pixel] for pixel in pixels.tolist() if pixel != _NOWHERE])


def make_places(inventory: Inventory, generation: int) -> Places:
    """Work out the columns: some 50 ms for the country."""
    villages, rows = list(inventory.villages.values()), village_rows(inventory)
    active = [one.lifecycle is Lifecycle.ACTIVE for one in inventory.devices]
    number_of = {region: number for number, region in enumerate(Region)}
    spots = [_spot(village) for village in villages]
    numbers = {spot: number for number, spot in enumerate(sorted({spot for spot in spots if spot is not None}))}
    return Places(
        generation=generation,
        villages=villages,
        rows=rows,
        awaited=np.array([*active, False])[rows],  # NO_DEVICE, which is -1, reads the one behind the last
        regions=np.fromiter((number_of[village.region] for village in villages), np.intp, len(villages)),
        provinces=np.array([village.province_code for village in villages], np.str_),
        pixels=np.fromiter((_NOWHERE if s is None else numbers[s] for s in spots), np.intp, len(villages)),
        dots=[f"M{x} {y}h0" for x, y in numbers],
    )


def _spot(village: Village) -> tuple[int, int] | None:
    if village.lat is None or village.lon is None:
        return None
    x, y = round((village.lon - _WEST) * _EAST_WEST), round((_NORTH - village.lat) * _PER_DEGREE)
    return (x, y) if 0 <= x <= WIDTH and 0 <= y <= HEIGHT else None


class PlacesShelf:
    """Keeps the Places of the newest generation asked for."""

    def __init__(self) -> None:
        self._places: Places | None = None
        self._making = asyncio.Lock()

    async def of(self, inventory: Inventory, generation: int) -> Places:
        """The Places of this generation; a thread makes them if they are new."""
        async with self._making:
            places = self._places
            if places is None or places.generation != generation:
                places = self._places = await asyncio.to_thread(make_places, inventory, generation)
            return places
