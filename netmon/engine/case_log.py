"""The log's lines about faults and tickets: one for each change, once it is on disk."""

import logging

from netmon.model.decisions import AddVillages, ChangeFault, OpenFault, OpenTicket, ResolveFault, StoredDecision
from netmon.model.faults import Fault

log = logging.getLogger(__name__)


def tell(decision: StoredDecision) -> None:
    """Say what has been carried out; notices are the courier's to tell of."""
    match decision:
        case OpenFault(fault):
            log.info(
                "fault=%s state=open cause=%s confidence=%.2f scope=%s key=%r villages=%d",
                *(fault.id, fault.cause, fault.confidence, fault.scope, fault.key, len(fault.villages)),
            )
        case ChangeFault(Fault() as fault, note):
            log.info(
                "fault=%s state=changed cause=%s confidence=%.2f what=%r",
                *(fault.id, fault.cause, fault.confidence, note),
            )
        case ResolveFault(fault=ended, resolution=resolution, merged_into=survivor):
            log.info("fault=%s state=over resolution=%s into=%s", ended, resolution, survivor or "-")
        case OpenTicket(fault=of, centre=centre, villages=villages):
            log.info("fault=%s ticket=opened centre=%s villages=%d", of, centre, len(villages))
        case AddVillages(fault=of, centre=centre, villages=villages):
            log.info("fault=%s ticket=extended centre=%s villages=%d", of, centre, len(villages))
        case _:
            pass
