"""villages.csv: one row per Wi-Fi point."""

from pathlib import Path

from netmon.model.ids import CentreId, VillageId, village_id
from netmon.model.inventory import PointKind, Village
from netmon.settings.complaints import Kind, Page, did_you_mean, quote
from netmon.settings.places import (
    LATITUDES,
    LONGITUDES,
    Named,
    bare_name,
    is_province,
    name_place,
    place_of,
    successors_of,
)
from netmon.settings.sheets import VILLAGES, Sheet, arabic, choice, shape_of_id, take_id
from netmon.settings.tables import Texts, read_rows

_KINDS = tuple(kind.value for kind in PointKind)
_KIND_OF = {kind.value: kind for kind in PointKind}


def read_villages(directory: Path, page: Page, texts: Texts) -> Sheet[Village]:
    """Read villages.csv; a village without a usable service centre has ''."""
    sheet: Sheet[Village] = Sheet(VILLAGES)
    for row, cells in read_rows(directory, VILLAGES, page, texts):
        one = take_village_id(cells[0], row, page)
        if one is not None and take_id(sheet, one, row, page):
            sheet.add(_village(one, cells, row, page), row)
    return sheet


def take_village_id(text: str, row: int, page: Page, column: str = "id") -> VillageId | None:
    """Read a village id; None, with a complaint, where it is none."""
    text = arabic(text)
    mistake = shape_of_id(text)
    if mistake is not None and "Excel" in mistake[0]:
        page.wrong(row, column, *mistake)
        return None
    try:
        one = village_id(text)
    except ValueError:
        what = f"{quote(text)} is no village id" if text else "is empty"
        page.wrong(row, column, what, "write 6 digits of tambon and 2 of moo, e.g. 34010105 or 34010105-2")
        return None
    if not is_province(one[:2]):
        page.wrong(row, column, f"'{one}' begins with {one[:2]}, which is no province", "correct the DOPA code")
        return None
    return one


def _village(one: VillageId, cells: list[str], row: int, page: Page) -> Village:
    _, name, kind, tambon, amphoe, province, centre, lat, lon, place, hours, contact = cells
    if not name:
        page.wrong(row, "name", "is empty", "write the village's Thai name; messages need it")
    if not centre:
        page.wrong(
            row,
            "service_centre",
            f"village {one} has no service centre",
            "name the one in service_centres.csv that repairs it",
            kind=Kind.VILLAGE_WITHOUT_CENTRE,
        )
    known = choice(kind, _KINDS, PointKind.VILLAGE)
    if known is None:
        page.wrong(row, "kind", f"{quote(kind)} is no kind of point", did_you_mean(kind, _KINDS))
    names = _names(one, (tambon, amphoe, province), row, page)
    latitude, longitude = _coordinates(lat, lon, row, page)
    return Village(
        id=one,
        name=name,
        tambon=names[0],
        amphoe=names[1],
        province=names[2],
        centre=CentreId(centre),
        kind=_KIND_OF[known or PointKind.VILLAGE],
        lat=latitude,
        lon=longitude,
        place=place,
        opening_hours=hours,
        contact=contact,
    )


def _names(one: VillageId, given: tuple[str, str, str], row: int, page: Page) -> tuple[str, str, str]:
    code = one[:6]
    place = place_of(code)
    if place is not None:
        named = name_place(given, place)
        _warn_of_names(code, named, row, page)
        return named.names
    successors = successors_of(code)
    if not all(given):
        page.wrong(row, "id", f"DOPA has no tambon {code}", _after(successors, "or fill in tambon, amphoe, province"))
    elif successors is not None:
        page.warn(row, "id", f"tambon {code} was abolished", _after(successors, "or keep it as it is"))
    else:
        page.warn(row, "id", f"DOPA has no tambon {code}", "check the code; the names are taken from the file")
    return bare_name("tambon", given[0]), bare_name("amphoe", given[1]), bare_name("province", given[2])


def _after(successors: tuple[str, ...] | None, otherwise: str) -> str:
    return f"use {' or '.join(successors)}, {otherwise}" if successors else f"correct it, {otherwise}"


def _warn_of_names(code: str, named: Named, row: int, page: Page) -> None:
    for column, given, by_code in named.differing:
        page.warn(row, column, f"{quote(given)}, but code {code} is {by_code}", "check id and name; the name is kept")


def _coordinates(lat: str, lon: str, row: int, page: Page) -> tuple[float | None, float | None]:
    if not lat and not lon:
        return None, None
    latitude, longitude = _degrees(lat), _degrees(lon)
    mistakes = []
    for column, text, value, (low, high) in (
        ("lat", lat, latitude, LATITUDES),
        ("lon", lon, longitude, LONGITUDES),
    ):
        if value is None:
            what = f"{quote(text)} is no number" if text else "is empty while the other one is given"
            mistakes.append((column, what, "write WGS 84 degrees such as 15.232, or leave lat and lon both empty"))
        elif not low <= value <= high:
            fix = f"degrees go from {low} to {high}; are lat and lon swapped?"
            mistakes.append((column, f"{quote(text)} is outside Thailand", fix))
    for column, what, fix in mistakes:
        page.wrong(row, column, what, fix)
    return (None, None) if mistakes else (latitude, longitude)


def _degrees(text: str) -> float | None:
    try:
        return float(arabic(text).replace(",", "."))
    except ValueError:
        return None
