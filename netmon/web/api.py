"""The JSON API, read only. No answer carries a phone number or a contact's name."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Query, Response
from numpy.typing import NDArray

from netmon.model.cases import Case
from netmon.model.country import village_health, village_since
from netmon.model.health import Health
from netmon.model.inventory import Village
from netmon.model.tickets import Ticket
from netmon.web import answers
from netmon.web.overview import Moment, look_over
from netmon.web.sources import PageSources
from netmon.web.whiteboard import Whiteboard
from netmon.web.writing import JSON, NOT_KEPT, moment_of, time_or_none, written

MOST_VILLAGES = 1_000
"""In one answer."""
_AT_A_TIME = 250
"""Villages looked up before others have the loop: about 1 ms."""

_HEALTH_WORDS = [health.label for health in sorted(Health)]
"""By code."""
Language = Literal["th", "en"]


def api_router(sources: PageSources, whiteboard: Whiteboard) -> APIRouter:
    """Everything under `/api/v1`."""
    router = APIRouter(prefix="/api/v1", tags=["country"])

    @router.get("/overview", response_model=answers.OverviewAnswer)
    async def overview() -> Response:
        """Count villages by health and region, open faults, open tickets."""
        moment = await whiteboard.moment()
        return written(_overview(sources, moment))

    @router.get("/villages", response_model=answers.VillagePage)
    async def villages(
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_VILLAGES)] = 100,
        health: answers.HealthWord | None = None,
        province: Annotated[str | None, Query(pattern=r"^\d{2}$")] = None,
    ) -> Response:
        """List villages, a page at a time; all of them, or those of one health or province."""
        moment = await whiteboard.moment()
        chosen = _chosen(moment, health, province)
        rows = chosen[offset : offset + limit].tolist()
        # Plain values of the shape of `answers.VillagePage`: a thousand models cost several times as much.
        found: list[dict[str, Any]] = []
        for start in range(0, len(rows), _AT_A_TIME):
            found += _villages(moment, rows[start : start + _AT_A_TIME])
            await asyncio.sleep(0)
        page = {"total": len(chosen), "offset": offset, "villages": found}
        return Response(orjson.dumps(page, option=orjson.OPT_UTC_Z), media_type=JSON, headers=NOT_KEPT)

    @router.get("/faults", response_model=answers.FaultList)
    async def faults(language: Language = "th") -> Response:
        """List open faults; the sentence says why netmon believes in them."""
        opened = [case for case in sources.country.cases if case.fault.is_open]
        return await asyncio.to_thread(_faults, opened, sources, language)

    @router.get("/tickets", response_model=answers.TicketList)
    async def tickets() -> Response:
        """List tickets of open faults."""
        return await asyncio.to_thread(_tickets, sources.country.cases)

    return router


def _words(counts: Mapping[Health, int]) -> dict[str, int]:
    return {health.label: count for health, count in counts.items()}


def _overview(sources: PageSources, moment: Moment) -> answers.OverviewAnswer:
    seen, isolation = look_over(moment), sources.country.isolation
    blind = None if isolation is None else answers.Blindness(since=moment_of(isolation.since), reason=isolation.reason)
    return answers.OverviewAnswer(
        at=moment_of(sources.clock.now().wall),
        last_probe=time_or_none(seen.last_probe),
        blind=blind,
        villages=_words(seen.villages),
        regions=[answers.RegionCounts(region=region, villages=_words(row)) for region, row in seen.regions.items()],
        not_in_service=seen.unopened,
        faults_open=seen.faults,
        villages_affected=seen.dark,
        tickets_open=seen.tickets,
        devices_answered=seen.answered,
    )


def _chosen(moment: Moment, health: answers.HealthWord | None, province: str | None) -> NDArray[np.intp]:
    """Which of the places' villages match."""
    chosen = np.ones(len(moment.places.villages), np.bool_)
    if health is not None:
        chosen &= village_health(moment.fleet, moment.places.rows) == Health[health.upper()]
    if province is not None:
        chosen &= moment.places.provinces == province
    return np.flatnonzero(chosen)


def _villages(moment: Moment, numbers: list[int]) -> list[dict[str, Any]]:
    """Each as `answers.VillageAnswer`."""
    rows = moment.places.rows[numbers]
    codes, since = village_health(moment.fleet, rows), village_since(moment.fleet, rows)
    found = [moment.places.villages[number] for number in numbers]
    return [_village(*one) for one in zip(found, codes.tolist(), since.tolist(), strict=True)]


def _village(village: Village, code: int, since: float) -> dict[str, Any]:
    return {
        "id": village.id,
        "name": village.name,
        "province": village.province_code,
        "province_name": village.province,
        "service_centre": village.centre,
        "health": _HEALTH_WORDS[code],
        "since": time_or_none(since),
    }


def _faults(cases: Sequence[Case], sources: PageSources, language: Language) -> Response:
    return written(answers.FaultList(faults=[_fault(case, sources, language) for case in cases]))


def _fault(case: Case, sources: PageSources, language: Language) -> answers.FaultAnswer:
    fault = case.fault
    return answers.FaultAnswer(
        id=fault.id,
        scope=fault.scope,
        key=fault.key,
        cause=fault.cause,
        priority=fault.priority,
        confidence=fault.confidence,
        overruled_by=fault.overruled_by,
        failed_at=moment_of(fault.failed_at),
        opened_at=moment_of(fault.opened_at),
        villages=list(fault.villages),
        dark_villages=list(fault.dark_villages),
        tickets=[ticket.number for ticket in case.tickets],
        sentence=sources.explain(fault, language),
    )


def _tickets(cases: Sequence[Case]) -> Response:
    return written(answers.TicketList(tickets=[_ticket(ticket, case) for case in cases for ticket in case.tickets]))


def _ticket(ticket: Ticket, case: Case) -> answers.TicketAnswer:
    return answers.TicketAnswer(
        number=ticket.number,
        fault=ticket.fault,
        cause=case.fault.cause,
        priority=case.fault.priority,
        service_centre=ticket.centre,
        status=ticket.status,
        opened_at=moment_of(ticket.opened_at),
        accepted_at=time_or_none(ticket.accepted_at),
        villages=list(ticket.villages),
    )
