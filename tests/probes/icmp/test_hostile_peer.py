"""A peer on the wire that lies: nothing it sends counts as alive, and each lie is counted under its name."""

import select
import time
from collections.abc import Callable

import pytest

from netmon.model.vitals import Vital
from netmon.ports import PingBatch
from netmon.probes.icmp import IcmpPinger, ReplyFault, sockets
from tests.kit.wire import Echo, Network, Wire, honest_reply
from tests.probes.icmp.conftest import CLOSED, CountingVitals, Opener

pytestmark = [pytest.mark.network, pytest.mark.peer("ip", "nsenter")]

TIMEOUT = 3.0  # never waited for: tests say that it has passed
STALL = 0.3
SHORT = 0.05
TARGETS = {"IPv4": ("10.99.0.7", "10.99.0.8", "10.99.0.9"), "IPv6": ("fd00:99::7", "fd00:99::8", "fd00:99::9")}
HEADER, SLOT, TOKEN = 8, slice(8, 12), slice(12, 20)


class Bench:
    """A pinger with three targets, and the wire in front of it."""

    def __init__(self, pinger: IcmpPinger, wire: Wire, targets: tuple[str, ...]) -> None:
        self.pinger, self.wire, self.targets = pinger, wire, targets
        pinger.watch(targets, generation=5)

    def ask(self, *targets: int) -> list[Echo]:
        """Send to these targets and give what arrived at the far end."""
        self.pinger.send(targets, time.monotonic())
        echoes = self.wire.requests(len(targets))
        assert [echo.destination for echo in echoes] == [self.targets[i] for i in targets]
        return echoes

    def hear(self, after: float = 0.0) -> PingBatch:
        """Wait for something to read, then harvest, as if `after` seconds had passed."""
        select.select(self.pinger.filenos(), [], [], 1.0)
        return self.pinger.harvest(time.monotonic() + after)


@pytest.fixture(params=list(TARGETS))
def targets(request: pytest.FixtureRequest, socket_kind: str) -> tuple[str, ...]:
    assert socket_kind
    return TARGETS[request.param]


@pytest.fixture
def bench(targets: tuple[str, ...], open_here: Opener, wire: Wire) -> Bench:
    return Bench(open_here(TIMEOUT), wire, targets)


def test_honest_answers_count_with_their_round_trip_time(bench: Bench, vitals: CountingVitals) -> None:
    echoes = bench.ask(0, 1, 2)
    for echo in echoes[1:]:
        bench.wire.answer(echo)
    batch = bench.hear()
    assert sorted(batch.answered) == [1, 2]
    assert all(0 <= rtt < TIMEOUT for rtt in batch.rtts)
    assert (batch.generation, batch.missed, batch.unsent) == (5, [], [])
    assert bench.pinger.harvest(time.monotonic() + TIMEOUT).missed == [0]
    assert not vitals.counts


def _from_elsewhere(bench: Bench, echo: Echo) -> None:
    bench.wire.answer(echo, source=bench.targets[2])


def _truncated(bench: Bench, echo: Echo) -> None:
    bench.wire.answer(echo, message=honest_reply(echo)[:20])


def _header_only(bench: Bench, echo: Echo) -> None:
    bench.wire.answer(echo, message=honest_reply(echo)[:HEADER])


def _stretched(bench: Bench, echo: Echo) -> None:
    bench.wire.answer(echo, message=honest_reply(echo) + b"more")


def _wrong_token(bench: Bench, echo: Echo) -> None:
    message = bytearray(honest_reply(echo))
    message[TOKEN] = bytes(byte ^ 1 for byte in message[TOKEN])
    bench.wire.answer(echo, message=bytes(message))


def _wrong_sequence(bench: Bench, echo: Echo) -> None:
    message = bytearray(honest_reply(echo))
    message[7] ^= 1
    bench.wire.answer(echo, message=bytes(message))


def _never_asked(bench: Bench, echo: Echo) -> None:
    message = bytearray(honest_reply(echo))
    message[SLOT] = bytes(byte ^ 0x40 for byte in message[SLOT])
    message[6:8] = message[10:12]
    bench.wire.answer(echo, message=bytes(message))


LIES: dict[Callable[[Bench, Echo], None], ReplyFault] = {
    _from_elsewhere: ReplyFault.WRONG_ADDRESS,
    _truncated: ReplyFault.TRUNCATED,
    _header_only: ReplyFault.TRUNCATED,
    _stretched: ReplyFault.FORGED,
    _wrong_token: ReplyFault.FORGED,
    _wrong_sequence: ReplyFault.UNKNOWN,
    _never_asked: ReplyFault.UNKNOWN,
}


@pytest.mark.parametrize("lie", LIES)
def test_lie_never_counts_as_alive_and_is_counted_under_its_name(
    bench: Bench, vitals: CountingVitals, lie: Callable[[Bench, Echo], None]
) -> None:
    (echo,) = bench.ask(0)
    lie(bench, echo)
    batch = bench.hear(after=TIMEOUT)
    assert (batch.answered, batch.missed) == ([], [0])
    assert vitals.rejected() == {LIES[lie]: 1}


def test_lie_does_not_keep_the_honest_answer_from_counting(bench: Bench, vitals: CountingVitals) -> None:
    (echo,) = bench.ask(1)
    for lie in LIES:
        lie(bench, echo)
    bench.wire.answer(echo)
    assert bench.hear().answered == [1]
    assert sum(vitals.rejected().values()) == len(LIES)


