"""A notice becomes a letter: everything its notifier needs, looked up when it leaves.

A corrected number or a new name is therefore used at once, and the letter shows the fault as it is now.
"""

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.model.ids import VillageId
from netmon.model.inventory import Village
from netmon.model.notices import Audience, Channel, Letter, Notice, Person, Recipient, Tried
from netmon.model.tickets import Ticket, TicketEvent
from netmon.ports import Clock, Store


class Undeliverable(StrEnum):
    """Why a notice cannot even be tried."""

    NO_GATEWAY = "no gateway is set up for this channel"
    NO_PERSON = "this person is not in the inventory"
    NO_EMAIL = "no e-mail address"
    NO_MOBILE = "no mobile number"
    NO_FAULT = "its fault is not in the database"


class Letters:
    """Makes letters; `channels` are those that have a gateway, `noc` is whom notices to the NOC go to."""

    def __init__(
        self, store: Store, country: Country, channels: Collection[Channel], *, clock: Clock, noc: Person
    ) -> None:
        self._store = store
        self._country = country
        self._channels = channels
        self._clock = clock
        self.noc = noc
        self.tried: Tried | None = None

    async def letter(self, notice: Notice) -> Letter | Undeliverable:
        """The letter of a notice, or why there can be none.

        Raises:
            StoreError: its fault cannot be read.
        """
        person = self._person(notice.recipient)
        obstacle = self._obstacle(notice.channel, person)
        if person is None or obstacle is not None:
            return obstacle or Undeliverable.NO_PERSON
        letter = Letter(notice=notice, person=person, at=self._clock.now().wall)
        if notice.fault is None:
            return letter
        case = await self._store.case(notice.fault)
        if case is None:
            return Undeliverable.NO_FAULT
        ticket = next((one for one in reversed(case.tickets) if one.centre == notice.centre), None)
        inventory = self._country.inventory
        return replace(
            letter,
            fault=case.fault,
            ticket=ticket,
            centre=None if notice.centre is None else inventory.centres.get(notice.centre),
            villages=self._villages(notice.recipient, case.fault.villages if ticket is None else ticket.villages),
            devices=tuple(
                inventory.devices[inventory.index_of[member.device]]
                for member in case.fault.members
                if member.device in inventory.index_of
            ),
            history=await self._history(ticket),
            tried=self._tried(case.fault),
        )

    def _tried(self, fault: Fault) -> Tried | None:
        """What was done about the devices that are still dead; the Fleet knows when they were asked and answered."""
        fleet, index_of, now = self._country.fleet, self._country.inventory.index_of, self._clock.now()
        dark = [one.device for one in fault.members if one.recovered_at is None]
        rows = [index_of[device] for device in dark if device in index_of and index_of[device] < fleet.size]
        if self.tried is None or not fault.is_open or not rows:
            return None

        def newest(column: NDArray[np.float64]) -> float | None:
            known = column[rows][~np.isnan(column[rows])]
            return now.wall - (now.monotonic - float(known.max())) if known.size else None

        return replace(self.tried, last_try=newest(fleet.probed_at), last_answer=newest(fleet.answered_at))

    async def _history(self, ticket: Ticket | None) -> tuple[TicketEvent, ...]:
        file = None if ticket is None else await self._store.ticket(ticket.number)
        return () if file is None else file.history

    def _obstacle(self, channel: Channel, person: Person | None) -> Undeliverable | None:
        if channel not in self._channels:
            return Undeliverable.NO_GATEWAY
        if person is None:
            return Undeliverable.NO_PERSON
        if channel is Channel.MAIL and not person.email:
            return Undeliverable.NO_EMAIL
        if channel is Channel.SMS and not person.mobile:
            return Undeliverable.NO_MOBILE
        return None

    def _person(self, recipient: Recipient) -> Person | None:
        inventory = self._country.inventory
        if recipient.audience is Audience.NOC:
            return self.noc
        if recipient.audience is Audience.VOLUNTEER:
            volunteer = inventory.volunteers.get(VillageId(recipient.id))
            if volunteer is None:
                return None
            return Person(volunteer.name, mobile=volunteer.mobile, language=volunteer.language)
        found = next((one for one in inventory.technicians if one.id == recipient.id), None)
        return None if found is None else Person(found.name, found.email, found.mobile, found.language)

    def _villages(self, recipient: Recipient, ids: tuple[VillageId, ...]) -> tuple[Village, ...]:
        """The ticket's villages; to a volunteer only the own one matters."""
        wanted = (VillageId(recipient.id),) if recipient.audience is Audience.VOLUNTEER else ids
        villages = self._country.inventory.villages
        return tuple(villages[one] for one in wanted if one in villages)
