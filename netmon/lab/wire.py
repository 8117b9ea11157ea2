"""The wire: an interface whose other end is this process, owning 10.64.0.0/10 and the default route.

It is made inside the network namespace the calling thread is in, which must be one of the lab's own (`namespace`):
packets for the country have no way out of it. Where /dev/net/tun opens, the interface is a TUN device; elsewhere (an
ordinary user in a user namespace, whose device nodes keep their owner) it is a veth pair without ARP, read through a
packet socket on its far end. The pair or device goes with its namespace or its file descriptor, so nothing is left.
"""

import fcntl
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from netmon.errors import ProbeError
from netmon.lab.addresses import COUNTRY, POLLER

INTERFACE: Final = "netmon0"
_FAR_END: Final = "netmon1"
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
_IFF_NOARP: Final = 0x80
_MOST_BYTES: Final = 2048
_QUEUE: Final = 20_000
"""Packets the interface holds while the lab is busy: a slot of a large sweep must not be lost on the lab's side."""
_BUFFER_BYTES: Final = 32 << 20
_SO_RCVBUFFORCE: Final = 33
_IPV4: Final = 0x0800
"""EtherType."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One made interface. `read` and `write` move one IPv4 packet each and raise OSError when they cannot."""

    made_as: str
    fileno: int
    read: Callable[[], bytes]
    write: Callable[[bytes], int]
    close: Callable[[], None]

    def down(self) -> None:
        """The link goes: the kernel drops the interface's routes and tells whoever listens."""
        with IPRoute() as routes:
            routes.link("set", index=_index(routes, INTERFACE), state="down")

    def up(self) -> None:
        """The link is back, with its routes."""
        with IPRoute() as routes:
            _bring_up(routes)


def make_wire() -> Wire:
    """Make the interface in the namespace of the calling thread, up and routed.

    Raises:
        ProbeError: the kernel allows neither kind of interface here.
    """
    try:
        wire = _make_tun()
    except OSError as refused:
        wire = _make_veth(refused)
    with IPRoute() as routes:
        routes.link("set", index=_index(routes, "lo"), state="up")
        index = _index(routes, INTERFACE)
        routes.link("set", index=index, txqlen=_QUEUE)
        routes.addr("add", index=index, address=POLLER, prefixlen=32)
        _bring_up(routes)
    return wire


def _bring_up(routes: IPRoute) -> None:
    index = _index(routes, INTERFACE)
    routes.link("set", index=index, state="up")
    for destination in (COUNTRY, "0.0.0.0/0"):
        routes.route("replace", dst=destination, oif=index, prefsrc=POLLER, scope="link")


def _index(routes: IPRoute, name: str) -> int:
    return int(routes.link_lookup(ifname=name)[0])


def _make_tun() -> Wire:
    """pyroute2 makes only TUN devices that outlive their maker, so the one ioctl that makes the other kind is here."""
    fileno = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fileno, _TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError:
        os.close(fileno)
        raise
    return Wire(
        made_as="tun",
        fileno=fileno,
        read=partial(os.read, fileno, _MOST_BYTES),
        write=partial(os.write, fileno),
        close=partial(os.close, fileno),
    )


def _make_veth(why_no_tun: OSError) -> Wire:
    try:
        with IPRoute() as routes:
            routes.link("add", ifname=INTERFACE, kind="veth", peer={"ifname": _FAR_END})
            near, far = _index(routes, INTERFACE), _index(routes, _FAR_END)
            for end in (near, far):
                routes.link("set", index=end, flags=_IFF_NOARP, change=_IFF_NOARP)
            routes.link("set", index=far, state="up")
            hardware = str(routes.link("get", index=near)[0].get_attr("IFLA_ADDRESS"))
        port = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    except (NetlinkError, OSError) as refused:
        raise ProbeError(
            f"the kernel allows neither a TUN device ({why_no_tun.strerror}) nor a veth pair with a packet socket "
            f"({refused}); load the module tun or veth, or run as root"
        ) from refused
    port.bind((_FAR_END, _IPV4))
    _widen(port)
    # Without ARP the kernel writes its own hardware address as the next hop's; answers must carry it to be let in.
    to_near_end = (_FAR_END, _IPV4, 0, 0, bytes.fromhex(hardware.replace(":", "")))
    return Wire(
        made_as="veth",
        fileno=port.fileno(),
        read=partial(port.recv, _MOST_BYTES),
        write=lambda packet: port.sendto(packet, to_near_end),
        close=port.close,
    )


def _widen(port: socket.socket) -> None:
    try:
        port.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    except PermissionError:  # only the administrator of the first user namespace may go beyond net.core.rmem_max
        port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
