"""What every pinger promises: the real one, on a wire whose far end is honest, and the fake the engine's tests use."""

import select
import time
from abc import ABC, abstractmethod

import pytest

from netmon.errors import InputError
from netmon.ports import PingBatch, Pinger
from netmon.probes.icmp import IcmpPinger
from tests.kit.fake_pinger import FakePinger
from tests.kit.wire import Network, Wire
from tests.probes.icmp.conftest import OPEN, Opener

TIMEOUT = 3.0
ALIVE = ["10.99.1.1", "10.99.1.2", "fd00:99::1:1"]
SILENT = ["10.99.2.1", "fd00:99::2:1"]
UNROUTABLE = "203.0.113.1"
ADDRESSES = [*ALIVE, *SILENT, "", UNROUTABLE]
ROWS = range(len(ADDRESSES))


class Rig(ABC):
    """A pinger and its world: those in SILENT do not answer, UNROUTABLE cannot be sent to."""

    pinger: Pinger

    @abstractmethod
    def now(self) -> float: ...

    @abstractmethod
    def settle(self) -> None:
        """Let every answer arrive that is going to."""

    def after_timeout(self) -> float:
        return self.now() + TIMEOUT


class FakeRig(Rig):
    def __init__(self) -> None:
        self.pinger = FakePinger(timeout=TIMEOUT, silent=set(SILENT), unroutable={UNROUTABLE})
        self._now = 1000.0

    def now(self) -> float:
        return self._now

    def settle(self) -> None:
        self._now += 0.02


class RealRig(Rig):
    def __init__(self, pinger: IcmpPinger, wire: Wire) -> None:
        self.pinger = self._real = pinger
        self._wire = wire

    def now(self) -> float:
        return time.monotonic()

    def settle(self) -> None:
        for echo in self._wire.requests(10_000, patience=0.05):
            if echo.destination not in SILENT:
                self._wire.answer(echo)
        select.select(self._real.filenos(), [], [], 0.05)


@pytest.fixture(params=["fake", pytest.param("real", marks=[pytest.mark.network, pytest.mark.peer("ip", "nsenter")])])
def rig(request: pytest.FixtureRequest) -> Rig:
    if request.param == "fake":
        return FakeRig()
    network: Network = request.getfixturevalue("network")
    network.allow_ping_sockets(OPEN)
    open_here: Opener = request.getfixturevalue("open_here")
    return RealRig(open_here(TIMEOUT), request.getfixturevalue("wire"))


def _outcomes(batch: PingBatch) -> tuple[list[int], list[int], list[int]]:
    assert len(batch.rtts) == len(batch.answered)
    return sorted(batch.answered), sorted(batch.missed), sorted(batch.unsent)


def test_every_request_comes_back_once_as_what_became_of_it(rig: Rig) -> None:
    rig.pinger.watch(ADDRESSES, generation=3)
    rig.pinger.send(ROWS, rig.now())
    rig.settle()
    batch = rig.pinger.harvest(rig.now())
    assert _outcomes(batch) == ([0, 1, 2], [], [5, 6])
    assert batch.generation == 3
    assert all(0 <= rtt <= TIMEOUT for rtt in batch.rtts)
    assert _outcomes(rig.pinger.harvest(rig.after_timeout())) == ([], [3, 4], [])
    assert _outcomes(rig.pinger.harvest(rig.after_timeout() + 60)) == ([], [], [])


def test_target_that_cannot_be_sent_to_does_not_hold_up_those_behind_it(rig: Rig) -> None:
    rig.pinger.watch(ADDRESSES, generation=1)
    rig.pinger.send([6, 0, 6, 1, 6], rig.now())
    rig.settle()
    assert _outcomes(rig.pinger.harvest(rig.after_timeout())) == ([0, 1], [], [6, 6, 6])


def test_several_requests_to_one_target_each_have_their_outcome(rig: Rig) -> None:
    rig.pinger.watch(ADDRESSES, generation=1)
    for _ in range(3):
        rig.pinger.send([1, 3, 1], rig.now())
    rig.settle()
    assert _outcomes(rig.pinger.harvest(rig.now())) == ([1] * 6, [], [])
    assert _outcomes(rig.pinger.harvest(rig.after_timeout())) == ([], [3] * 3, [])


def test_nothing_is_missed_before_its_time_out(rig: Rig) -> None:
    rig.pinger.watch(ADDRESSES, generation=1)
    sent = rig.now()
    rig.pinger.send([3], sent)
    assert _outcomes(rig.pinger.harvest(sent + TIMEOUT * 0.99)) == ([], [], [])
    rig.settle()
    assert _outcomes(rig.pinger.harvest(rig.after_timeout())) == ([], [3], [])


def test_new_table_forgets_what_was_in_flight_or_not_collected(rig: Rig) -> None:
    rig.pinger.watch(ADDRESSES, generation=1)
    rig.pinger.send(ROWS, rig.now())
    rig.pinger.watch(ADDRESSES[:2], generation=2)
    rig.settle()
    batch = rig.pinger.harvest(rig.after_timeout())
    assert _outcomes(batch) == ([], [], [])
    assert batch.generation == 2
    rig.pinger.send([0], rig.now())
    rig.settle()
    assert _outcomes(rig.pinger.harvest(rig.now())) == ([0], [], [])


def test_address_not_in_numbers_is_refused_and_the_table_stays(rig: Rig) -> None:
    rig.pinger.watch(ADDRESSES, generation=1)
    for wrong in ("ap-7.example", "10.99.0.256", "fe80::1%eth0", "10.99.0.1 ", "๑๐.๙๙.๐.๑"):
        with pytest.raises(InputError, match="is not an IPv4 or IPv6 address"):
            rig.pinger.watch(["10.99.0.1", wrong], generation=2)
    rig.pinger.send([0], rig.now())
    rig.settle()
    assert rig.pinger.harvest(rig.now()).generation == 1
