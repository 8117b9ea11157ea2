"""The pump holds each answer back for its time, in order, and loses only what the link loses."""

from collections import deque
from functools import partial

from netmon.lab.country import CountryPlan, generate
from netmon.lab.pump import Pump
from netmon.lab.responder import Responder
from netmon.lab.wire import Wire
from netmon.model.inventory import Role
from tests.lab.packets_of_a_peer import echo, read

COUNTRY = generate(CountryPlan(villages=60, seed=11, gentle=True))
ADDRESSES = [d.address for d in COUNTRY.inventory.devices if d.role is Role.AP and d.id not in COUNTRY.unbuilt]


class Line:
    """A wire in memory; `broken` as when the link is down."""

    def __init__(self) -> None:
        self.arriving: deque[bytes] = deque()
        self.sent: list[bytes] = []
        self.broken = False

    def read(self) -> bytes:
        if not self.arriving:
            raise BlockingIOError
        return self.arriving.popleft()

    def write(self, packet: bytes) -> int:
        if self.broken:
            raise OSError("down")
        self.sent.append(packet)
        return len(packet)

    def wire(self) -> Wire:
        return Wire(made_as="memory", fileno=-1, read=self.read, write=self.write, close=partial(setattr, self, "x", 0))


def test_answers_leave_when_their_round_trip_is_over() -> None:
    line, reference = Line(), Responder(COUNTRY)
    expected = {a: answer[0] for a in ADDRESSES if (answer := reference.answer(echo(a)))}
    pump = Pump(line.wire(), Responder(COUNTRY))
    line.arriving.extend(echo(address) for address in ADDRESSES)
    assert pump.next_due() is None
    assert pump.drain(100.0) is False
    assert not line.sent
    left: dict[str, float] = {}
    while (due := pump.next_due()) is not None:
        pump.flush(due - 0.0005)
        assert len(line.sent) == len(left), "nothing leaves before its time"
        pump.flush(due)
        left |= {read(packet).sender: due - 100.0 for packet in line.sent[len(left) :]}
    assert left.keys() == expected.keys()
    assert all(0 <= left[address] - expected[address] <= 0.0011 for address in left)


def test_instant_answers_leave_at_once_in_the_order_asked() -> None:
    line = Line()
    pump = Pump(line.wire(), Responder(COUNTRY, instant=True))
    line.arriving.extend(echo(address) for address in ADDRESSES)
    pump.drain(1.0)
    assert [read(packet).sender for packet in line.sent] == ADDRESSES
    assert pump.answered == len(ADDRESSES) and pump.next_due() is None


def test_long_queue_is_taken_in_batches() -> None:
    line = Line()
    pump = Pump(line.wire(), Responder(COUNTRY, instant=True))
    line.arriving.extend(echo(ADDRESSES[0]) for _ in range(600))
    assert [pump.drain(1.0) for _ in range(3)] == [True, True, False]
    assert len(line.sent) == 600


def test_answers_due_while_the_link_is_down_are_lost_and_later_ones_are_not() -> None:
    line = Line()
    pump = Pump(line.wire(), Responder(COUNTRY))
    line.arriving.append(echo(ADDRESSES[0]))
    pump.drain(1.0)
    line.broken = True
    pump.flush(2.0)
    line.broken = False
    pump.flush(3.0)
    assert not line.sent and pump.next_due() is None
    line.arriving.append(echo(ADDRESSES[1]))
    pump.drain(3.0)
    pump.flush(4.0)
    assert [read(packet).sender for packet in line.sent] == [ADDRESSES[1]]
