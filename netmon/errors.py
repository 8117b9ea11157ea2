"""Every error netmon raises on purpose.

    NetmonError
    ├── InputError            an operator's file, address, id or option is wrong: one sentence, exit code 2
    │   └── ComplaintsError   many such sentences at once, each with file, row and column
    ├── ProbeError            probing cannot go on
    │   ├── SocketRefusedError  the kernel grants neither kind of ICMP socket
    │   └── SnmpDecodeError     a datagram is not the SNMP message it claims to be
    ├── StoreError            the database cannot be used: full, read-only, corrupt, too new
    ├── NotYetError           what netmon needs of the machine may come later: it has ended to be started again
    └── RouteNotFoundError    an exporter has no such page

Foreign errors stop at the adapter that caused them and become one of these. A mistake of netmon's own is no NetmonError
but a ValueError or LookupError, such as `netmon.model.health.IllegalMoveError`.
"""

from collections.abc import Sequence


class NetmonError(Exception):
    """Base of all; its text is a sentence for the operator."""


class InputError(NetmonError):
    """What the operator gave is wrong; the text says what and what to do."""


class ComplaintsError(InputError):
    """Everything that is wrong with a set of files."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = tuple(complaints)


class ProbeError(NetmonError):
    """Probing cannot go on."""


class SocketRefusedError(ProbeError):
    """The kernel grants no ICMP socket; the text says what to set."""


class SnmpDecodeError(ProbeError):
    """A datagram is not the SNMP message it claims to be."""


class StoreError(NetmonError):
    """The database cannot be used."""


class NotYetError(NetmonError):
    """The machine is not ready for netmon; a later start may find it so."""


class RouteNotFoundError(NetmonError):
    """An exporter has no such page."""
