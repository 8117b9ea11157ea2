"""Whether netmon heard everything: what the kernel dropped because a socket's receive buffer was full."""

import math
import socket
import struct
from collections.abc import Sequence

_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")  # the last is SK_MEMINFO_DROPS


def drops_of(sock: socket.socket) -> int:
    """How many datagrams the kernel has dropped for want of room, modulo 2^32.

    SO_RXQ_OVFL tells only with the next datagram that does find room, and ping sockets do not have it.
    """
    return int(_MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1])


class Hearing:
    """Remembers when sockets last dropped something: of what was asked before, silence says nothing."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self._sockets = sockets
        self._drops = [drops_of(sock) for sock in sockets]
        self._deaf_until = -math.inf

    def listen(self, now: float) -> None:
        """Look whether something was dropped since the last time; `now` is monotonic seconds."""
        drops = [drops_of(sock) for sock in self._sockets]
        if drops != self._drops:
            self._drops, self._deaf_until = drops, now

    def has_lost_since(self, asked_at: float) -> bool:
        """Whether an answer to what was asked then may have been dropped."""
        return asked_at <= self._deaf_until