@pytest.mark.parametrize("apart", [False, True])
def test_duplicates_count_once(bench: Bench, vitals: CountingVitals, apart: bool) -> None:
    (echo,) = bench.ask(0)
    bench.wire.answer(echo)
    answered = bench.hear().answered if apart else []
    bench.wire.answer(echo)
    bench.wire.answer(echo)
    assert answered + bench.hear().answered == [0]
    assert vitals.rejected() == {ReplyFault.DUPLICATE: 1 + 1 if apart else 2}


def test_answer_to_a_request_already_missed_is_late(bench: Bench, vitals: CountingVitals) -> None:
    first, second = bench.ask(0, 1)
    assert bench.pinger.harvest(time.monotonic() + TIMEOUT).missed == [0, 1]
    bench.wire.answer(first)
    bench.wire.answer(second)
    assert bench.hear().answered == []
    assert vitals.rejected() == {ReplyFault.LATE: 2}


def test_answer_that_came_after_the_time_out_is_late_though_nobody_looked_before(
    targets: tuple[str, ...], open_here: Opener, wire: Wire, vitals: CountingVitals
) -> None:
    bench = Bench(open_here(SHORT), wire, targets)
    (echo,) = bench.ask(2)
    time.sleep(SHORT + 0.01)
    wire.answer(echo)
    batch = bench.hear()
    assert (batch.answered, batch.missed) == ([], [2])
    assert vitals.rejected() == {ReplyFault.LATE: 1}


def test_answers_swapped_between_two_devices_are_noticed(bench: Bench, vitals: CountingVitals) -> None:
    first, second = bench.ask(0, 1)
    bench.wire.answer(first, message=honest_reply(second))
    bench.wire.answer(second, message=honest_reply(first))
    batch = bench.hear(after=TIMEOUT)
    assert (batch.answered, batch.missed) == ([], [0, 1])
    assert vitals.rejected() == {ReplyFault.WRONG_ADDRESS: 2}


def test_busy_loop_neither_inflates_the_round_trip_nor_misses_an_answer(bench: Bench) -> None:
    # The kernel begins to stamp a moment after the first socket asks for it (net_enable_timestamp defers to a worker).
    bench.wire.answer(*bench.ask(0))
    time.sleep(0.05)
    bench.hear(after=TIMEOUT)
    (echo,) = bench.ask(0)
    bench.wire.answer(echo)
    time.sleep(STALL)
    batch = bench.hear(after=TIMEOUT)
    assert (batch.answered, batch.missed) == ([0], [])
    assert batch.rtts[0] < STALL / 2, "the time the loop was held up must not count as the network's"


def test_answers_to_the_table_before_a_reload_land_nowhere(bench: Bench, vitals: CountingVitals) -> None:
    (echo,) = bench.ask(0)
    bench.pinger.watch(bench.targets[:1], generation=6)
    bench.ask(0)
    bench.wire.answer(echo)
    batch = bench.hear(after=TIMEOUT)
    assert (batch.generation, batch.answered, batch.missed) == (6, [], [0])
    assert vitals.rejected() == {ReplyFault.UNKNOWN: 1}


@pytest.fixture
def raw_only(network: Network) -> None:
    network.allow_ping_sockets(CLOSED)


@pytest.mark.usefixtures("raw_only")
def test_answer_with_ip_options_counts_on_a_raw_socket(open_here: Opener, wire: Wire) -> None:
    bench = Bench(open_here(TIMEOUT), wire, TARGETS["IPv4"])
    plain, decorated = bench.ask(0, 1)
    wire.answer(decorated, options=b"\x01" * 8)
    wire.answer(plain)
    assert sorted(bench.hear().answered) == [0, 1]


@pytest.mark.usefixtures("raw_only")
def test_other_programs_pings_are_no_business_of_a_raw_socket(
    open_here: Opener, wire: Wire, vitals: CountingVitals
) -> None:
    bench, other = (Bench(open_here(TIMEOUT), wire, TARGETS["IPv4"]) for _ in range(2))
    (echo,) = other.ask(0)
    wire.answer(echo)
    assert other.hear().answered == [0]
    assert bench.pinger.harvest(time.monotonic()).answered == []
    assert not vitals.counts


@pytest.mark.usefixtures("socket_kind")
def test_answers_dropped_for_want_of_room_are_counted(
    open_here: Opener, wire: Wire, vitals: CountingVitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECEIVE_BUFFER", 4096)
    bench = Bench(open_here(TIMEOUT), wire, TARGETS["IPv4"])
    echoes = bench.ask(*[0] * 60)
    for echo in echoes:
        wire.answer(echo)
    heard = len(bench.hear().answered)
    assert vitals.counts[Vital.DATAGRAMS_DROPPED, "icmp4"] == len(echoes) - heard > 0


@pytest.mark.usefixtures("socket_kind")
def test_of_whom_an_answer_may_have_been_dropped_here_nothing_is_said(
    open_here: Opener, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECEIVE_BUFFER", 4096)
    bench = Bench(open_here(TIMEOUT), wire, TARGETS["IPv4"])
    for echo in bench.ask(*[0] * 60):
        wire.answer(echo)
    heard = len(bench.hear().answered)
    bench.ask(1)
    batch = bench.pinger.harvest(time.monotonic() + 2 * TIMEOUT)
    assert batch.unheard == [0] * (60 - heard)
    assert batch.missed == [1], "what was asked after that is missed as ever"
