"""A drill's script (YAML, DESIGN section 9): the country, the intervals, and what breaks when.

Times are seconds from the start, or a share of the duration (`25%`), so that one script serves any length. Places are
real codes or ids, `"#n"` for the n-th in inventory order, or `"40%"` for the one that far down the inventory.
Every mistake is found at once and told in a sentence.
"""

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from netmon.errors import ComplaintsError, InputError
from netmon.lab.complaints import sentence
from netmon.lab.country import FEWEST_PER_FEEDER, MOST_PER_FEEDER, CountryPlan
from netmon.lab.people import MOST_VILLAGES

_SHIPPED: Final = files("netmon.lab") / "scenarios"


class WhereKind(StrEnum):
    """What an event's place is named by."""

    VILLAGE = "village"
    DEVICE = "device"
    FEEDER = "feeder"
    AMPHOE = "amphoe"
    PROVINCE = "province"
    COUNTRY = "country"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Where(_Strict):
    """The place of an event; exactly one key."""

    village: str | None = None
    device: str | None = None
    feeder: str | None = None
    amphoe: str | None = None
    province: str | None = None
    country: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _codes_are_text(cls, raw: Any) -> Any:
        if isinstance(raw, dict):
            return {k: str(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in raw.items()}
        return raw

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError(f"name exactly one of {', '.join(WhereKind)}")
        return self

    @property
    def kind(self) -> WhereKind:
        """What the place is named by."""
        return WhereKind(next(iter(self.model_dump(exclude_none=True))))

    @property
    def name(self) -> str:
        """The id, code, `#n` or `n%` written; 'true' for the country."""
        return (
            str(getattr(self, self.kind)).lower() if self.kind is WhereKind.COUNTRY else str(getattr(self, self.kind))
        )


class _Event(_Strict):
    at: float = Field(ge=0)
    until: float | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until <= self.at:
            raise ValueError(f"until ({self.until:g}) must be later than at ({self.at:g})")
        return self


class Outage(_Event):
    """Something is dead from `at` to `until` (default: the end)."""

    kind: Literal["power_cut", "fibre_cut", "feeder_cut", "ap_fault", "uplink_fault"]
    where: Where


class Flap(_Event):
    """Uplinks go and come; one round of both takes `period` seconds."""

    kind: Literal["flap"]
    where: Where
    period: float = Field(default=20.0, gt=0)


class Loss(_Event):
    """Devices lose `percent` of their echoes more than usual."""

    kind: Literal["loss"]
    where: Where
    percent: float = Field(gt=0, le=100)


class Delay(_Event):
    """Devices answer `ms` milliseconds later than usual."""

    kind: Literal["delay"]
    where: Where
    ms: float = Field(gt=0, le=60_000)


class AgentHang(_Event):
    """SNMP agents fall silent; the devices work and answer pings."""

    kind: Literal["agent_hang"]
    where: Where


class OpticsFade(_Event):
    """The light that ONUs receive fades, until a splice or connector is mended."""

    kind: Literal["optics_fade"]
    where: Where
    db_per_minute: float = Field(gt=0, le=60)


class NoClients(_Event):
    """Nobody uses the access points."""

    kind: Literal["no_clients"]
    where: Where


class PollerIsolation(_Event):
    """netmon is cut off: its own link goes, or everything beyond it falls silent."""

    kind: Literal["poller_isolation"]
    how: Literal["link", "blackhole"] = "blackhole"


class RestartNetmon(_Event):
    """Whoever runs the drill ends the daemon (SIGTERM or SIGKILL) and starts it again."""

    kind: Literal["restart_netmon"]
    how: Literal["term", "kill"] = "term"
    until: None = None


Event = Annotated[
    Outage | Flap | Loss | Delay | AgentHang | OpticsFade | NoClients | PollerIsolation | RestartNetmon,
    Field(discriminator="kind"),
]


class CountrySettings(_Strict):
    """The country to make; see `country.CountryPlan`. `coordinates` is a path seen from the working directory."""

    villages: int = Field(ge=1, le=MOST_VILLAGES)
    seed: int = 1
    villages_per_feeder: int = Field(default=40, ge=FEWEST_PER_FEEDER, le=MOST_PER_FEEDER)
    gentle: bool = False
    coordinates: Path | None = None

    def plan(self) -> CountryPlan:
        """The same as the generator wants it."""
        return CountryPlan(**self.model_dump())


class Intervals(_Strict):
    """Probe intervals in seconds, for whoever writes netmon's settings; none: netmon's own defaults."""

    ping: float | None = Field(default=None, gt=0)
    snmp: float | None = Field(default=None, gt=0)


class Holds(_Strict):
    """How long notices wait, in seconds, for whoever writes netmon's settings; none: netmon's own defaults."""

    mail: float | None = Field(default=None, ge=0)
    sms: float | None = Field(default=None, ge=0)


class Expect(_Strict):
    """What a drill must reach; it fails if it does not. Nothing is expected where a key is left out.

    Times are seconds, shares are 0..1: `ticket_p99` from a village's failure to its ticket, `resolved_p99` from its
    repair until no ticket calls it dark; `loop_lag_p99`, `loop_lag_max` and `devices_late` are the daemon's while the
    scenario's events break things and two minutes more; `tested_again` is from the return of an isolated netmon until
    it has tested every village. The others are what the report calls so.
    """

    ticket_p99: float | None = Field(default=None, gt=0)
    resolved_p99: float | None = Field(default=None, gt=0)
    precision: float | None = Field(default=None, ge=0, le=1)
    recall: float | None = Field(default=None, ge=0, le=1)
    tickets_at_most: int | None = Field(default=None, ge=0)
    alarms: int | None = Field(default=None, ge=0)
    loop_lag_p99: float | None = Field(default=None, gt=0)
    loop_lag_max: float | None = Field(default=None, gt=0)
    devices_late: int | None = Field(default=None, ge=0)
    tested_again: float | None = Field(default=None, gt=0)
    same_twice: int | None = Field(default=None, ge=0)


class Stagger(_Strict):
    """Seconds over which the devices of one outage begin to fail and, after `until`, to recover."""

    begin: float = Field(default=90.0, ge=0)
    end: float = Field(default=300.0, ge=0)


class Scenario(_Strict):
    """A whole script. `stagger` is by default that of the field, and none in a gentle country."""

    name: str = Field(min_length=1)
    country: CountrySettings
    duration: float = Field(gt=0)
    intervals: Intervals = Intervals()
    holds: Holds = Holds()
    expect: Expect = Expect()
    stagger: Stagger | None = None
    events: tuple[Event, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _shares_become_seconds(cls, raw: Any) -> Any:
        """Event times written as a share of the duration."""
        if not isinstance(raw, dict) or not isinstance(raw.get("events"), list):
            return raw
        duration = raw.get("duration")
        if isinstance(duration, bool) or not isinstance(duration, int | float):
            return raw
        return {**raw, "events": [_in_seconds(event, float(duration)) for event in raw["events"]]}

    @model_validator(mode="after")
    def _fits_its_duration(self) -> Self:
        for number, event in enumerate(self.events, start=1):
            if event.at >= self.duration:
                raise ValueError(
                    f"event {number} begins at {event.at:g} s, but the scenario ends at {self.duration:g} s"
                )
        return self

    @property
    def staggering(self) -> Stagger:
        """The stagger in force."""
        if self.stagger is not None:
            return self.stagger
        return Stagger(begin=0, end=0) if self.country.gentle else Stagger()

    def event_id(self, number: int) -> str:
        """Name of the n-th event (from 1) in ledger and reports."""
        return f"e{number}-{self.events[number - 1].kind}"


def _in_seconds(event: Any, duration: float) -> Any:
    if not isinstance(event, dict):
        return event
    shares = {key: share(event[key]) for key in ("at", "until") if key in event}
    return {**event, **{key: part * duration for key, part in shares.items() if part is not None}}


def share(text: object) -> float | None:
    """'25%' -> 0.25; None for anything else."""
    if isinstance(text, str) and text.endswith("%"):
        try:
            return float(text[:-1]) / 100
        except ValueError:
            return None
    return None


def shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with netmon."""
    return tuple(sorted(Path(one.name).stem for one in _SHIPPED.iterdir() if one.name.endswith(".yaml")))


def find_scenario(name: str) -> Scenario:
    """A script by its file's path, or one that comes with netmon by its name; raises as `load_scenario`.

    A folder is no script: `make demo` leaves one called demo, and `netmon drill demo` beside it means ours.
    """
    if name in shipped() and not Path(name).is_file():
        return parse_scenario((_SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")
    if not Path(name).exists():
        raise InputError(f"There is no file {name}, and no scenario of that name; there are {', '.join(shipped())}.")
    return load_scenario(Path(name))


def load_scenario(file: Path) -> Scenario:
    """Read a script.

    Raises:
        InputError: the file cannot be read or is no YAML.
        ComplaintsError: everything that is wrong with the script, each in a sentence.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise InputError(f"{file} cannot be read: {trouble}") from trouble
    return parse_scenario(text, str(file))


def parse_scenario(text: str, source: str) -> Scenario:
    """A script's text as a checked scenario; `source` names it in complaints.

    Raises:
        InputError: the text is no YAML.
        ComplaintsError: everything that is wrong with the script, each in a sentence.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as trouble:
        raise InputError(f"{source} is not YAML: {' '.join(str(trouble).split())}") from trouble
    return check_scenario(raw, source)


def check_scenario(raw: object, source: str) -> Scenario:
    """A script as YAML gives it, checked; see `parse_scenario`."""
    if not isinstance(raw, dict):
        raise InputError(f"{source}: a scenario is a mapping with name, country, duration and events")
    try:
        return Scenario.model_validate(raw)
    except ValidationError as wrong:
        raise ComplaintsError([f"{source}: {sentence(one)}" for one in wrong.errors()]) from wrong
