"""A wire with the test at its far end, and pingers of each socket kind in front of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import pytest

from netmon.model.vitals import Vital
from netmon.probes.icmp import IcmpPinger, open_pinger
from tests.kit.wire import Network, Wire, open_wire

CLOSED, OPEN = "1 0", "0 2147483647"


@dataclass
class CountingVitals:
    """Counters by vital and label."""

    counts: Counter[tuple[Vital, str]] = field(default_factory=Counter)

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        self.counts[vital, label] += int(amount)

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        raise AssertionError("a pinger sets no gauge")

    def observe(self, vital: Vital, value: float) -> None:
        raise AssertionError("a pinger has no histogram")

    def rejected(self) -> dict[str, int]:
        """Replies rejected, by reason."""
        return {label: count for (vital, label), count in self.counts.items() if vital is Vital.REPLIES_REJECTED}


@pytest.fixture
def vitals() -> CountingVitals:
    return CountingVitals()


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[Network, Wire]]:
    with open_wire() as found:
        yield found


@pytest.fixture
def network(lab: tuple[Network, Wire]) -> Network:
    return lab[0]


@pytest.fixture
def wire(lab: tuple[Network, Wire]) -> Wire:
    return lab[1]


Opener = Callable[[float], IcmpPinger]


@pytest.fixture
def open_here(network: Network, vitals: CountingVitals) -> Iterator[Opener]:
    """Opens pingers with a time-out (seconds) in the namespace, closed when the test is over."""
    with ExitStack() as opened:
        yield lambda timeout: opened.enter_context(
            closing(open_pinger(vitals, timeout=timeout, namespace=network.path))
        )


@pytest.fixture(params=["datagram", "raw"])
def socket_kind(request: pytest.FixtureRequest, network: Network) -> str:
    """The namespace allows ping sockets, or only raw ones (we are root)."""
    kind: str = request.param
    network.allow_ping_sockets(OPEN if kind == "datagram" else CLOSED)
    return kind
