"""Scenarios: what is right is read, and every mistake is told in a sentence."""

from pathlib import Path

import pytest

from netmon.errors import ComplaintsError, InputError
from netmon.lab.country import CountryPlan, generate
from netmon.lab.demo_scenario import demo_scenario
from netmon.lab.events import CAUSE_OF, place_events
from netmon.lab.scenario import Outage, Scenario, check_scenario, load_scenario, parse_scenario
from netmon.model.inventory import Role

STORM = """
name: storm over two districts
country: {villages: 600, seed: 7, villages_per_feeder: 40}
intervals: {ping: 5, snmp: 15}
duration: 420
events:
  - {at: 60, until: 240, kind: power_cut, where: {amphoe: "#1"}}
  - {at: 90, kind: ap_fault, where: {village: "#10"}}
  - {at: 120, until: 180, kind: poller_isolation}
"""


def script(*events: str, country: str = "{villages: 100, seed: 7, gentle: true}") -> Scenario:
    lines = "".join(f"  - {event}\n" for event in events)
    return parse_scenario(f"name: test\ncountry: {country}\nduration: 100\nevents:\n{lines}", "test.yaml")


def complaints(*events: str) -> list[str]:
    with pytest.raises(ComplaintsError) as refused:
        scenario = script(*events)
        place_events(scenario, generate(scenario.country.plan()))
    return list(refused.value.complaints)


def test_the_design_s_example_is_read() -> None:
    scenario = parse_scenario(STORM, "storm.yaml")
    country = generate(scenario.country.plan())
    power, ap, isolation = place_events(scenario, country)
    assert country.plan == CountryPlan(villages=600, seed=7)
    assert (scenario.intervals.ping, scenario.intervals.snmp) == (5, 15)
    assert (scenario.staggering.begin, scenario.staggering.end) == (90, 300)
    first = next(iter(country.inventory.villages.values())).amphoe_code
    assert {country.amphoe_of[country.inventory.devices[i].id] for i in power.devices} == {first}
    tenth = list(country.inventory.villages)[9]
    assert [country.inventory.devices[i].id for i in ap.devices] == [f"ap-{tenth}"]
    assert (power.cause, ap.cause, isolation.cause) == ("power", "access_point", None)
    assert isolation.devices == () and ap.event.until is None


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            "{at: 1, kind: earthquake, where: {village: '#1'}}",
            "test.yaml: event 1: unknown kind 'earthquake'; the kinds are power_cut, fibre_cut, feeder_cut, ap_fault, "
            "uplink_fault, flap, loss, delay, agent_hang, optics_fade, no_clients, poller_isolation, restart_netmon",
        ),
        ("{at: 1, where: {village: '#1'}}", "test.yaml: event 1: it needs a kind, e.g. kind: power_cut"),
        (
            "{at: 9, until: 9, kind: ap_fault, where: {village: '#1'}}",
            "test.yaml: event 1 (ap_fault): until (9) must be later than at (9)",
        ),
        ("{at: 1, kind: ap_fault}", "test.yaml: event 1 (ap_fault): 'where' is missing"),
        (
            "{at: 1, kind: ap_fault, where: {tambon: '400101'}}",
            "test.yaml: event 1 (ap_fault) where: 'tambon' is not a key here",
        ),
        (
            "{at: 1, kind: ap_fault, where: {village: '#1', amphoe: '#1'}}",
            "test.yaml: event 1 (ap_fault) where: "
            "name exactly one of village, device, feeder, amphoe, province, country",
        ),
        (
            "{at: 1, kind: loss, where: {country: true}, percent: 120}",
            "test.yaml: event 1 (loss) percent: it should be less than or equal to 100, not 120",
        ),
        (
            "{at: -1, kind: ap_fault, where: {village: '#1'}}",
            "test.yaml: event 1 (ap_fault) at: it should be greater than or equal to 0, not -1",
        ),
        (
            "{at: soon, kind: ap_fault, where: {village: '#1'}}",
            "test.yaml: event 1 (ap_fault) at: "
            "it should be a valid number, unable to parse string as a number, not 'soon'",
        ),
        (
            "{at: 100, kind: ap_fault, where: {village: '#1'}}",
            "test.yaml: event 1 begins at 100 s, but the scenario ends at 100 s",
        ),
        (
            "{at: 1, kind: poller_isolation, where: {country: true}}",
            "test.yaml: event 1 (poller_isolation): 'where' is not a key here",
        ),
        (
            "{at: 1, kind: restart_netmon, how: gently}",
            "test.yaml: event 1 (restart_netmon) how: it should be 'term' or 'kill', not 'gently'",
        ),
        (
            "{at: 1, kind: ap_fault, where: {village: '#101'}}",
            "event 1 (ap_fault) where: village #101 is out of range; this country has #1 to #100",
        ),
        (
            "{at: 1, kind: ap_fault, where: {village: '#0'}}",
            "event 1 (ap_fault) where: village #0 is out of range; this country has #1 to #100",
        ),
        (
            "{at: 1, kind: ap_fault, where: {village: 99999999}}",
            "event 1 (ap_fault) where: this country has no village '99999999'; write its code or '#1' to '#100'",
        ),
        (
            "{at: 1, kind: ap_fault, where: {device: '#1'}}",
            "event 1 (ap_fault) where: no ap stands at device #1, or it is only planned; choose another place",
        ),
        (
            "{at: 1, kind: optics_fade, where: {village: '#1'}}",
            "test.yaml: event 1 (optics_fade): 'db_per_minute' is missing",
        ),
    ],
)
def test_mistake_is_told_in_a_sentence(event: str, sentence: str) -> None:
    assert complaints(event) == [sentence]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(complaints("{at: 1, kind: x}", "{at: 5, until: 2, kind: ap_fault, where: {village: '#1'}}")) == 2
    assert len(complaints(*["{at: 1, kind: ap_fault, where: {village: '#500'}}"] * 3)) == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [("{", "is not YAML"), ("- 1", "a scenario is a mapping"), ("name: x", "'country' is missing")],
)
def test_file_that_is_no_scenario_is_told_in_a_sentence(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=part):
        load_scenario(file)


