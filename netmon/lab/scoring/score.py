"""The report of a drill, computed from what it kept."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import Any

from netmon.lab.scoring.figures import spread
from netmon.lab.scoring.kept import Kept, KeptVillage, Message
from netmon.lab.scoring.matching import ScoredTicket, score_tickets
from netmon.lab.scoring.truth import Spell, TrueEvent, Truth, read_truth
from netmon.model.ids import CentreId, VillageId

Report = dict[str, Any]
_ONCE = frozenset({"opened", "resolved"})
"""Stages of which a person gets one mail for a ticket."""
_ALARM = "blind"


@dataclass(frozen=True, slots=True)
class _Drill:
    """Everything kept, read."""

    truth: Truth
    tickets: Sequence[ScoredTicket]
    villages: Mapping[VillageId, KeptVillage]
    messages: Sequence[Message]

    def centre(self, village: VillageId) -> CentreId:
        """Who looks after a village; '' for one that is in no file."""
        return self.villages[village].centre if village in self.villages else CentreId("")

    def spells(self, event: TrueEvent) -> list[Spell]:
        """An event's spells where something is built."""
        return [one for village, one in event.spells.items() if not self._is_planned(village)]

    def _is_planned(self, village: VillageId) -> bool:
        return village in self.villages and self.villages[village].is_planned

    def answering(self, event: TrueEvent) -> list[ScoredTicket]:
        """Tickets that answer to the event and stand, the first of each centre and those too many."""
        return [one for one in self.tickets if one.event == event.id and not one.is_withdrawn]

    def due_centres(self, event: TrueEvent) -> set[CentreId]:
        """Service centres that are due a ticket."""
        return {self.centre(one.village) for one in self.spells(event) if one.due_from is not None}


def score(kept: Kept) -> Report:
    """The whole report.

    Raises:
        InputError: something of what was kept is missing or broken.
    """
    played = kept.read_played()
    patience = float(played["patience"])
    truth = read_truth(kept.ledger, ended=float(played["ended"]), patience=patience)
    villages = kept.read_villages()
    tickets = score_tickets(kept.read_tickets(), truth.events, villages, lag=patience)
    drill = _Drill(truth, tickets, villages, kept.read_messages())
    events = [_event(drill, one) for one in truth.events if one.kind not in _OWN]
    return {
        "scenario": played["scenario"]["name"],
        "events": events,
        "overall": _overall(drill, events),
        "isolations": _isolations(drill),
        "notices": _notices(drill.messages),
        "defaults": {"hash": fingerprint(played["defaults"]), **played["defaults"]},
        "changed_by_scenario": played["changed"],
        "daemon": played["daemon"],
    }


_OWN = frozenset({"poller_isolation", "restart_netmon"})


