"""The shapes of the JSON API's answers. Times are RFC 3339 in UTC; words are those of the design."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

HealthWord = Literal["unknown", "up", "suspect", "down", "unreachable", "blind", "recovering"]


class Readiness(BaseModel):
    """Whether netmon can be relied on, and one sentence for each reason why not."""

    ready: bool
    reasons: list[str]


class Blindness(BaseModel):
    """netmon itself is cut off."""

    since: datetime
    reason: str


class RegionCounts(BaseModel):
    """Villages of one region by health."""

    region: str
    villages: dict[str, int]


class OverviewAnswer(BaseModel):
    """The country at a glance: villages by the health of their access point, open faults and tickets."""

    at: datetime
    last_probe: datetime | None = Field(description="Newest probe of any device; null where none was ever sent.")
    blind: Blindness | None = Field(description="Set while netmon itself is cut off.")
    villages: dict[str, int]
    regions: list[RegionCounts]
    not_in_service: int = Field(description="Villages of unknown health whose access point is planned or suspended.")
    faults_open: int
    villages_affected: int = Field(description="Villages on open faults that have not recovered.")
    tickets_open: int
    devices_answered: int = Field(description="Devices that have answered at least once since netmon started.")


class VillageAnswer(BaseModel):
    """One Wi-Fi point."""

    id: str
    name: str
    province: str = Field(description="DOPA code, two digits.")
    province_name: str
    service_centre: str
    health: HealthWord
    since: datetime | None = Field(description="Since when it has this health; null where that is not known.")


class VillagePage(BaseModel):
    """Part of the villages that match, in inventory order."""

    total: int = Field(description="How many match in all.")
    offset: int
    villages: list[VillageAnswer]


class FaultAnswer(BaseModel):
    """One open fault."""

    id: str
    scope: str
    key: str
    cause: str
    priority: str = Field(description="low where nobody is without Wi-Fi, else normal.")
    confidence: float
    overruled_by: str = Field(description="Who overruled the cause; empty where nobody did.")
    failed_at: datetime
    opened_at: datetime
    villages: list[str] = Field(description="Every village ever affected.")
    dark_villages: list[str] = Field(description="Those that have not recovered.")
    tickets: list[str]
    sentence: str


class TicketAnswer(BaseModel):
    """One ticket of an open fault."""

    number: str
    fault: str
    cause: str
    priority: str = Field(description="That of its fault: low where nobody is without Wi-Fi, else normal.")
    service_centre: str
    status: str
    opened_at: datetime
    accepted_at: datetime | None
    villages: list[str]


class FaultList(BaseModel):
    """All open faults, oldest first."""

    faults: list[FaultAnswer]


class TicketList(BaseModel):
    """Tickets of open faults."""

    tickets: list[TicketAnswer]


AgentWord = Literal["answering", "silent", "mute", "unknown"]


class DeviceAnswer(BaseModel):
    """One device, and what is known of its SNMP agent."""

    id: str
    name: str
    role: str
    village: str = Field(description="Empty where it serves many.")
    parent: str = Field(description="What it hangs on; empty where that is not known.")
    address: str
    lifecycle: str
    health: HealthWord
    since: datetime | None = Field(description="Since when it has this health; null where that is not known.")
    agent: AgentWord = Field(
        description="Of a device that answers ping: whether it answers SNMP, has fallen silent, or was asked and never "
        "spoke (a wrong credential, or none set up). unknown where it was not asked, or does not answer ping."
    )
    agent_missed: int = Field(description="Polls in a row without an answer.")


class DevicePage(BaseModel):
    """Part of the devices that match, in inventory order."""

    total: int = Field(description="How many match in all.")
    offset: int
    devices: list[DeviceAnswer]


class DeviceChangeAnswer(BaseModel):
    """One line of a device's history."""

    at: datetime
    what: str = Field(description="met, replaced, model or firmware.")
    now: str
    was: str
    address: str = Field(description="Where it answered then.")


class DeviceHistoryAnswer(BaseModel):
    """What has become of a device, oldest first."""

    device: str
    events: list[DeviceChangeAnswer]