def test_missing_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("kind", "where", "roles"),
    [
        ("power_cut", "{amphoe: '#1'}", {Role.FEEDER, Role.UPLINK, Role.AP, Role.UPS}),
        ("power_cut", "{village: '#1'}", {Role.UPLINK, Role.AP}),
        ("fibre_cut", "{feeder: '#1'}", {Role.UPLINK}),
        ("feeder_cut", "{village: '#1'}", {Role.FEEDER}),
        ("feeder_cut", "{province: '#1'}", {Role.FEEDER}),
        ("ap_fault", "{country: true}", {Role.AP}),
        ("uplink_fault", "{village: '#1'}", {Role.UPLINK}),
        ("flap", "{village: '#1'}", {Role.UPLINK}),
        ("agent_hang", "{amphoe: '#1'}", {Role.FEEDER, Role.UPLINK, Role.AP, Role.UPS}),
        ("optics_fade, db_per_minute: 2", "{feeder: '#1'}", {Role.UPLINK}),
        ("no_clients", "{country: true}", {Role.AP}),
    ],
)
def test_kind_breaks_what_it_is_about_and_nothing_else(kind: str, where: str, roles: set[Role]) -> None:
    scenario = script(f"{{at: 1, kind: {kind}, where: {where}}}")
    country = generate(scenario.country.plan())
    (placed,) = place_events(scenario, country)
    assert {country.inventory.devices[i].role for i in placed.devices} == roles
    assert placed.cause == CAUSE_OF[kind.partition(",")[0]]


def test_agent_of_a_device_that_has_none_cannot_hang() -> None:
    country = "{villages: 100, seed: 7}"
    generated = generate(CountryPlan(villages=100, seed=7))
    mute = next(d for d in generated.inventory.devices if not d.credential and d.id not in generated.unbuilt)
    scenario = script(f"{{at: 1, kind: agent_hang, where: {{device: {mute.id}}}}}", country=country)
    with pytest.raises(ComplaintsError, match="or it is only planned or speaks no SNMP; choose another place"):
        place_events(scenario, generated)


def test_real_codes_name_places_too() -> None:
    country = generate(CountryPlan(villages=100, seed=7, gentle=True))
    village = list(country.inventory.villages)[30]
    scenario = script(
        f"{{at: 1, kind: ap_fault, where: {{village: {village}}}}}",
        f"{{at: 1, kind: fibre_cut, where: {{device: onu-{village}}}}}",
        f"{{at: 1, kind: power_cut, where: {{amphoe: {village[:4]}}}}}",
        f"{{at: 1, kind: power_cut, where: {{province: {village[:2]}}}}}",
        f"{{at: 1, kind: feeder_cut, where: {{feeder: olt-{village[:4]}-1}}}}",
    )
    assert all(placed.devices for placed in place_events(scenario, country))


def test_shares_of_the_duration_become_seconds() -> None:
    event = script("{at: 25%, until: 50%, kind: ap_fault, where: {village: 10%}}").events[0]
    assert isinstance(event, Outage)
    assert (event.at, event.until) == (25, 50)


@pytest.mark.parametrize("villages", [1, 5, 20, 300, 5000])
@pytest.mark.parametrize("duration", [60.0, 120.0, 600.0])
def test_demo_fits_any_size_and_length_and_everything_in_it_recovers(villages: int, duration: float) -> None:
    scenario = demo_scenario(duration=duration, villages=villages)
    placed = place_events(scenario, generate(scenario.country.plan()))
    assert {one.event.kind for one in placed} == {
        "poller_isolation",
        "ap_fault",
        "fibre_cut",
        "feeder_cut",
        "power_cut",
    }
    assert all(one.event.until is not None and one.event.until <= 0.65 * duration for one in placed)


def test_demo_at_its_usual_size_breaks_different_places() -> None:
    scenario = demo_scenario(duration=180, villages=300)
    country = generate(scenario.country.plan())
    amphoes = [
        {country.amphoe_of[country.inventory.devices[i].id] for i in placed.devices}
        for placed in place_events(scenario, country)
        if placed.devices
    ]
    assert len(set.union(*amphoes)) == len(amphoes) == 4


def test_wrong_demo_size_is_told_in_a_sentence() -> None:
    with pytest.raises(
        ComplaintsError, match="the demo: country villages: it should be greater than or equal to 1, not 0"
    ):
        demo_scenario(duration=60, villages=0)


def test_saved_scenario_reads_back_the_same() -> None:
    scenario = parse_scenario(STORM, "storm.yaml")
    assert check_scenario(scenario.model_dump(mode="json", exclude_none=True), "again") == scenario
