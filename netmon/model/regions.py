"""The regions the village network is counted in, by DOPA province code (the first two digits of a village id)."""

from enum import StrEnum


class Region(StrEnum):
    """Six regions, as the project's own count divides the country."""

    BANGKOK = "bangkok"
    CENTRAL = "central"
    EAST = "east"
    NORTHEAST = "northeast"
    NORTH = "north"
    SOUTH = "south"


_PROVINCES: dict[Region, str] = {
    Region.BANGKOK: "10 11 12 13",
    Region.CENTRAL: "14 15 16 17 18 19 60 61 62 66 67 70 71 72 73 74 75 76 77",
    Region.EAST: "20 21 22 23 24 25 26 27",
    Region.NORTHEAST: "30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49",
    Region.NORTH: "50 51 52 53 54 55 56 57 58 63 64 65",
    Region.SOUTH: "80 81 82 83 84 85 86 90 91 92 93 94 95 96",
}

REGION_OF_PROVINCE: dict[str, Region] = {code: region for region, codes in _PROVINCES.items() for code in codes.split()}
"""All 77 provinces, code -> region."""