def fingerprint(defaults: Mapping[str, Any]) -> str:
    """The same for the same defaults, so that two drills can be compared."""
    return sha256(json.dumps(defaults, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _event(drill: _Drill, event: TrueEvent) -> Report:
    answering, due = drill.answering(event), [one for one in drill.spells(event) if one.due_from is not None]
    main = max(answering, key=lambda one: len(one.listings), default=None)
    listed: set[VillageId] = set(chain.from_iterable(one.listings for one in answering))
    return {
        "event": event.id,
        "kind": event.kind,
        "cause": event.cause,
        "villages": len(drill.spells(event)),
        "tickets": [one.number for one in answering],
        "tickets_wanted": len(drill.due_centres(event)),
        "cause_first": main.states[0].cause if main else None,
        "cause_last": main.states[-1].cause if main else None,
        "seconds_to_ticket": spread(_seconds_to_ticket(due, answering)),
        "seconds_to_resolved": spread(_seconds_to_resolved(drill.spells(event), answering)),
        "villages_missed": sorted(one.village for one in due if one.village not in listed),
        "villages_wrongly_listed": sorted(set(chain.from_iterable(one.wrongly_listed for one in answering))),
    }


def _seconds_to_ticket(due: Sequence[Spell], answering: Sequence[ScoredTicket]) -> list[float]:
    found = []
    for spell in due:
        moments = [one.listings[spell.village].at for one in answering if spell.village in one.listings]
        if moments and spell.due_from is not None:
            found.append(max(0.0, min(moments) - spell.due_from))
    return found


def _seconds_to_resolved(spells: Sequence[Spell], answering: Sequence[ScoredTicket]) -> list[float]:
    """From the village's own repair until no ticket of the event called it dark any more."""
    found = []
    for spell in spells:
        listings = [one.listings[spell.village] for one in answering if spell.village in one.listings]
        ends = [one.dark_until for one in listings if one.dark_until is not None]
        if spell.until is not None and listings and len(ends) == len(listings):
            found.append(max(0.0, max(ends) - spell.until))
    return found


def _overall(drill: _Drill, events: Sequence[Report]) -> Report:
    standing = [one for one in drill.tickets if not one.is_withdrawn]
    right, due, met = 0, 0, 0
    answered: set[tuple[str, CentreId]] = set()
    for event in drill.truth.events:
        pairs = {one.centre for one in drill.answering(event)} if event.cause is not None else set()
        answered |= {(event.id, centre) for centre in pairs}
        right += len(pairs)
        wanted = drill.due_centres(event)
        due, met = due + len(wanted), met + len(wanted & pairs)
    dues = [(e, one) for e in drill.truth.events for one in drill.spells(e) if one.due_from is not None]
    to_ticket = [s for e in drill.truth.events for s in _seconds_to_ticket(_due(drill, e), drill.answering(e))]
    to_resolved = [s for e in drill.truth.events for s in _seconds_to_resolved(drill.spells(e), drill.answering(e))]
    return {
        "tickets": len(standing),
        "tickets_withdrawn_as_merged": len(drill.tickets) - len(standing),
        "tickets_right": right,
        "tickets_wanted": due,
        "precision": _ratio(right, len(standing)),
        "recall": _ratio(met, due),
        "answer_to_no_event": [one.number for one in standing if not one.event],
        "one_too_many": len([one for one in standing if one.event]) - right,
        "cause_right_at_end": _ratio(*_causes(drill)),
        "seconds_to_ticket": spread(to_ticket),
        "seconds_to_resolved": spread(to_resolved),
        "villages_due": len(dues),
        "villages_missed": sum(len(one["villages_missed"]) for one in events),
        "villages_wrongly_listed": sum(len(one["villages_wrongly_listed"]) for one in events),
    }


def _due(drill: _Drill, event: TrueEvent) -> list[Spell]:
    return [one for one in drill.spells(event) if one.due_from is not None]


def _causes(drill: _Drill) -> tuple[int, int]:
    """(standing tickets that named their event's cause at the end, those that answer to one)."""
    cause = {event.id: event.cause for event in drill.truth.events}
    answering = [one for one in drill.tickets if one.event and not one.is_withdrawn]
    return sum(one.states[-1].cause is cause[one.event] for one in answering), len(answering)


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _isolations(drill: _Drill) -> Report:
    """Netmon's own absences: one alarm each, and no ticket while one lasts."""
    opened = [one.states[0].opened_at for one in drill.tickets]
    alarms = {one.key for one in drill.messages if one.stage == _ALARM}
    return {
        "count": len(drill.truth.isolations),
        "alarms": len(alarms),
        "tickets_meanwhile": sum(since <= at <= until for at in opened for since, until in drill.truth.isolations),
    }


def _notices(messages: Sequence[Message]) -> Report:
    keys = Counter((one.channel, one.key, one.to) for one in messages)
    stages = Counter((one.to, one.ticket, one.stage) for one in messages if one.ticket and one.stage in _ONCE)
    people = Counter(one.to for one in messages)
    return {
        "mails": sum(one.channel == "mail" for one in messages),
        "sms": sum(one.channel == "sms" for one in messages),
        "per_person": spread(list(people.values())),
        "same_twice": sum(number - 1 for number in keys.values()),
        "same_stage_twice": sum(number - 1 for number in stages.values()),
    }
