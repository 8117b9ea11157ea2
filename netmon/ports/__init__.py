"""What netmon needs from the world: tiny Protocols. Each docstring is a promise that one contract suite checks."""

from netmon.ports.probing import (
    IsolationSensor,
    LeisureReader,
    OltLink,
    PathTracer,
    PingBatch,
    Pinger,
    SnmpBatch,
    SnmpPlan,
    SnmpReader,
)
from netmon.ports.showing import Exporter, ExporterSources, Route
from netmon.ports.storing import OutboxState, Store, TicketAction
from netmon.ports.telling import Notifier, Parting, ReportReader, StatusAsker, TakeReport, parting_unrecorded
from netmon.ports.world import Clock, Vitals

__all__ = [
    "Clock",
    "Exporter",
    "ExporterSources",
    "IsolationSensor",
    "LeisureReader",
    "Notifier",
    "OltLink",
    "OutboxState",
    "Parting",
    "PathTracer",
    "PingBatch",
    "Pinger",
    "ReportReader",
    "Route",
    "SnmpBatch",
    "SnmpPlan",
    "SnmpReader",
    "StatusAsker",
    "Store",
    "TakeReport",
    "TicketAction",
    "Vitals",
    "parting_unrecorded",
]
