"""The exception tree.

NetmonError
└── ProbeError
    └── SnmpDecodeError
"""


class NetmonError(Exception):
    """Anything netmon itself raises."""


class ProbeError(NetmonError):
    """A probe could not do its work."""


class SnmpDecodeError(ProbeError):
    """Bytes that are not an SNMP message netmon accepts."""
