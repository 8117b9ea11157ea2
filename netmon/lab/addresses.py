"""Who has which address in 10.64.0.0/10, the lab's country (private by RFC 1918, and never seen outside its wire).

    10.64.0.0  .. 10.64.255.255    feeders
    10.65.0.0  .. 10.65.255.255    UPSs: that of a feeder is 10.1.0.0 above it
    10.66.0.0  .. 10.95.255.255    uplinks
    10.96.0.0  .. 10.125.255.255   access points: those of a village are 10.30.0.0 above its uplink's
    10.127.255.0/24                the core: netmon's own end, the first hop, the reference targets

Host bytes 0 and 255 are left out, so that nobody takes an address for a network or a broadcast.
"""

from ipaddress import IPv4Address

COUNTRY = "10.64.0.0/10"
POLLER = "10.127.255.254"
"""netmon's own address on the wire."""
CORE = "10.127.255.253"
"""First hop of every path."""
REFERENCES = ("10.127.255.1", "10.127.255.2", "10.127.255.3")
"""Answer whenever netmon is not cut off: what a drill writes into netmon's settings as reference targets."""

_FEEDERS = int(IPv4Address("10.64.0.0"))
_UPSS = int(IPv4Address("10.65.0.0"))
_UPLINKS = int(IPv4Address("10.66.0.0"))
_APS = int(IPv4Address("10.96.0.0"))
_HOSTS = 254


def _nth(first: int, n: int) -> str:
    block, host = divmod(n, _HOSTS)
    return str(IPv4Address(first + block * 256 + host + 1))


def feeder_address(n: int) -> str:
    """Address of the n-th feeder, from 0."""
    return _nth(_FEEDERS, n)


def ups_address(n: int) -> str:
    """Address of the n-th feeder's UPS, from 0."""
    return _nth(_UPSS, n)


def uplink_address(n: int) -> str:
    """Address of the n-th village's uplink, from 0."""
    return _nth(_UPLINKS, n)


def ap_address(n: int) -> str:
    """Address of the n-th village's access point, from 0."""
    return _nth(_APS, n)
