"""One device from the inside: what is true of it at a moment. Models put it into their vendors' objects.

Everything is computed from the device's seed, the moment and the conditions; nothing is kept but who it is. Moments are
Unix seconds of the conditions' clock.
"""

from collections.abc import Callable
from typing import Final
from zlib import crc32

from netmon.lab.conditions import BATTERY_LASTS, Conditions
from netmon.lab.daily import busy, busy_until, chance
from netmon.model.inventory import Device

RADIO_SHARES: Final = (0.35, 0.65)
"""Of the clients: 2.4 GHz, 5 GHz."""
SSIDS: Final = ("NetPracharat", "NetPracharat-Staff")
_STAFF: Final = 0.1
_DAY: Final = 86_400.0
_LONGEST_UPTIME: Final = 600 * _DAY
"""Some have been up for longer than sysUpTime can count."""
_BYTES_A_CLIENT: Final = 12_000.0
"""A second, downwards."""
_UPWARDS: Final = 0.15
NO_CAUSES: Final = 0.20
"""Share of OLTs that never say why an ONU went; none in a gentle country."""
_WEAKEST: Final = -30.0
"""dBm; an ONU hears nothing weaker."""


class Box:
    """One device.

    Attributes:
        key: BER contents of the index of rows that are its own; empty where its tables have none.
        below: of an OLT, the dense indices of its built ONUs in order of the inventory, and `box_of` opens them.
    """

    __slots__ = ("_booted", "below", "box_of", "conditions", "device", "index", "key", "mean_clients", "seed")

    def __init__(self, device: Device, index: int, conditions: Conditions, box_of: Callable[[int], "Box"]) -> None:
        self.device = device
        self.index = index
        self.conditions = conditions
        seed = conditions.seed & 0xFFFF_FFFF
        self.seed = crc32(device.id.encode()) << 32 | seed
        self.below: tuple[int, ...] = ()
        self.box_of = box_of
        self.key = b""
        self.mean_clients = 4 + 12 * chance(crc32((device.village or device.id).encode()) << 32 | seed, 1)
        self._booted = conditions.began - _DAY - chance(self.seed, 2) * _LONGEST_UPTIME

    @property
    def booted(self) -> float:
        """When it last started."""
        boot = self.conditions.booted(self.index)
        return self._booted if boot is None else boot[0]

    @property
    def boots(self) -> int:
        """How often it has started in its life."""
        return 1 + int(chance(self.seed, 3) * 40) + self.conditions.restarts(self.index)

    def uptime(self, now: float) -> float:
        """Seconds since it last started."""
        return now - self.booted

    def mac(self) -> bytes:
        """A hardware address nobody else has: locally administered (IEEE 802), the dense index in it."""
        return b"\x02\x4e\x4d" + self.index.to_bytes(3, "big")

    def serial(self) -> str:
        """What is printed on its back; an ONU's is known to its OLT."""
        if self.device.observed_via is not None:
            return self.device.observed_via.key
        return f"LAB{self.seed >> 32:08X}"

    def clients(self, radio: int, now: float) -> int:
        """People on one radio."""
        if self.conditions.is_idle(self.index):
            return 0
        swing = 0.7 + 0.6 * chance(self.seed, 10 + radio, now)
        return round(self.mean_clients * RADIO_SHARES[radio] * busy(now) * swing)

    def clients_of(self, radio: int, ssid: int, now: float) -> int:
        """People on one network of one radio; its networks add up to the radio."""
        everybody = self.clients(radio, now)
        staff = int(everybody * _STAFF)
        return staff if ssid else everybody - staff

    def all_clients(self, now: float) -> int:
        """People on the access point."""
        return sum(self.clients(radio, now) for radio in range(len(RADIO_SHARES)))

    def utilisation(self, radio: int, now: float) -> int:
        """Percent of the time that a radio's channel is busy, with its own traffic and the neighbours'."""
        return self.own_airtime(radio, now) + self.foreign_airtime(radio, now)

    def own_airtime(self, radio: int, now: float) -> int:
        """Percent of the time that the radio itself sends or receives."""
        return self.receiving(radio, now) + self.sending(radio, now)

    def receiving(self, radio: int, now: float) -> int:
        """Percent of the time that the radio receives."""
        return min(25, self.clients(radio, now) // 2)

    def sending(self, radio: int, now: float) -> int:
        """Percent of the time that the radio sends."""
        return min(55, 2 * self.clients(radio, now))

    def foreign_airtime(self, radio: int, now: float) -> int:
        """Percent of the time that others use the channel."""
        return int(15 * chance(self.seed, 20 + radio, now))

    def cpu(self, now: float) -> int:
        """Percent."""
        return min(100, 3 + int(9 * chance(self.seed, 4, now)) + self.all_clients(now))

    def memory(self, now: float) -> int:
        """Percent in use."""
        return 42 + int(25 * chance(self.seed, 5)) + int(4 * chance(self.seed, 6, now))

    def temperature(self, now: float) -> int:
        """Celsius, inside."""
        return 34 + int(10 * chance(self.seed, 7)) + int(6 * busy(now))

    def downwards(self, now: float) -> int:
        """Octets towards the clients since it started."""
        boot = self.conditions.booted(self.index)
        before = busy_until(self._booted) if boot is None else boot[1]
        carried = self.conditions.carried(self.index, now) - before
        return int(carried * self.mean_clients * _BYTES_A_CLIENT)

    def upwards(self, now: float) -> int:
        """Octets from the clients since it started."""
        return int(self.downwards(now) * _UPWARDS)

    def has_mains(self) -> bool:
        """Whether a UPS is fed."""
        return self.conditions.off_mains_since(self.index) is None

    def seconds_on_battery(self, now: float) -> float:
        """How long a UPS has run on its battery; 0 while it is fed."""
        since = self.conditions.off_mains_since(self.index)
        return 0.0 if since is None else now - since

    def charge(self, now: float) -> int:
        """Percent of a UPS's battery."""
        return round(100 * self.conditions.charge(self.index, now))

    def battery_left(self, now: float) -> float:
        """Seconds for which a UPS's battery would last from now on."""
        return BATTERY_LASTS * self.conditions.charge(self.index, now)

    def tells_causes(self) -> bool:
        """Whether an OLT says why an ONU went."""
        return self.conditions.gentle or chance(self.seed, 9) >= NO_CAUSES

    def is_online(self) -> bool:
        """Whether an ONU's line and power are there, whatever is above its OLT."""
        return not self.conditions.is_dead(self.index)

    def received_dbm(self, now: float) -> float:
        """What light an ONU receives, faded by events, hundredths exact."""
        loss = self.distance() / 1000 * 0.35
        usual = -15.0 - loss - 3 * chance(self.seed, 30) - 0.2 * chance(self.seed, 31, now)
        return max(_WEAKEST, round(usual - self.conditions.faded(self.index, now), 2))

    def distance(self) -> int:
        """Metres of fibre between an ONU and its OLT."""
        return 600 + int(17_000 * chance(self.seed, 32))
