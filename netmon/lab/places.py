"""Which tambons get Wi-Fi points, and how many.

The real project's counts (by region, and by province for three of them) are laid over the real amphoes and tambons of
geothai by largest remainder. A smaller country takes few amphoes at their real density instead of scattering single
villages, because faults are about neighbours: systematic sampling with probability proportional to size keeps the
regions and provinces in proportion. A country of the real size gives back the real counts.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import geothai

from netmon.model.regions import REGION_OF_PROVINCE, Region

REAL_VILLAGES: dict[Region, int] = {
    Region.NORTHEAST: 13_468,
    Region.NORTH: 4_416,
    Region.SOUTH: 3_097,
    Region.CENTRAL: 2_084,
    Region.EAST: 1_554,
    Region.BANGKOK: 81,
}
"""Points per region as reported for the project (sum 24,700), largest first; inventory order follows it."""

REAL_IN_PROVINCE: dict[str, int] = {"40": 1_158, "34": 915, "92": 254}
"""Provinces whose own count is public: Khon Kaen, Ubon Ratchathani, Trang."""

BANGKOK_CITY = "10"
"""Has khwaeng instead of villages, so no point of the project."""


@dataclass(frozen=True, slots=True)
class Tambon:
    """A tambon: 6-digit DOPA code and Thai name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Amphoe:
    """An amphoe with its tambons, and how many points the real project would have there."""

    code: str
    name: str
    name_en: str
    province: str
    real_size: int
    tambons: tuple[Tambon, ...]

    @property
    def province_code(self) -> str:
        """DOPA code, 2 digits."""
        return self.code[:2]


@dataclass(frozen=True, slots=True)
class Share:
    """How many points an amphoe gets in one simulated country."""

    amphoe: Amphoe
    villages: int


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split `total` in proportion to `weights` by largest remainder; ties go to the earlier one.

    The weights must not all be 0 unless `total` is.
    """
    whole = sum(weights)
    if not total:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


@cache
def amphoes() -> dict[Region, tuple[Amphoe, ...]]:
    """All amphoes that have points in the real project, by region, in code order."""
    found: dict[Region, tuple[Amphoe, ...]] = {}
    for region, villages in REAL_VILLAGES.items():
        provinces = [p for p in geothai.provinces() if REGION_OF_PROVINCE[p.code] is region and p.code != BANGKOK_CITY]
        anchored = [REAL_IN_PROVINCE.get(p.code, 0) for p in provinces]
        tambons = [sum(len(geothai.subdistricts(d.code)) for d in geothai.districts(p.code)) for p in provinces]
        open_weights = [0 if known else count for known, count in zip(anchored, tambons, strict=True)]
        rest = apportion(villages - sum(anchored), open_weights)
        sizes = [known + part for known, part in zip(anchored, rest, strict=True)]
        found[region] = tuple(
            amphoe
            for province, size in zip(provinces, sizes, strict=True)
            for amphoe in _amphoes_of(province, size)
            if amphoe.real_size
        )
    return found


def _amphoes_of(province: geothai.types.Province, villages: int) -> list[Amphoe]:
    districts = sorted(geothai.districts(province.code), key=lambda d: d.code)
    tambons = [tuple(Tambon(s.code, s.name_th) for s in geothai.subdistricts(d.code)) for d in districts]
    sizes = apportion(villages, [len(some) for some in tambons])
    return [
        Amphoe(d.code, d.name_th, d.name_en, province.name_th, size, some)
        for d, size, some in zip(districts, sizes, tambons, strict=True)
    ]


def choose_amphoes(villages: int, rng: random.Random) -> list[Share]:
    """Amphoes and their numbers of points for a country of `villages` points, in inventory order."""
    shares: list[Share] = []
    quotas = apportion(villages, list(REAL_VILLAGES.values()))
    for (region, real), quota in zip(REAL_VILLAGES.items(), quotas, strict=True):
        if quota:
            picked = _pick(amphoes()[region], quota, quota / real, rng)
            parts = apportion(quota, [amphoe.real_size for amphoe in picked])
            shares.extend(Share(amphoe, part) for amphoe, part in zip(picked, parts, strict=True) if part)
    return shares


_TELLING_SIZE = range(36, 61)
"""Amphoes of this real size show best whether a fault is a feeder's or the place's: about two feeders' villages."""


def _pick(some: Sequence[Amphoe], quota: int, part: float, rng: random.Random) -> Sequence[Amphoe]:
    """The amphoes of a region that `quota` points, this part of the real number, are spread over."""
    telling = [amphoe for amphoe in some if amphoe.real_size in _TELLING_SIZE]
    if telling:
        wanted = max(1, round(quota * len(telling) / sum(amphoe.real_size for amphoe in telling)))
        if wanted <= len(telling) // 2:
            return _sample(telling, wanted, rng)
    wanted = max(1, round(len(some) * part))
    return some if wanted >= len(some) else _sample(some, wanted, rng)


def _sample(some: Sequence[Amphoe], wanted: int, rng: random.Random) -> list[Amphoe]:
    """Systematic sampling proportional to size; an amphoe larger than the step may take the place of two."""
    step = sum(amphoe.real_size for amphoe in some) / wanted
    mark = rng.random() * step
    passed, picked = 0.0, []
    for amphoe in some:
        passed += amphoe.real_size
        if mark < passed:
            picked.append(amphoe)
            mark += step * math.ceil((passed - mark) / step)
    return picked


def choose_tambons(share: Share, rng: random.Random) -> list[tuple[Tambon, int]]:
    """Tambons of an amphoe with their numbers of points (none left out that has any), in code order."""
    weights = [0.7 + 0.6 * rng.random() for _ in share.amphoe.tambons]
    parts = apportion(share.villages, weights)
    return [(tambon, part) for tambon, part in zip(share.amphoe.tambons, parts, strict=True) if part]


MOOS_PER_TAMBON = 99
"""Two digits of a village id; 00 stands for a town without moo."""
_USUALLY_AT_MOST = 90
_FURTHER_POINT = 0.015
"""Chance that a point is a second one in a village that has one already."""


def choose_codes(tambon: Tambon, points: int, rng: random.Random) -> list[str]:
    """Village ids for `points` points of a tambon: distinct moos, further points with `-2`, `-3` ...; sorted.

    The first point of a tambon called ในเมือง stands in the town, which has no moo.
    """
    moos = min(points, _USUALLY_AT_MOST)
    moos -= sum(rng.random() < _FURTHER_POINT for _ in range(moos - 1))
    highest = min(MOOS_PER_TAMBON, max(moos + moos // 2, 8))
    chosen = sorted(rng.sample(range(1, highest + 1), moos))
    if tambon.name == "ในเมือง":
        chosen[0] = 0
    further = [0] * moos
    for _ in range(points - moos):
        further[rng.randrange(moos)] += 1
    codes = []
    for moo, more in zip(chosen, further, strict=True):
        code = f"{tambon.code}{moo:02d}"
        codes.append(code)
        codes.extend(f"{code}-{n}" for n in range(2, more + 2))
    return codes
