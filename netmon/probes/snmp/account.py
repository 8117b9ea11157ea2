"""What the client counts, handed to the vital signs as it grows."""

from netmon.model.vitals import Vital
from netmon.ports import Vitals
from netmon.probes.snmp.client import SnmpClient
from netmon.probes.snmp.reasons import RejectReason


class Account:
    """Hands what the client counts to the vital signs."""

    def __init__(self, client: SnmpClient, vitals: Vitals) -> None:
        self._counters = client.counters
        self._vitals = vitals
        self._sent = 0
        self._drops = 0
        self._rejects: dict[RejectReason, int] = dict.fromkeys(RejectReason, 0)

    def settle(self) -> None:
        """Count what has been added since the last time."""
        counters = self._counters
        if counters.sent > self._sent:
            self._vitals.count(Vital.SNMP_REQUESTS, counters.sent - self._sent)
            self._sent = counters.sent
        if counters.kernel_drops > self._drops:
            self._vitals.count(Vital.DATAGRAMS_DROPPED, counters.kernel_drops - self._drops, "snmp")
            self._drops = counters.kernel_drops
        for reason, number in counters.rejects.items():
            if number > self._rejects[reason]:
                self._vitals.count(Vital.SNMP_REJECTED, number - self._rejects[reason], reason.value)
                self._rejects[reason] = number
