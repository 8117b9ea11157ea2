"""A full round on demand: everybody pinged and polled now, in seconds instead of minutes.

It goes beside the sweeps, on the same sockets, in short steps between which the loop has its turn. Pings leave at an
even pace; polls as fast as answers come back, with no more under way than the network and the receive buffer bear.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netmon.engine.snmp_sweep import SnmpSweep
from netmon.engine.sweep import Sweep
from netmon.model.country import Country
from netmon.model.vitals import Vital
from netmon.ports import Clock, Vitals

STEP = 0.005
"""Seconds between two steps; one whose work takes longer is followed by the next as soon as others had their turn."""
PINGS_PER_STEP = 100
POLLS_PER_STEP = 150
"""Polls go first, for one that is lost is asked for again, and a ping is not. Room that they leave is the pings'."""
WAITED = 1.0
"""Seconds after which a poll is not waited for any longer before the device is asked again."""
MOST_POLLS = 1_500
"""Under way at a time: enough for 15,000 a second at 100 ms, and their answers fit the receive buffer. Twice as many
only wait longer in some queue on the way, and pings, which have a second, behind them."""
LONGEST = 110.0
"""Seconds after which a round is cut short. Who asked waits no longer (`netmon sweep`), and where a loop or a network
is full already, a round only keeps it full: with 600,000 devices on two cores one had not ended after five minutes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the last ping and the last poll are waited for, seconds, with all their retries."""

    ping: float
    poll: float


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What came of it: devices pinged, answered, polled, read; seconds until the last outcome of each kind.

    `is_whole` is False where a reload or `LONGEST` cut it short.
    """

    pinged: int
    answered: int
    polled: int
    read: int
    ping_seconds: float
    poll_seconds: float
    is_whole: bool = True

    @property
    def seconds(self) -> float:
        """Until everything had ended."""
        return max(self.ping_seconds, self.poll_seconds)


class _Errand:
    """One kind of probe: whom it is for, how far it is, and when its last outcome came.

    Who has no outcome after all the time there is was not asked, for the kernel had no room: `tries` more may be made,
    and until then it is not under way, or those would take the room of all others.
    """

    def __init__(self, rows: NDArray[np.intp], patience: float, tries: int = 0) -> None:
        self.rows = rows
        self.sent = 0
        self.ended_at: float | None = None
        self.under_way: NDArray[np.intp] = rows[:0]
        self._sent_at: NDArray[np.float64] = np.empty(0)
        self._unasked: NDArray[np.intp] = rows[:0]
        self._waiting = rows
        self._patience = patience
        self._tries = tries

    def next(self, most: int, now: float) -> Sequence[int]:
        """The next few to be asked."""
        some = self._waiting[: max(0, most)]
        if some.size:
            self._waiting = self._waiting[some.size :]
            self.sent = max(self.sent, len(self.rows) - self._waiting.size)
            self.under_way = np.concatenate((self.under_way, some))
            self._sent_at = np.concatenate((self._sent_at, np.full(some.size, now)))
        asked: list[int] = some.tolist()
        return asked

    def look(self, outcomes: NDArray[np.float64], began: float, now: float) -> None:
        """See who has an outcome by now, and whether all have that will have one."""
        if self.ended_at is not None:
            return
        is_open = ~(outcomes[self.under_way] >= began)
        is_young = self._sent_at > now - self._patience
        self._unasked = np.concatenate((self._unasked, self.under_way[is_open & ~is_young]))
        self.under_way, self._sent_at = self.under_way[is_open & is_young], self._sent_at[is_open & is_young]
        if self._waiting.size or self.under_way.size:
            return
        if self._unasked.size and self._tries:
            self._tries -= 1
            self._waiting, self._unasked = self._unasked, self._unasked[:0]
        else:
            self.ended_at = now


class FullRound:
    """Runs one round at a time."""

    def __init__(
        self, country: Country, sweep: Sweep, snmp: SnmpSweep, *, patience: Patience, clock: Clock, vitals: Vitals
    ) -> None:
        self._country = country
        self._sweep = sweep
        self._snmp = snmp
        self._patience = patience
        self._clock = clock
        self._vitals = vitals

    async def run(self) -> RoundReport:
        """Ask everybody, and wait for the last outcome."""
        fleet, began = self._country.fleet, self._clock.now().monotonic
        pings = _Errand(self._sweep.watched(), self._patience.ping, tries=1)
        polls = _Errand(self._snmp.pollable(), self._patience.poll)
        step_ends = began
        while self._country.fleet is fleet and (now := self._clock.now()).monotonic < began + LONGEST:
            self._snmp.hurry(WAITED, now)
            self._snmp.turn((), now)
            room = min(POLLS_PER_STEP, MOST_POLLS - polls.under_way.size)
            polled = polls.next(room, now.monotonic)
            self._snmp.ask(polled, now)
            self._sweep.ask(pings.next(PINGS_PER_STEP + POLLS_PER_STEP - len(polled), now.monotonic), now)
            pings.look(fleet.probed_at, began, now.monotonic)
            polls.look(self._snmp.ended_at, began, now.monotonic)
            if pings.ended_at is not None and polls.ended_at is not None:
                break
            # A step's own work counts towards its length; one that takes longer still lets everybody else have a turn.
            step_ends += STEP
            await self._clock.sleep(max(0.0, step_ends - self._clock.now().monotonic))
            step_ends = max(step_ends, self._clock.now().monotonic)
        report = RoundReport(
            pinged=pings.sent,
            answered=int((fleet.answered_at[pings.rows] >= began).sum()),
            polled=polls.sent,
            read=int((fleet.readings.read_at[polls.rows] >= began).sum()),
            ping_seconds=(pings.ended_at or self._clock.now().monotonic) - began,
            poll_seconds=(polls.ended_at or self._clock.now().monotonic) - began,
            is_whole=pings.ended_at is not None and polls.ended_at is not None,
        )
        self._vitals.gauge(Vital.FULL_ROUND, report.seconds)
        return report
