"""What events leave behind in agents: restarts or none, down causes, fading light, silence, nobody there."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from netmon.lab.conditions import GASP_LOST, Conditions, Death
from netmon.lab.conductor import Conductor
from netmon.lab.country import Country, CountryPlan, generate
from netmon.lab.events import place_events
from netmon.lab.ledger import Ledger, read_lines
from netmon.lab.models.catalogue import SMARTAX
from netmon.lab.models.smartax import onu_index
from netmon.lab.scenario import check_scenario
from netmon.lab.timeline import timeline
from netmon.lab.wire import Wire
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Role
from netmon.model.time import Now
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.codec import PduType
from tests.lab.country_of_agents import EVENING, Clock, Fleet
from tests.lab.packets_of_a_peer import echo

UPTIME, BOOTS = "1.3.6.1.6.3.10.2.1.3.0", "1.3.6.1.6.3.10.2.1.2.0"
OCTETS = "1.3.6.1.2.1.31.1.1.1.6"
STATE, CAUSE = "1.3.6.1.4.1.2011.6.128.1.1.2.46.1.15", "1.3.6.1.4.1.2011.6.128.1.1.2.46.1.24"
UP_AT, DOWN_AT, GASP_AT = (f"1.3.6.1.4.1.2011.6.128.1.1.2.46.1.{n}" for n in (22, 23, 25))
LIGHT, OLT_LIGHT = "1.3.6.1.4.1.2011.6.128.1.1.2.51.1.4", "1.3.6.1.4.1.2011.6.128.1.1.2.51.1.6"
SERIAL, DISTANCE = "1.3.6.1.4.1.2011.6.128.1.1.2.43.1.3", "1.3.6.1.4.1.2011.6.128.1.1.2.46.1.20"
PLAN = CountryPlan(villages=60, seed=11, gentle=True)
COUNTRY = generate(PLAN)
_PROBE = Fleet(COUNTRY)
OLT = _PROBE.of_family(SMARTAX)
ONU = _PROBE.onu(OLT)
AP = next(d for d in COUNTRY.inventory.devices if d.parent == ONU.id)


class Play(Fleet):
    """A fleet to which a scenario happens; time 0 is `EVENING`."""

    def __init__(self, country: Country, events: list[dict[str, Any]], ledger: Ledger) -> None:
        super().__init__(country)
        plan = {"villages": country.plan.villages, "seed": country.plan.seed, "gentle": country.plan.gentle}
        script = {"name": "t", "duration": 10_000, "country": plan, "events": events}
        scenario = check_scenario(script, "test")
        steps = timeline(scenario, country, place_events(scenario, country))
        wire: Wire = None  # type: ignore[assignment]
        self.conductor = Conductor(country, steps, self.responder, wire, ledger)
        self.conductor.start(Now(0.0, EVENING))

    def until(self, seconds: float) -> None:
        while (due := self.conductor.next_due()) is not None and due <= seconds:
            self.clock.now = EVENING + due
            self.conductor.advance(Now(due, EVENING + due), lambda said: None)
        self.clock.now = EVENING + seconds

    def pings(self, device: Device) -> bool:
        return self.responder.answer(echo(device.address)) is not None

    def row(self, onu: Device, *columns: str) -> list[Value]:
        """Columns of its OLT's row for an ONU."""
        olt = self.country.inventory.devices[self.country.inventory.index_of[self.true_olt(onu)]]
        index = onu_index(self.box(olt).below.index(self.index(onu)))
        return self.get(olt, *(f"{column}.{index[0]}.{index[1]}" for column in columns))

    def true_olt(self, onu: Device) -> DeviceId:
        olt = self.country.parent_of[onu.id]
        assert olt is not None
        return olt


@pytest.fixture
def playing(tmp_path: Path) -> Any:
    @contextmanager
    def play(*events: dict[str, Any], country: Country = COUNTRY) -> Iterator[Play]:
        ledger = Ledger.create(tmp_path / "truth")
        yield Play(country, list(events), ledger)
        ledger.close()

    return play


def at(kind: str, device: Device, **more: Any) -> dict[str, Any]:
    return {"at": 100, "until": 700, "kind": kind, "where": {"device": device.id}, **more}


def date(moment: float) -> bytes:
    when = datetime.fromtimestamp(moment, UTC)
    return when.year.to_bytes(2, "big") + bytes((when.month, when.day, when.hour, when.minute, when.second, 0))


