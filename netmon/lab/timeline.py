"""A scenario as a list of single steps in time: who dies, who lives again, and when. Pure and seeded.

The field is unkind: the devices of one outage fail over a minute and a half and return over five minutes, some feeders
live on battery through a power cut, and here and there something unrelated breaks. A gentle country has none of it.
What stands in one village loses its mains in one moment, so a village's devices share their times.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from netmon.lab.country import Country
from netmon.lab.events import Placed
from netmon.lab.scenario import Flap, Outage, PollerIsolation, RestartNetmon, Scenario, Where
from netmon.model.inventory import Device, Role

FEEDER_ON_BATTERY: Final = 0.6
"""Share of feeders that live through a power cut."""
BACKGROUND_A_DAY: Final = 0.02
"""Faults of their own per village and day."""
_BACKGROUND_SECONDS: Final = (60.0, 600.0)
_FAIL_ALONE: Final = frozenset({Role.AP, Role.UPLINK})
_DAY: Final = 86_400.0


class Change(StrEnum):
    """What one step does."""

    BEGIN = "begin"
    KILL = "kill"
    REVIVE = "revive"
    WORSEN = "worsen"
    MEND = "mend"
    ISOLATE = "isolate"
    REJOIN = "rejoin"
    RESTART = "restart"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One change at `at` seconds from the start, for one event; `device` is a dense index, -1 where none is meant."""

    at: float
    change: Change
    placed: Placed
    device: int = -1


def timeline(scenario: Scenario, country: Country, placed: tuple[Placed, ...]) -> list[Step]:
    """All steps of all events and of the background, in time order."""
    events = (*placed, *_background(scenario, country))
    steps = [step for one in events for step in _framed(one, list(_steps(one, scenario, country)))]
    return sorted(steps, key=lambda step: step.at)


def _framed(placed: Placed, steps: list[Step]) -> list[Step]:
    """The steps between the event's beginning and, if everything is well again one day, its end."""
    whole = [Step(placed.event.at, Change.BEGIN, placed), *sorted(steps, key=lambda step: step.at)]
    if placed.event.until is not None or isinstance(placed.event, RestartNetmon):
        whole.append(Step(whole[-1].at, Change.END, placed))
    return whole


def _steps(placed: Placed, scenario: Scenario, country: Country) -> Iterator[Step]:
    event = placed.event
    if isinstance(event, Outage):
        yield from _outage(placed, scenario, country)
    elif isinstance(event, Flap):
        yield from _flapping(placed, event, scenario)
    elif isinstance(event, PollerIsolation):
        yield from _during(placed, Change.ISOLATE, Change.REJOIN, (-1,))
    elif isinstance(event, RestartNetmon):
        yield Step(event.at, Change.RESTART, placed)
    else:
        yield from _during(placed, Change.WORSEN, Change.MEND, placed.devices)


def _during(placed: Placed, first: Change, last: Change, devices: tuple[int, ...]) -> Iterator[Step]:
    for device in devices:
        yield Step(placed.event.at, first, placed, device)
        if placed.event.until is not None:
            yield Step(placed.event.until, last, placed, device)


def _outage(placed: Placed, scenario: Scenario, country: Country) -> Iterator[Step]:
    rng = random.Random(f"{scenario.country.seed}/{placed.id}")
    at, until = placed.event.at, placed.event.until
    devices, all_devices = placed.devices, country.inventory.devices
    if placed.event.kind == "power_cut" and not scenario.country.gentle and len(devices) > 1:
        devices = tuple(
            d for d in devices if all_devices[d].role is not Role.FEEDER or rng.random() >= FEEDER_ON_BATTERY
        )
    dead = {all_devices[d].id for d in devices if all_devices[d].role is not Role.UPS}
    on_battery = tuple(d for d in devices if all_devices[d].role is Role.UPS and all_devices[d].parent not in dead)
    yield from _during(placed, Change.WORSEN, Change.MEND, on_battery)
    devices = tuple(d for d in devices if d not in on_battery)
    places = {d: _place(all_devices[d]) for d in devices}
    window = scenario.staggering.begin if until is None else min(scenario.staggering.begin, (until - at) / 2)
    begins = _spread(set(places.values()), window, rng)
    ends = _spread(set(places.values()), scenario.staggering.end, rng)
    for device, place in places.items():
        yield Step(at + begins[place], Change.KILL, placed, device)
        if until is not None:
            yield Step(until + ends[place], Change.REVIVE, placed, device)


def _place(device: Device) -> str:
    """What stands in one place loses its power in one moment: a village's devices, an exchange's OLT and UPS."""
    if device.role is Role.UPS:
        return device.parent or device.id
    return device.village or device.id


def _spread(places: set[str], window: float, rng: random.Random) -> dict[str, float]:
    """Seconds after the beginning for each place, the first at 0."""
    times = {place: rng.uniform(0, window) for place in sorted(places)}
    first = min(times.values(), default=0.0)
    return {place: time - first for place, time in times.items()}


def _flapping(placed: Placed, event: Flap, scenario: Scenario) -> Iterator[Step]:
    rng = random.Random(f"{scenario.country.seed}/{placed.id}")
    end = event.until if event.until is not None else scenario.duration
    for device in placed.devices:
        at = event.at + (0 if scenario.country.gentle else rng.uniform(0, event.period / 2))
        while at < end:
            yield Step(at, Change.KILL, placed, device)
            yield Step(min(at + event.period / 2, end), Change.REVIVE, placed, device)
            at += event.period


def _background(scenario: Scenario, country: Country) -> Iterator[Placed]:
    """Unrelated faults at a low rate: an access point or an uplink, for minutes."""
    if scenario.country.gentle:
        return
    rng = random.Random(f"{scenario.country.seed}/background")
    devices = country.inventory.devices
    able = [i for i, d in enumerate(devices) if d.role in _FAIL_ALONE and d.id not in country.unbuilt]
    a_second = len(country.inventory.villages) * BACKGROUND_A_DAY / _DAY
    at, number = rng.expovariate(a_second), 0
    while able and at < scenario.duration:
        number += 1
        device = rng.choice(able)
        kind = "ap_fault" if devices[device].role is Role.AP else "uplink_fault"
        until = at + rng.uniform(*_BACKGROUND_SECONDS)
        event = Outage.model_validate(
            {"kind": kind, "at": at, "until": until, "where": Where(device=devices[device].id)}
        )
        yield Placed(f"b{number}-{kind}", event, (device,))
        at += rng.expovariate(a_second)
