"""Service centres, technicians and volunteers of the made-up country.

Nobody real can be reached: mail addresses end in .invalid (RFC 2606), and all phone numbers come from 065-8xxxxxx, a
block that Thailand's numbering plan allows for mobiles (so that checks of numbers pass) while phonenumbers' carrier
data knows no operator that was given it.
"""

import random

from netmon.lab.places import Amphoe
from netmon.lab.words import FAMILY_NAMES, GIVEN_NAMES
from netmon.model.ids import CentreId, TechnicianId, VillageId
from netmon.model.inventory import ServiceCentre, Technician, Volunteer

_BLOCK = "+66658"
_TECHNICIANS = 900_000
_CENTRES = 990_000
MOST_VILLAGES = _TECHNICIANS
"""Volunteers' numbers end where the technicians' begin."""
AMPHOES_PER_CENTRE = 2
_ENGLISH = 0.03
"""Share of technicians who read English rather than Thai."""


def mobile(n: int) -> str:
    """The n-th number of the block (0 .. 999,999), E.164."""
    return f"{_BLOCK}{n:06d}"


def person(rng: random.Random) -> str:
    """A Thai given name and family name."""
    return f"{rng.choice(GIVEN_NAMES)} {rng.choice(FAMILY_NAMES)}"


def service_centres(chosen: list[Amphoe]) -> tuple[dict[str, CentreId], dict[CentreId, ServiceCentre]]:
    """(amphoe code -> its centre, centres): each looks after up to two amphoes that follow each other in a province."""
    centre_of: dict[str, CentreId] = {}
    centres: dict[CentreId, ServiceCentre] = {}
    current, province, served = CentreId(""), "", 0
    for amphoe in chosen:
        if amphoe.province_code != province or served == AMPHOES_PER_CENTRE:
            current, province, served = CentreId(f"tot-{amphoe.code}"), amphoe.province_code, 0
            centres[current] = ServiceCentre(
                id=current,
                name=f"ศูนย์บริการลูกค้า ทีโอที {amphoe.name}",
                phone=mobile(_CENTRES + len(centres)),
                email=f"{current}@centres.invalid",
            )
        served += 1
        centre_of[amphoe.code] = current
    return centre_of, centres


def technicians(centres: dict[CentreId, ServiceCentre], rng: random.Random) -> tuple[Technician, ...]:
    """One to three technicians for each centre."""
    found: list[Technician] = []
    for centre in centres:
        for n in range(1, rng.randint(1, 3) + 1):
            found.append(
                Technician(
                    id=TechnicianId(f"{centre}-t{n}"),
                    name=person(rng),
                    centre=centre,
                    email=f"{centre}-t{n}@technicians.invalid",
                    mobile=mobile(_TECHNICIANS + len(found)),
                    language="en" if rng.random() < _ENGLISH else "th",
                )
            )
    return tuple(found)


def volunteer(village: VillageId, n: int, rng: random.Random) -> Volunteer:
    """The volunteer of the n-th village, from 0."""
    return Volunteer(village=village, name=person(rng), mobile=mobile(n))
