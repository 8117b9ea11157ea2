"""What netmon keeps of one device between polls: how to ask it, its counters, its last uptime. The rest is shared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from netmon.model.profiles import OnuRules
from netmon.model.readings import Identity, Outline
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.counters import Tally
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.families import Kin, Likeness
from netmon.probes.snmp.reading import Tables
from netmon.probes.snmp.rediscovery import Sighting, occasion
from netmon.probes.snmp.script import Script
from netmon.probes.snmp.session import SnmpTarget
from netmon.probes.snmp.uptime import UNKNOWN, restarted
from netmon.probes.snmp.usm_session import UsmTarget

_GONE = frozenset((Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE, Absent.END_OF_MIB_VIEW))


@dataclass(slots=True, eq=False)
class Agent:
    """One discovered device; a `ports.SnmpPlan`.

    `counters` match the script's; `kin` is what the script came from, the device's own discovery or another's that it
    proved to be like, and `explored_at` (monotonic seconds) when that was first so.
    `slow` is what is read in the background, None where there is nothing. `onus` are there if it is an OLT. `heard` is
    what it has said already of what a poll asks, and until when (monotonic seconds) that counts. `needs_talk` says
    whether a poll is more than GETs of the sweep's own client: SNMPv3, tables to walk, or SNMPv1, which refuses a whole
    request for one object.
    """

    target: SnmpTarget | UsmTarget
    manner: Manner
    script: Script
    counters: Tally
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
    needs_talk: bool = False

    @classmethod
    def of(cls, target: SnmpTarget | UsmTarget, kin: Kin, like: Likeness, *, explored_at: float) -> Self:
        """A device that is like this one."""
        counters = Tally(len(kin.script.counters))
        script = kin.script.of(like.index)
        agent = cls(target, kin.manner, script, counters, kin, explored_at, like.identity)
        agent.slow, agent.onus = None if kin.slow is None else kin.slow.of(like.index), kin.onus
        agent.adopt(kin.manner)
        return agent

    def adopt(self, manner: Manner) -> None:
        """Ask it like that from now on."""
        self.manner = manner
        is_plain = isinstance(self.target, SnmpTarget) and manner.version is not Version.V1
        self.needs_talk = not is_plain or bool(self.script.walks)

    def first_values(self, now: float) -> Sequence[Value]:
        """What it has just said of what a poll asks; empty where that is not so, or has been taken."""
        until, values = self.heard or (now, ())
        self.heard = None
        return values if now < until else ()

    @property
    def outline(self) -> Outline:
        """See `ports.SnmpPlan`."""
        return self.script.outline

    def take(self, values: Sequence[Value], tables: Tables, now: float) -> tuple[list[float], bool]:
        """Make readings of a poll's values, NaN where absent; tell whether discovery should look again."""
        script = self.script
        readings = script.read(values, tables)
        uptime, restart = readings[script.uptime] if script.uptime >= 0 else math.nan, UNKNOWN
        if uptime == uptime:  # noqa: PLR0124 - NaN: it says nothing of it
            restart = restarted(self.uptime, uptime, now - self.polled_at)
            self.uptime, self.polled_at = uptime, now
        self.counters.take(readings, script.counters, restart)
        stamp = None if script.stamp is None else script.stamp(values)
        if self.sighting is None:
            self.sighting = Sighting(now, stamp)
        is_changed = not _GONE.isdisjoint(values) or occasion(self.sighting, restart, stamp, now) is not None
        return readings, is_changed

    def carry_on(self, known: "Agent") -> None:
        """Let counters go on from where the device's plan so far has brought them."""
        self.uptime, self.polled_at = known.uptime, known.polled_at
        so_far = {(known.outline[place], bits): at for at, (place, bits) in enumerate(known.script.counters)}
        self.counters = Tally(len(self.script.counters))
        for at, (place, bits) in enumerate(self.script.counters):
            before = so_far.get((self.outline[place], bits))
            if before is not None:
                self.counters.carry(at, known.counters, before)
