"""ICMP echo to tens of thousands of targets over one socket per address family.

- wire: what an echo request looks like, and the two address families
- sockets: which socket the kernel grants, and how it is set up
- vectors: many datagrams per system call (sendmmsg, recvmmsg)
- requests: the table of requests in flight, and of those just over
- verdicts: which reply answers which request, and what is wrong with the others
- lane: one family's socket, vectors and table, working together
- pinger: both families behind `ports.Pinger`
"""

from netmon.probes.icmp.pinger import IcmpPinger, open_pinger
from netmon.probes.icmp.verdicts import ReplyFault

__all__ = ["IcmpPinger", "ReplyFault", "open_pinger"]