@pytest.mark.parametrize(
    ("kind", "device", "restarts"),
    [
        ("power_cut", AP, True),
        ("power_cut", ONU, True),
        ("power_cut", OLT, True),
        ("ap_fault", AP, True),
        ("uplink_fault", ONU, True),
        ("fibre_cut", ONU, False),
        ("feeder_cut", OLT, False),
    ],
)
def test_what_lost_its_power_or_broke_starts_again_and_what_lost_its_line_does_not(
    playing: Any, kind: str, device: Device, restarts: bool
) -> None:
    with playing(at(kind, device)) as play:
        interface = "234946560" if device is OLT else "1" if device is ONU else "2"
        (before, boots, octets) = play.get(device, UPTIME, BOOTS, f"{OCTETS}.{interface}")
        play.until(400)
        assert not play.pings(device) and play.ask(device, PduType.GET, [(1, 3, 6)]) is None
        play.until(760)
        assert play.pings(device)
        uptime, boots_after, octets_after = play.get(device, UPTIME, BOOTS, f"{OCTETS}.{interface}")
        assert (uptime, boots_after) == ((60, boots + 1) if restarts else (before + 760, boots))
        assert (octets_after < octets) == restarts


def test_device_behind_a_dark_one_does_not_start_again(playing: Any) -> None:
    with playing(at("power_cut", ONU)) as play:
        (before,) = play.get(AP, UPTIME)
        play.until(760)
        assert play.get(AP, UPTIME) == [before + 760]


def test_two_power_cuts_end_with_the_later_one(playing: Any) -> None:
    with playing(at("power_cut", ONU), at("power_cut", ONU, until=900), at("fibre_cut", ONU, until=1000)) as play:
        play.until(1060)
        assert play.get(ONU, UPTIME) == [160]
        assert play.row(ONU, STATE, CAUSE, UP_AT) == [1, 13, date(EVENING + 1000)]


@pytest.mark.parametrize(
    ("kind", "cause"), [("power_cut", 13), ("fibre_cut", 1), ("flap", 1), ("uplink_fault", 2), ("ap_fault", None)]
)
def test_olt_says_why_an_onu_went_and_that_it_is_back(playing: Any, kind: str, cause: int | None) -> None:
    more = {"period": 2000} if kind == "flap" else {}
    with playing(at(kind, AP if cause is None else ONU, **more)) as play:
        usual = play.row(ONU, STATE, CAUSE, DOWN_AT, GASP_AT)
        assert usual == [1, -1, bytes(8), bytes(8)]
        assert play.row(ONU, SERIAL) == [b"SYNT" + bytes.fromhex(ONU.observed_via.key[4:])]  # type: ignore[union-attr]
        play.until(400)
        if cause is None:
            assert play.row(ONU, STATE, CAUSE, DOWN_AT, GASP_AT) == usual
            return
        gasp = date(EVENING + 100) if cause == 13 else bytes(8)
        assert play.row(ONU, STATE, CAUSE, DOWN_AT, GASP_AT) == [2, cause, date(EVENING + 100), gasp]
        assert play.row(ONU, LIGHT, OLT_LIGHT, DISTANCE) == [2**31 - 1, 2**31 - 1, -1]
        play.until(1200)
        assert play.row(ONU, STATE, CAUSE, UP_AT) == [1, cause, date(EVENING + 700)]


def test_olt_that_starts_again_has_forgotten_what_it_knew_of_its_onus(playing: Any) -> None:
    with playing(at("fibre_cut", ONU), at("power_cut", OLT, until=500)) as play:
        play.until(600)
        assert play.row(ONU, STATE, CAUSE, DOWN_AT) == [2, -1, bytes(8)]
        play.until(800)
        assert play.row(ONU, STATE, UP_AT) == [1, date(EVENING + 700)]


def test_cut_feeder_s_onus_stay_online_for_it(playing: Any) -> None:
    with playing(at("feeder_cut", OLT)) as play:
        play.until(800)
        assert play.row(ONU, STATE, CAUSE) == [1, -1]


def test_three_in_ten_gasps_are_lost_and_then_look_like_a_lost_line() -> None:
    unkind = Conditions(Clock(), lambda index: index, seed=5, gentle=False)
    gentle = Conditions(Clock(), lambda index: index, seed=5, gentle=True)
    for index in range(3000):
        for one in (unkind, gentle):
            one.die(index, "e1", Death.POWER)
    downs = list(map(unkind.last_down, range(3000)))
    lost = sum(not down.gasped for down in downs if down is not None) / 3000
    assert abs(lost - GASP_LOST) < 0.03
    assert all(down is not None and down.gasped for down in map(gentle.last_down, range(3000)))


def test_two_olts_in_ten_never_say_why(playing: Any) -> None:
    country = generate(CountryPlan(villages=2000, seed=4, villages_per_feeder=8))
    with playing({"at": 100, "kind": "fibre_cut", "where": {"country": True}}, country=country) as play:
        play.until(300)
        said: Counter[Value] = Counter()
        for device in country.inventory.devices:
            if device.role is Role.FEEDER and play.box(device).below:
                causes = {play.row(country.inventory.devices[i], CAUSE)[0] for i in play.box(device).below}
                assert len(causes) == 1
                said[causes.pop()] += 1
        assert set(said) == {1, -1} and abs(said[-1] / said.total() - 0.2) < 0.06


