"""Names of tambon, amphoe and province by DOPA code (geothai), and whether a point lies in Thailand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import geothai
from geothai.abolished import abolished_areas

from netmon.model.regions import REGION_OF_PROVINCE

LATITUDES = (5.6, 20.5)
LONGITUDES = (97.3, 105.7)
_LEVELS = ("tambon", "amphoe", "province")
_TITLES = {
    "tambon": ("ตำบล", "แขวง", "ต."),
    "amphoe": ("กิ่งอำเภอ", "อำเภอ", "เขต", "อ."),
    "province": ("จังหวัด", "จ."),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Thai names of a tambon, its amphoe and its province, '' where unknown; the English ones for comparing."""

    thai: tuple[str, str, str]
    english: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """What a village's place is called, and how the file's names differ from the code's: (column, given, by code)."""

    names: tuple[str, str, str]
    differing: tuple[tuple[str, str, str], ...] = ()


@cache
def place_of(tambon_code: str) -> Place | None:
    """Names by a tambon's 6-digit code; None where DOPA has no such tambon."""
    found = geothai.address(tambon_code)
    if found is None:
        return None
    areas = (found.subdistrict, found.district, found.province)
    return Place(
        (areas[0].name_th, areas[1].name_th, areas[2].name_th), (areas[0].name_en, areas[1].name_en, areas[2].name_en)
    )


@cache
def successors_of(tambon_code: str) -> tuple[str, ...] | None:
    """Codes that took the place of an abolished tambon; None where it never was one."""
    for area in abolished_areas():
        if area.code == tambon_code:
            return tuple(area.successors)
    return None


def is_province(code: str) -> bool:
    """Whether a province has this 2-digit code."""
    return code in REGION_OF_PROVINCE


def name_place(given: Sequence[str], place: Place) -> Named:
    """Fill in blank names from the code, take ต., อ. and จ. off the given ones, and compare."""
    if not any(given):
        return Named(place.thai)
    names, differing = [], []
    for level, text, thai, english in zip(_LEVELS, given, place.thai, place.english, strict=True):
        name = bare_name(level, text)
        if name and not _same(name, thai, english):
            differing.append((level, name, thai))
        names.append(name or thai)
    return Named((names[0], names[1], names[2]), tuple(differing))


def bare_name(level: str, text: str) -> str:
    """A name without the word for its level, which messages put in front themselves."""
    for title in _TITLES[level]:
        if text.startswith(title) and len(text) > len(title):
            return text.removeprefix(title).strip()
    return text


def _same(name: str, thai: str, english: str) -> bool:
    given, known = name.replace(" ", ""), thai.replace(" ", "")
    # geothai writes an older name behind, in brackets; people write just เมือง for the capital amphoe of a province.
    if given in (known, known.partition("(")[0]) or (given == "เมือง" and known.startswith("เมือง")):
        return True
    return name.casefold() == english.casefold()
