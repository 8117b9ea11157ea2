"""A country whose clock the test turns, asked by netmon's own SNMP codec and client without a wire."""

import struct
from collections.abc import Sequence

from netmon.lab.agents import COMMUNITY
from netmon.lab.box import Box
from netmon.lab.country import Country, CountryPlan, generate
from netmon.lab.models.catalogue import family
from netmon.lab.responder import Responder
from netmon.model.inventory import Device, Role
from netmon.probes.snmp.ber import Absent, Oid, Tag, Value, parse_oid
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version, decode_message, encode_message
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.walk import WalkGuard, WalkLimits, WalkResult
from tests.lab.packets_of_a_peer import internet_sum, ip

GENTLE = generate(CountryPlan(villages=60, seed=11, gentle=True))
EVENING = 1_795_000_000.0 - 1_795_000_000 % 86_400 + 12 * 3600
"""19:00 in Bangkok."""


class Clock:
    """Unix seconds as the test says."""

    def __init__(self, now: float = EVENING) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def datagram(to: str, message: bytes, port: int = 161) -> bytes:
    return ip(struct.pack("!HHHH", 40_000, port, 8 + len(message), 0) + message, to, 64, 17)


class Fleet:
    """A country without delay or loss, and its clock."""

    def __init__(self, country: Country = GENTLE) -> None:
        self.country = country
        self.clock = Clock()
        self.responder = Responder(country, instant=True, clock=self.clock)
        self.agents = self.responder.agents
        self.conditions = self.agents.conditions

    def index(self, device: Device) -> int:
        return self.country.inventory.index_of[device.id]

    def box(self, device: Device) -> Box:
        return self.agents.box(self.index(device))

    def of_family(self, name: str) -> Device:
        """The first built, addressed device of a family; of OLTs one with ONUs."""
        devices = self.country.inventory.devices
        speaking = (d for d in devices if d.credential and d.address and d.id not in self.country.unbuilt)
        return next(
            d for d in speaking if family(self.box(d)) == name and (d.role is not Role.FEEDER or self.box(d).below)
        )

    def onu(self, olt: Device, position: int = 0) -> Device:
        return self.country.inventory.devices[self.box(olt).below[position]]

    def send(self, device: Device, message: bytes) -> bytes | None:
        """The agent's datagram, its packet found whole; None for silence or an ICMP error."""
        answer = self.responder.answer(datagram(device.address, message))
        if answer is None or answer[1][9] != 17:
            return None
        packet = answer[1]
        length = len(packet) - 20
        assert internet_sum(packet[:20]) == 0xFFFF, "IP header checksum"
        pseudo = packet[12:20] + struct.pack("!BBH", 0, 17, length)
        assert internet_sum(pseudo + packet[20:]) == 0xFFFF, "UDP checksum"
        assert struct.unpack("!HHH", packet[20:26]) == (161, 40_000, length)
        return packet[28:]

    def ask(
        self,
        device: Device,
        pdu: PduType,
        oids: Sequence[Oid],
        *,
        version: Version = Version.V2C,
        community: str = COMMUNITY,
        non_repeaters: int = 0,
        repetitions: int = 0,
    ) -> Message | None:
        message = Message(
            version=version,
            community=community.encode(),
            pdu_type=pdu,
            request_id=77,
            varbinds=tuple(VarBind(oid, Tag.NULL, Absent.NULL) for oid in oids),
            error_status=non_repeaters,
            error_index=repetitions,
        )
        raw = self.send(device, encode_message(message))
        return None if raw is None else decode_message(raw)

    def get(self, device: Device, *oids: str) -> list[Value]:
        message = self.ask(device, PduType.GET, [parse_oid(oid) for oid in oids])
        assert message is not None
        return [bind.value for bind in message.varbinds]

    def reader(self, device: Device) -> "Reader":
        return Reader(self, device)


class Reader:
    """One device as netmon's discovery wants to read it, without a wire."""

    def __init__(self, fleet: Fleet, device: Device) -> None:
        self.manner = Manner()
        self._fleet = fleet
        self._device = device

    async def get(self, oids: Sequence[Oid]) -> list[Value] | Failure:
        values: list[Value] = []
        for at in range(0, len(oids), 20):
            message = self._fleet.ask(self._device, PduType.GET, oids[at : at + 20])
            if message is None:
                return Failure(0, FailureKind.TIMED_OUT)
            values += [bind.value for bind in message.varbinds]
        return values

    async def walk(self, root: Oid, limits: WalkLimits | None = None) -> WalkResult:
        guard, end = WalkGuard(root, (limits or WalkLimits()).rows), None
        while end is None:
            message = self._fleet.ask(self._device, PduType.GETBULK, [guard.cursor], repetitions=20)
            assert message is not None
            end = guard.take(message.varbinds)
        return WalkResult(guard.rows, end, None)
