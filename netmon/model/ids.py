"""Identifiers. A village's id carries its place, so province, amphoe and tambon follow from it (DESIGN section 2)."""

import re
from typing import NewType

VillageId = NewType("VillageId", str)
DeviceId = NewType("DeviceId", str)
CentreId = NewType("CentreId", str)
TechnicianId = NewType("TechnicianId", str)
FaultId = NewType("FaultId", str)
TicketNumber = NewType("TicketNumber", str)

_VILLAGE_ID = re.compile(r"[1-9][0-9]{7}(-[2-9]|-[1-9][0-9])?")


def village_id(text: str) -> VillageId:
    """Parse a DOPA village code: tambon (6 digits) + moo (2 digits), with `-2`, `-3` ... for further points there.

    Raises:
        ValueError: the text is no such code; the message is a sentence for the operator.
    """
    if not _VILLAGE_ID.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a village id; write 6 digits of tambon and 2 of moo, e.g. 34010105 or 34010105-2"
        )
    return VillageId(text)
