"""First contact with a device: which profile, which rows, which interfaces; by walks of just the columns needed.

Everything that may ever be polled is then read once by GET. What the device does not have is left out of the plans,
and what it says decides between 64-bit and 32-bit counters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netmon.model.profiles import IdentityRules, Oid, Profile, Rule, Text, TextPiece
from netmon.model.readings import Identity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.cells import Columns, Row, columns_of, rows_of
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.identify import SystemGroup, identify, read_system
from netmon.probes.snmp.interfaces import (
    DEFAULT_ROUTES,
    IF_ALIAS,
    IF_DESCR,
    IF_NAME,
    IF_OPER_STATUS,
    Interface,
    choose_uplink,
    list_interfaces,
)
from netmon.probes.snmp.reader import ScoutingReader, SnmpReader
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.standard import TABLE_STAMPS, UPTIME_OIDS, interface_oids
from netmon.probes.snmp.text import clean
from netmon.probes.snmp.walk import WalkLimits

_LIMITS = WalkLimits(rows=5_000, seconds=60.0)
_ROUTE_LIMITS = WalkLimits(rows=4, seconds=10.0)
_FEW_ROWS = 3
"""What tables of a village's devices have."""
_SILENT = (FailureKind.TIMED_OUT, FailureKind.UNSENT)
_GONE = (Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE, Absent.END_OF_MIB_VIEW)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What first contact found out.

    Attributes:
        profile: the one that fits.
        system: the system group.
        identity: model, serial and firmware.
        interfaces: all but those the profile ignores.
        uplink: the one that leads to the network, if it is known.
        rows: for every rule of the profile, the rows it applies to.
        values: every instance the device has, with its first value.
        manner: how the device wants to be asked.
        tables: the columns that were walked.
    """

    profile: Profile
    system: SystemGroup
    identity: Identity
    interfaces: tuple[Interface, ...] = ()
    uplink: Interface | None = None
    rows: Mapping[Rule, tuple[Row, ...]] = field(default_factory=dict)
    values: Mapping[Oid, Value] = field(default_factory=dict)
    manner: Manner = field(default_factory=Manner)
    tables: Columns = field(default_factory=dict)


def manner_for(profile: Profile, learned: Manner) -> Manner:
    """How to ask a device of this profile, given what was learned while it was identified."""
    known = profile.manners
    repetitions = (known.max_repetitions or learned.max_repetitions) if known.bulk else 0
    return replace(
        learned,
        objects_per_request=known.objects_per_request or learned.objects_per_request,
        max_repetitions=repetitions,
        proven_repetitions=repetitions,
    )


async def discover(
    reader: SnmpReader, profiles: Mapping[str, Profile], *, named: str = "", system: SystemGroup | None = None
) -> Discovery | Failure | None:
    """Find out what a device is and has.

    Args:
        reader: the device.
        profiles: all there are, by name.
        named: the profile the inventory names for it; "", or a name no profile has, to recognise it.
        system: what it says of itself, if it has been asked already.

    Returns:
        The discovery; the failure that ended it; None if no profile fits.
    """
    if system is None:
        answered = await read_system(reader)
        if isinstance(answered, Failure):
            return answered
        system = answered
    profile = profiles[named] if named in profiles else await identify(reader, system, profiles)
    if not isinstance(profile, Profile):
        return profile
    reader.manner = manner_for(profile, reader.manner)
    return await _Explorer(reader, profile, system).explore()


class _Explorer:
    """One discovery under way; `_tables` are the columns walked so far."""

    def __init__(self, reader: SnmpReader, profile: Profile, system: SystemGroup) -> None:
        self._reader = reader
        self._profile = profile
        self._system = system
        self._tables: dict[Oid, dict[Oid, Value]] = {}

    async def explore(self) -> Discovery | Failure:
        profile = self._profile
        wanted = (
            IF_DESCR,
            IF_NAME,
            IF_ALIAS,
            IF_OPER_STATUS,
            *(oid for rule in profile.rules for oid in columns_of(rule)),
        )
        failure = await self._walk_all(dict.fromkeys(wanted))
        if failure is not None:
            return failure
        ignore = profile.interfaces.ignore
        interfaces = tuple(
            one for one in list_interfaces(self._tables) if ignore is None or not ignore.search(one.name)
        )
        uplink = choose_uplink(interfaces, profile.interfaces, None)
        if uplink is None and interfaces:
            uplink = choose_uplink(interfaces, profile.interfaces, await self._default_route())
        names = {one.index: one.name for one in interfaces}
        rows = {rule: rows_of(rule, self._tables, names) for rule in profile.rules}
        values = await self._prove(rows, interfaces)
        if isinstance(values, Failure):
            return values
        identity = await self._identity()
        if isinstance(identity, Failure):
            return identity
        manner = self._reader.manner
        return Discovery(profile, self._system, identity, interfaces, uplink, rows, values, manner, self._tables)

    async def _walk_all(self, columns: Iterable[Oid]) -> Failure | None:
        wanted = [column for column in columns if column not in self._tables]
        scouts = self._reader if isinstance(self._reader, ScoutingReader) else None
        short = await scouts.scout(wanted, _FEW_ROWS) if scouts is not None and len(wanted) > 1 else {}
        for column, rows in short.items():
            self._tables[column] = {bind.oid[len(column) :]: bind.value for bind in rows}
        for column in wanted:
            if column in short:
                continue
            result = await self._reader.walk(column, replace(_LIMITS, expected=self._rows_in_sight(column)))
            self._tables[column] = {bind.oid[len(column) :]: bind.value for bind in result.rows}
            if result.failure is not None and result.failure.kind in _SILENT:
                # Some agents hang on one table only; a device that is gone altogether ends the discovery.
                system = await read_system(self._reader)
                if isinstance(system, Failure):
                    return system
        return None

    def _rows_in_sight(self, column: Oid) -> int:
        """How many rows a column probably has: as many as those of its table walked before, else few."""
        walked = [len(rows) for oid, rows in self._tables.items() if oid[:-1] == column[:-1] and rows]
        return max(walked, default=_FEW_ROWS)

    async def _default_route(self) -> int | None:
        for table in DEFAULT_ROUTES:
            result = await self._reader.walk(table, _ROUTE_LIMITS)
            found = next((bind.value for bind in result.rows if isinstance(bind.value, int)), None)
            if found is not None:
                return found
        return None

    async def _prove(
        self, rows: Mapping[Rule, Sequence[Row]], interfaces: Sequence[Interface]
    ) -> dict[Oid, Value] | Failure:
        oids = [oid for rule, found in rows.items() if not rule.count_rows for row in found for oid in row.oids]
        oids += [oid for one in interfaces for oid in interface_oids(one.index)]
        unique = tuple(dict.fromkeys((*UPTIME_OIDS.values(), *TABLE_STAMPS, *oids)))
        values = await self._reader.get(unique)
        if isinstance(values, Failure):
            return values
        return {oid: value for oid, value in zip(unique, values, strict=True) if value not in _GONE}

    async def _identity(self) -> Identity | Failure:
        rules = self._profile.identity
        pieces = [piece for text in (*rules.model, *rules.serial, *rules.firmware) for piece in text]
        failure = await self._walk_all(piece.object.oid for piece in pieces if piece.object.is_column)
        if failure is not None:
            return failure
        scalars = tuple(dict.fromkeys(piece.object.oid for piece in pieces if not piece.object.is_column))
        values = await self._reader.get(scalars) if scalars else []
        if isinstance(values, Failure):
            return values
        known = dict(zip(scalars, values, strict=True))
        return identity_of(rules, known, self._tables)


def identity_of(rules: IdentityRules, scalars: Mapping[Oid, Value], tables: Columns) -> Identity:
    """What a device is, by the rules of its profile; pure."""
    return Identity(
        model=_first(rules.model, scalars, tables),
        serial=_first(rules.serial, scalars, tables),
        firmware=_first(rules.firmware, scalars, tables),
    )


def _first(texts: Iterable[Text], scalars: Mapping[Oid, Value], tables: Mapping[Oid, Mapping[Oid, Value]]) -> str:
    for text in texts:
        pieces = [_piece(piece, scalars, tables) for piece in text]
        if all(pieces):
            return "".join(found for found, piece in zip(pieces, text, strict=True) if piece.is_shown)
    return ""


def _piece(piece: TextPiece, scalars: Mapping[Oid, Value], tables: Mapping[Oid, Mapping[Oid, Value]]) -> str:
    oid = piece.object.oid
    values = tables.get(oid, {}).values() if piece.object.is_column else (scalars.get(oid, b""),)
    for value in values:
        text = str(value) if isinstance(value, int) else clean(value)
        if piece.match is not None:
            found = piece.match.search(text)
            text = (found.group(1) if piece.match.groups else found.group()) or "" if found else ""
        if text:
            return f"{piece.before}{text.strip()}{piece.after}"
    return ""