def test_rows_of_an_olt_are_the_onus_that_truly_hang_on_it() -> None:
    fleet = Fleet(generate(CountryPlan(villages=300, seed=11)))
    country = fleet.country
    listed = set()
    for olt in (d for d in country.inventory.devices if d.role is Role.FEEDER):
        for index in fleet.box(olt).below:
            onu = country.inventory.devices[index]
            assert country.parent_of[onu.id] == olt.id
            listed.add(onu.id)
    assert listed == {d.id for d in country.inventory.devices if d.role is Role.UPLINK} - country.unbuilt
    assert country.wrongly_recorded()


async def test_olt_lists_as_many_rows_as_it_has_onus() -> None:
    fleet = Fleet(COUNTRY)
    column = tuple(int(arc) for arc in SERIAL.split("."))
    rows = (await fleet.reader(OLT).walk(column)).rows
    assert len(rows) == len(fleet.box(OLT).below) > 5


def test_light_fades_by_the_minute_and_is_back_when_mended(playing: Any) -> None:
    with playing(at("optics_fade", ONU, db_per_minute=0.5)) as play:
        bright, seen = play.row(ONU, LIGHT, OLT_LIGHT)
        assert -2700 < bright < -1500 and seen - 10_000 == bright - 150
        play.until(400)
        assert abs(play.row(ONU, LIGHT)[0] - (bright - 250)) <= 20, "5 minutes at 0.5 dB, and the usual swing"
        assert play.row(ONU, STATE) == [1] and play.pings(ONU)
        play.until(760)
        assert abs(play.row(ONU, LIGHT)[0] - bright) <= 20


def test_hung_agent_is_silent_while_pings_are_answered(playing: Any) -> None:
    with playing(at("agent_hang", AP)) as play:
        (before,) = play.get(AP, UPTIME)
        play.until(400)
        assert play.pings(AP) and play.ask(AP, PduType.GET, [(1, 3, 6)]) is None
        play.until(760)
        assert play.get(AP, UPTIME) == [before + 760]


def test_point_nobody_uses_has_no_clients_and_carries_nothing(playing: Any) -> None:
    with playing(at("no_clients", AP)) as play:
        assert play.box(AP).all_clients(play.clock.now) > 0
        play.until(100)
        at_first = [play.box(one).downwards(play.clock.now) for one in (AP, ONU)]
        play.until(400)
        assert play.box(AP).all_clients(play.clock.now) == 0 and play.pings(AP)
        assert [play.box(one).downwards(play.clock.now) for one in (AP, ONU)] == at_first
        play.until(760)
        assert play.box(AP).all_clients(play.clock.now) > 0
        later = [play.box(one).downwards(play.clock.now) for one in (AP, ONU)]
        assert all(0 < now - was < was for was, now in zip(at_first, later, strict=True))


def test_ledger_has_the_events_that_only_agents_show(playing: Any, tmp_path: Path) -> None:
    events = [at("agent_hang", AP), at("optics_fade", ONU, db_per_minute=1), at("no_clients", AP)]
    with playing(*events) as play:
        play.until(5000)
    lines = [line for line in read_lines(tmp_path / "truth") if line["truth"] == "event"]
    ended = {line["kind"]: (line["cause"], line["devices"]) for line in lines if line["to"] == EVENING + 700}
    assert ended == {
        "agent_hang": ("agent", [AP.id]),
        "optics_fade": ("degraded", [ONU.id]),
        "no_clients": ("unused", [AP.id]),
    }


UPS_SOURCE, UPS_CHARGE, UPS_SECONDS = (f"1.3.6.1.2.1.33.1.{arcs}" for arcs in ("4.1.0", "2.4.0", "2.2.0"))


def test_ups_carries_its_feeder_through_a_power_cut_and_charges_again(playing: Any) -> None:
    unkind = generate(CountryPlan(villages=200, seed=11))
    cut = {"at": 100, "until": 7300, "kind": "power_cut", "where": {"country": True}}
    with playing(cut, country=unkind) as play:
        devices = unkind.inventory.devices
        upss = [device for device in devices if device.role is Role.UPS]
        assert all(play.get(ups, UPS_SOURCE, UPS_CHARGE, UPS_SECONDS) == [3, 100, 0] for ups in upss)
        play.until(3700)
        feeders = {ups.id: play.pings(devices[unkind.inventory.index_of[ups.parent]]) for ups in upss if ups.parent}
        assert set(feeders.values()) == {True, False}
        for ups in upss:
            assert play.pings(ups) is feeders[ups.id], "a UPS that is empty is as dead as its feeder"
            if feeders[ups.id]:
                assert play.get(ups, UPS_SOURCE, UPS_CHARGE, UPS_SECONDS) == [5, 75, 3600]
        play.until(7300 + 7200)
        lived = [ups for ups in upss if feeders[ups.id]]
        assert all(play.get(ups, UPS_SOURCE, UPS_CHARGE, UPS_SECONDS) == [3, 75, 0] for ups in lived)
