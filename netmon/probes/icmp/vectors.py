"""Many datagrams per system call: sendmmsg and recvmmsg over arrays laid out once.

Python's socket module takes one datagram per call and makes a handful of objects of each; one machine did 105,000
echoes per CPU-second that way and 160,000 this way. The arrays are what the kernel reads and writes (`struct mmsghdr`,
`iovec`, `cmsghdr`): only pointers and lengths change from call to call.
"""

import ctypes

import numpy as np
from numpy.typing import NDArray

from netmon.probes.icmp.sockets import IP_HEADER, SO_TIMESTAMPNS
from netmon.probes.icmp.wire import FILLER, MESSAGE, MESSAGE_SIZE, SEQUENCE_MASK, Family, checksums

_POINTER = np.uintp
_IOVEC = np.dtype([("base", _POINTER), ("length", _POINTER)])
_MSGHDR = np.dtype(
    [
        ("name", _POINTER), ("name_size", np.uint32), ("iov", _POINTER), ("iov_count", _POINTER),
        ("control", _POINTER), ("control_size", _POINTER), ("flags", np.int32),
    ],
    align=True,
)  # fmt: skip
_MMSGHDR = np.dtype([("header", _MSGHDR), ("length", np.uint32)], align=True)
_CONTROL = np.dtype([("size", _POINTER), ("level", np.int32), ("kind", np.int32), ("time", np.int_, 2)])
"""The one control message asked for: the receive time stamp, a `struct timespec`."""
_SOURCE_SIZE = 28
_CELL = 128
"""Bytes kept of a datagram: the longest IP header and our message, with room to see that a reply is too long."""

_libc = ctypes.CDLL(None, use_errno=True)
_sendmmsg, _recvmmsg = _libc.sendmmsg, _libc.recvmmsg
_sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
_recvmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)


def _headers(size: int, cells: NDArray[np.generic], length: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Message headers with one buffer each; also the buffer list, which must live as long."""
    iov = np.zeros(size, _IOVEC)
    iov["base"] = cells.ctypes.data + np.arange(size, dtype=_POINTER) * cells.strides[0]
    iov["length"] = length
    headers = np.zeros(size, _MMSGHDR)
    headers["header"]["iov"] = iov.ctypes.data + np.arange(size, dtype=_POINTER) * _IOVEC.itemsize
    headers["header"]["iov_count"] = 1
    return headers, iov


class Outgoing:
    """A burst of echo requests."""

    def __init__(self, family: Family, ident: int, size: int) -> None:
        self.size = size
        self._messages = np.zeros(size, MESSAGE)
        self._messages["kind"] = family.request
        self._messages["ident"] = ident
        self._messages["filler"] = FILLER
        self._headers, self._iov = _headers(size, self._messages, MESSAGE_SIZE)
        self._headers["header"]["name_size"] = family.sockaddr_size
        self._names = self._headers["header"]["name"]
        self._at = self._headers.ctypes.data

    def load(self, names: NDArray[np.uintp], slots: NDArray[np.int64], tokens: NDArray[np.uint64]) -> None:
        """Write the next burst: pointers to socket addresses, slot numbers, tokens."""
        count = names.size
        messages = self._messages[:count]
        messages["sequence"] = slots & SEQUENCE_MASK
        messages["slot"] = slots
        messages["token"] = tokens
        messages["checksum"] = checksums(messages)
        self._names[:count] = names

    def send(self, fd: int, start: int, stop: int) -> int:
        """Send the burst's requests from `start` on; returns how many went, or the first one's error number negated."""
        sent: int = _sendmmsg(fd, self._at + start * _MMSGHDR.itemsize, stop - start, 0)
        return sent if sent >= 0 else -ctypes.get_errno()


class Incoming:
    """Room for a batch of datagrams. After `receive`, the first rows of the columns describe those read.

    `messages` and `lengths` (bytes, IP header aside); `sources`, the sender's address as machine words; `stamps`, the
    kernel's receive time in Unix nanoseconds, 0 where it gave none.
    """

    def __init__(self, family: Family, header: int, size: int) -> None:
        self.size = size
        self._header = header
        self._cells = np.zeros((size, _CELL), np.uint8)
        self._headers, self._iov = _headers(size, self._cells, _CELL)
        self._at = self._headers.ctypes.data
        self._sources = np.zeros((size, _SOURCE_SIZE), np.uint8)
        self._control = np.zeros(size, _CONTROL)
        inner = self._headers["header"]
        inner["name"] = self._sources.ctypes.data + np.arange(size, dtype=_POINTER) * _SOURCE_SIZE
        inner["control"] = self._control.ctypes.data + np.arange(size, dtype=_POINTER) * _CONTROL.itemsize
        self._name_sizes, self._control_sizes = inner["name_size"], inner["control_size"]
        self.messages = np.ndarray((size,), MESSAGE, self._cells.data, header, (_CELL,))
        self.sources = address_words(self._sources, family)
        self.lengths = np.zeros(size, np.int64)
        self.stamps = np.zeros(size, np.int64)

    def receive(self, fd: int) -> int:
        """Read what is there without waiting; returns how many, 0 for none."""
        self._name_sizes[:] = _SOURCE_SIZE
        self._control_sizes[:] = _CONTROL.itemsize
        count: int = _recvmmsg(fd, self._at, self.size, 0, None)
        if count <= 0:
            # Nothing there (EAGAIN), or an error of the socket, which the kernel clears by reporting it.
            return 0
        self.lengths[:count] = self._headers["length"][:count]
        if self._header == IP_HEADER:
            self._strip_ip(count)
        control = self._control[:count]
        stamped = (self._control_sizes[:count] > 0) & (control["kind"] == SO_TIMESTAMPNS)
        times = control["time"].astype(np.int64, copy=False)
        self.stamps[:count] = np.where(stamped, times[:, 0] * 1_000_000_000 + times[:, 1], 0)
        return count

    def _strip_ip(self, count: int) -> None:
        lengths = (self._cells[:count, 0] & 0x0F) * 4
        self.lengths[:count] -= lengths
        for row in np.flatnonzero(lengths != IP_HEADER):  # IP options push the message back; hardly anybody sends any
            message = self._cells[row, lengths[row] :].copy()
            self._cells[row, IP_HEADER : IP_HEADER + message.size] = message


def address_words(sockaddrs: NDArray[np.uint8], family: Family) -> NDArray[np.unsignedinteger]:
    """The addresses in rows of socket addresses as machine words, a view: one of 32 bits, or four of them."""
    return np.ndarray(
        (len(sockaddrs), family.address_size // 4),
        np.uint32,
        sockaddrs.data,
        family.address_at,
        (sockaddrs.strides[0], 4),
    )
