"""What netmon keeps of one device between polls: how to ask it, its counters, its last uptime. The rest is shared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from netmon.model.profiles import OnuRules
from netmon.model.readings import Identity, Measure, Outline
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.counters import Counter, advance
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.families import Kin, Likeness
from netmon.probes.snmp.reading import Tables
from netmon.probes.snmp.rediscovery import Sighting, occasion
from netmon.probes.snmp.script import Script
from netmon.probes.snmp.session import SnmpTarget
from netmon.probes.snmp.uptime import Restart, restarted
from netmon.probes.snmp.v3 import PysnmpTarget

_GONE = frozenset((Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE, Absent.END_OF_MIB_VIEW))


@dataclass(slots=True, eq=False)
class Agent:
    """One discovered device; a `ports.SnmpPlan`.

    `counters` match the script's; `kin` is what the script came from, the device's own discovery or another's that it
    proved to be like, and `explored_at` (monotonic seconds) when that was first so.
    `slow` is what is read in the background, None where there is nothing. `onus` are there if it is an OLT. `heard` is
    what it has said already of what a poll asks, and until when (monotonic seconds) that counts.
    """

    target: SnmpTarget | PysnmpTarget
    manner: Manner
    script: Script
    counters: list[Counter | None]
    kin: Kin
    explored_at: float
    identity: Identity = field(default_factory=Identity)
    uptime: float | None = None
    polled_at: float = -math.inf
    sighting: Sighting | None = None
    is_busy: bool = False
    slow: Script | None = None
    onus: OnuRules | None = None
    heard: tuple[float, Sequence[Value]] | None = None

    @classmethod
    def of(cls, target: SnmpTarget | PysnmpTarget, kin: Kin, like: Likeness, *, explored_at: float) -> Self:
        """A device that is like this one."""
        counters: list[Counter | None] = [None] * len(kin.script.counters)
        script = kin.script.of(like.index)
        agent = cls(target, kin.manner, script, counters, kin, explored_at, like.identity)
        agent.slow, agent.onus = None if kin.slow is None else kin.slow.of(like.index), kin.onus
        return agent

    def first_values(self, now: float) -> Sequence[Value]:
        """What it has just said of what a poll asks; empty where that is not so, or has been taken."""
        until, values = self.heard or (now, ())
        self.heard = None
        return values if now < until else ()

    @property
    def outline(self) -> Outline:
        """See `ports.SnmpPlan`."""
        return self.script.outline

    @property
    def needs_talk(self) -> bool:
        """Whether a poll is more than GETs of the sweep's own client: SNMPv3, tables to walk, or SNMPv1.

        SNMPv1 refuses a whole request for one object.
        """
        return isinstance(self.target, PysnmpTarget) or bool(self.script.walks) or self.manner.version is Version.V1

    def take(self, values: Sequence[Value], tables: Tables, now: float) -> tuple[list[float], bool]:
        """Make readings of a poll's values, NaN where absent; tell whether discovery should look again."""
        readings = self.script.read(values, tables)
        restart = self._restart(readings, now)
        for at, (place, bits) in enumerate(self.script.counters):
            raw = readings[place]
            if raw is not None:
                self.counters[at] = counter = advance(self.counters[at], int(raw), bits, restart)
                readings[place] = None if counter is None else counter.total
        stamp = self.script.stamp(values)
        if self.sighting is None:
            self.sighting = Sighting(now, stamp)
        is_changed = occasion(self.sighting, restart, stamp, now) is not None or not _GONE.isdisjoint(values)
        return [math.nan if value is None else value for value in readings], is_changed

    def carry_on(self, known: "Agent") -> None:
        """Let counters go on from where the device's plan so far has brought them."""
        self.uptime, self.polled_at = known.uptime, known.polled_at
        so_far: dict[tuple[Measure, int], Counter | None] = {
            (known.outline[place], bits): known.counters[at] for at, (place, bits) in enumerate(known.script.counters)
        }
        self.counters = [so_far.get((self.outline[place], bits)) for place, bits in self.script.counters]

    def _restart(self, readings: Sequence[float | None], now: float) -> Restart:
        uptime = readings[self.script.uptime] if self.script.uptime >= 0 else None
        restart = restarted(self.uptime, uptime, now - self.polled_at) if self.uptime is not None else Restart.UNKNOWN
        if uptime is not None:
            self.uptime, self.polled_at = uptime, now
        return restart
