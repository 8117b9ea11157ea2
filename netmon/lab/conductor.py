"""Plays a timeline on the wire, and writes down everything it does in the ledger."""

from collections.abc import Callable
from typing import Any, Final

from netmon.lab.conditions import Trouble
from netmon.lab.country import Country
from netmon.lab.events import DEATH_OF, Placed
from netmon.lab.ledger import Ledger, Outage
from netmon.lab.responder import Responder, Worse
from netmon.lab.scenario import AgentHang, Delay, Loss, NoClients, OpticsFade, PollerIsolation, RestartNetmon
from netmon.lab.timeline import Change, Step
from netmon.lab.wire import Wire
from netmon.model.ids import VillageId
from netmon.model.time import Now

_AT_ONCE: Final = 200
"""Steps carried out before the wire is served again: a storm must not make the lab deaf."""

Announce = Callable[[dict[str, Any]], None]
"""Takes one line for whoever started the lab: what happens to the country, and what is asked of them."""


class Conductor:
    """Carries out steps when their time comes. `start` sets time 0."""

    def __init__(self, country: Country, steps: list[Step], responder: Responder, wire: Wire, ledger: Ledger) -> None:
        self._country = country
        self._steps = steps
        self._responder = responder
        self._wire = wire
        self._ledger = ledger
        self._next = 0
        self._started: float | None = None
        self._links_down: set[str] = set()
        self._began: dict[str, float] = {}
        self._dead_since: dict[tuple[str, int], float] = {}

    def start(self, now: Now) -> None:
        """Time 0 of the scenario is now."""
        self._started = now.monotonic
        plan = self._country.plan
        self._ledger.write(
            "country",
            at=now.wall,
            villages=plan.villages,
            devices=len(self._country.inventory.devices),
            seed=plan.seed,
            gentle=plan.gentle,
        )
        self._ledger.flush()

    def next_due(self) -> float | None:
        """Monotonic time of the next step; None when there is none."""
        if self._started is None or self._next >= len(self._steps):
            return None
        return self._started + self._steps[self._next].at

    def advance(self, now: Now, announce: Announce) -> None:
        """Carry out what is due, a batch at most."""
        for _ in range(_AT_ONCE):
            due = self.next_due()
            if due is None or due > now.monotonic:
                break
            step = self._steps[self._next]
            self._next += 1
            self._carry_out(step, now, announce)
        self._ledger.flush()

    def _carry_out(self, step: Step, now: Now, announce: Announce) -> None:
        event = step.placed.id
        match step.change:
            case Change.BEGIN | Change.END:
                self._record_event(step, now, announce)
            case Change.KILL:
                self._responder.branches.hold(step.device, event)
                self._responder.agents.conditions.die(step.device, event, DEATH_OF[step.placed.event.kind])
                self._dead_since[event, step.device] = now.wall
                self._record_outage(step.placed, step.device, now.wall, None)
            case Change.REVIVE:
                self._responder.branches.release(step.device, event)
                self._responder.agents.conditions.revive(step.device, event)
                since = self._dead_since.pop((event, step.device))
                self._record_outage(step.placed, step.device, since, now.wall)
            case Change.WORSEN:
                self._worsen(step)
            case Change.MEND:
                self._responder.mend(step.device, event)
                self._responder.agents.conditions.end(step.device, event)
            case Change.ISOLATE | Change.REJOIN:
                self._cut_off(step.placed, step.change)
            case Change.RESTART if isinstance(step.placed.event, RestartNetmon):
                announce({"lab": "restart_netmon", "event": event, "how": step.placed.event.how})

    def _worsen(self, step: Step) -> None:
        trouble = _trouble(step.placed)
        if trouble is None:
            self._responder.worsen(step.device, step.placed.id, _worse(step.placed))
        else:
            self._responder.agents.conditions.begin(step.device, step.placed.id, trouble)

    def _cut_off(self, placed: Placed, change: Change) -> None:
        by_link = isinstance(placed.event, PollerIsolation) and placed.event.how == "link"
        was_down = bool(self._links_down)
        if change is Change.ISOLATE:
            if by_link:
                self._links_down.add(placed.id)
            else:
                self._responder.mute(placed.id)
        else:
            self._links_down.discard(placed.id)
            self._responder.unmute(placed.id)
        if self._links_down and not was_down:
            self._wire.down()
        elif was_down and not self._links_down:
            self._wire.up()

    def _record_event(self, step: Step, now: Now, announce: Announce) -> None:
        placed, begins = step.placed, step.change is Change.BEGIN
        event = placed.event
        began = self._began.setdefault(placed.id, now.wall)
        where = getattr(event, "where", None)
        place = where.model_dump(exclude_none=True) if where else {}
        villages = sorted({village for device in placed.devices for village in self._villages(device)})
        devices = self._country.inventory.devices
        self._ledger.write(
            "event",
            event=placed.id,
            kind=event.kind,
            cause=placed.cause or "",
            where=place,
            devices=[devices[device].id for device in placed.devices],
            villages=villages,
            **{"from": began, "to": None if begins else now.wall},
        )
        announce(
            {
                "lab": step.change,
                "event": placed.id,
                "kind": event.kind,
                "where": place,
                "devices": len(placed.devices),
                "villages": len(villages),
            }
        )

    def _record_outage(self, placed: Placed, device: int, since: float, until: float | None) -> None:
        self._ledger.outage(
            Outage(
                event=placed.id,
                device=self._country.inventory.devices[device].id,
                cause=placed.cause or "",
                since=since,
                until=until,
                villages=self._villages(device),
            )
        )

    def _villages(self, device: int) -> tuple[VillageId, ...]:
        devices = self._country.inventory.devices
        below = (devices[index].village for index in self._responder.branches.below(device))
        return tuple(sorted({village for village in below if village is not None}))


def _trouble(placed: Placed) -> Trouble | None:
    """What an event does to agents and what they tell; None for one that worsens the path."""
    match placed.event:
        case AgentHang():
            return Trouble(hung=True)
        case OpticsFade(db_per_minute=fading):
            return Trouble(fading=fading)
        case NoClients():
            return Trouble(idle=True)
    return Trouble(no_mains=True) if placed.event.kind == "power_cut" else None


def _worse(placed: Placed) -> Worse:
    event = placed.event
    if isinstance(event, Loss):
        return Worse(loss=event.percent / 100)
    return Worse(delay=event.ms / 1000) if isinstance(event, Delay) else Worse()
