"""What one OLT says of its ONUs: which row is whose, who is online, why the others went, and their light.

An OLT serves thousands of households besides the villages, so only the rows of watched ONUs are read, by GETs of exact
instances: as many as fit a packet, fewer where the OLT cannot bear it, which is found out once and remembered. Reading
whole columns of optical data loads an OLT's processor (LibreNMS PR #12748), and is nobody's need.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from netmon.model.onus import DownCause, OnuIndex, OnuRow, RowState, same_key
from netmon.model.profiles import Gather, IndexForm, LabelPart, Object, Oid, OnuReading, OnuRules
from netmon.model.readings import Measure, Outline
from netmon.probes.snmp.ber import Absent, Value, encode_oid
from netmon.probes.snmp.cells import index_text, part_of_index
from netmon.probes.snmp.client import Result, Values
from netmon.probes.snmp.codec import PduType
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.interfaces import IF_NAME
from netmon.probes.snmp.plan import HEAD_OCTETS, MOST_OCTETS
from netmon.probes.snmp.quick import QuickReader, prepare
from netmon.probes.snmp.reader import SnmpReader
from netmon.probes.snmp.reading import NO_TABLES, Cell, Gathered, Series
from netmon.probes.snmp.reasons import FailureKind
from netmon.probes.snmp.session import Asking
from netmon.probes.snmp.template import MAX_OBJECTS
from netmon.probes.snmp.text import clean
from netmon.probes.snmp.walk import WalkEnd, WalkLimits

_LIMITS = WalkLimits(rows=20_000, seconds=120.0)
_COMPLETE = (WalkEnd.LEFT_SUBTREE, WalkEnd.END_OF_MIB)
_FEWEST_OBJECTS = 10
"""Any OLT can bear so many; who is silent to a request of these is not silent for its size."""
_CODE_OCTETS, _INTEGER_OCTETS = 8, 10
"""Three headers, and the number of a state or any Integer32."""
_SERIAL_OCTETS, _MAC_OCTETS = 8, 6

_RULES_KEPT = 256

_Columns = Mapping[Oid, Mapping[Oid, Value]]


@dataclass(frozen=True, slots=True)
class _Optics:
    """What is read of one ONU's light: a value for each reading, and a number of the outline from one or several."""

    readings: tuple[OnuReading, ...]
    outline: Outline
    reader: QuickReader


class InTurn(Asking):
    """A session that several may use: its requests follow one another, so a long walk does not keep others waiting."""

    def __init__(self, session: Asking) -> None:
        super().__init__(session.manner)
        self._session = session
        self._turn = asyncio.Lock()

    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        async with self._turn:
            self._session.manner = self.manner
            return await self._session.send(kind, oids, repetitions)


class OltTables:
    """Implements `ports.OltLink` over whatever answers like one device; for several callers give it one `InTurn`."""

    def __init__(self, session: SnmpReader, rules: OnuRules) -> None:
        self._session = session
        self._rules = rules
        usual, known = Manner().objects_per_request, session.manner.objects_per_request
        self._most = MAX_OBJECTS if known == usual else known
        self._optics = _optics_of(rules)
        self.outline = self._optics.outline

    async def find(self) -> Mapping[str, OnuIndex] | None:
        """See `ports.OltLink`."""
        columns: dict[Oid, dict[Oid, Value]] = {}
        wanted = [part.column.oid for parts in self._rules.keys for part in parts if part.column is not None]
        if any(part.interface for parts in self._rules.keys for part in parts):
            wanted.append(IF_NAME)
        for oid in dict.fromkeys(wanted):
            walked = await self._session.walk(oid, _LIMITS)
            if walked.end not in _COMPLETE:
                return None
            columns[oid] = {bind.oid[len(oid) :]: bind.value for bind in walked.rows}
        return rows_by_key(self._rules, columns)

    async def states(self, rows: Sequence[OnuIndex]) -> Sequence[OnuRow] | None:
        """See `ports.OltLink`."""
        rules = self._rules
        if rules.state is None:
            return [OnuRow(RowState.UNREAD)] * len(rows)
        said = await self._get([_instance(rules.state, row) for row in rows])
        if said is None:
            return None
        states = [_state_of(value, rules) for value in said]
        if rules.cause == rules.state:
            causes = {row: _cause_of(value, rules) for row, value in zip(rows, said, strict=True)}
        else:
            causes = await self._causes(
                [row for row, state in zip(rows, states, strict=True) if state is RowState.OFFLINE]
            )
        return [
            OnuRow(state, causes.get(row, DownCause.UNTOLD) if state is RowState.OFFLINE else DownCause.UNTOLD)
            for row, state in zip(rows, states, strict=True)
        ]

    async def optics(self, rows: Sequence[OnuIndex]) -> Sequence[Sequence[float | None]] | None:
        """See `ports.OltLink`."""
        readings, read = self._optics.readings, self._optics.reader.read
        oids = [(*_instance(one.rule.source, row), *one.more_index) for row in rows for one in readings]
        said = await self._get(oids, _INTEGER_OCTETS)
        if said is None:
            return None
        each = len(readings)
        return [read(said[at * each : (at + 1) * each], NO_TABLES) for at in range(len(rows))]

    async def _causes(self, rows: Sequence[OnuIndex]) -> dict[OnuIndex, DownCause]:
        """Why these went; a state without its cause is still a state, so a failure tells nothing."""
        cause = self._rules.cause
        said = None if cause is None or not rows else await self._get([_instance(cause, row) for row in rows])
        if said is None:
            return {}
        return {row: _cause_of(value, self._rules) for row, value in zip(rows, said, strict=True)}

    async def _get(self, oids: Sequence[Oid], octets: int = _CODE_OCTETS) -> Values | None:
        """Read instances, `octets` of value and headers each, in as few requests as the OLT bears; None for silence."""
        if not oids:
            return []
        session = self._session
        longest = max(len(encode_oid(oid)) for oid in (oids[0], oids[len(oids) // 2], oids[-1]))
        fitting = (MOST_OCTETS - HEAD_OCTETS) // (octets + longest)
        while True:
            at_once = max(1, min(fitting, self._most))
            session.manner = replace(session.manner, objects_per_request=at_once)
            said = await session.get(oids)
            if isinstance(said, list):
                self._learn(at_once)
                return said
            if said.kind is not FailureKind.TIMED_OUT or session.manner.objects_per_request <= _FEWEST_OBJECTS:
                return None
            # Some agents drop what is too large for them instead of saying tooBig.
            self._most = max(_FEWEST_OBJECTS, session.manner.objects_per_request // 2)

    def _learn(self, asked: int) -> None:
        """The OLT said tooBig on the way: the session has halved what it asks, and will start so next time."""
        left = self._session.manner.objects_per_request
        if left < asked:
            self._most = left


def rows_by_key(rules: OnuRules, columns: _Columns) -> dict[str, OnuIndex]:
    """Every spelling of every ONU's key, as `same_key` writes it, to its row; a key of two rows is nobody's.

    Args:
        rules: the profile's.
        columns: the columns of the keys, and ifName where a key has a port's name, each from index to value.
    """
    found: dict[str, OnuIndex] = {}
    twice: set[str] = set()
    interfaces = columns.get(IF_NAME, {})
    for row in dict.fromkeys(_rows(rules, columns)):
        keys = (_key(parts, row, columns, interfaces) for parts in rules.keys)
        for key in dict.fromkeys([*keys, index_text(row, IndexForm.DOTTED)]):
            if not key:
                continue
            if found.setdefault(same_key(key), row) != row:
                twice.add(same_key(key))
    return {key: row for key, row in found.items() if key not in twice}


def _rows(rules: OnuRules, columns: _Columns) -> Iterator[OnuIndex]:
    for parts in rules.keys:
        for part in parts:
            if part.column is not None and not part.arcs:
                yield from columns.get(part.column.oid, ())


def _key(parts: Sequence[LabelPart], row: OnuIndex, columns: _Columns, interfaces: Mapping[Oid, Value]) -> str:
    """One way to name a row; nothing where a part of it is not there."""
    texts = [_part(part, row, columns, interfaces) for part in parts]
    return "".join(texts) if all(texts) else ""


def _part(part: LabelPart, row: OnuIndex, columns: _Columns, interfaces: Mapping[Oid, Value]) -> str:
    used = row[: part.arcs] if part.arcs else row
    if part.column is not None:
        text = key_text(columns.get(part.column.oid, {}).get(used, b""))
    elif part.interface:
        text = clean(interfaces.get(used, b""))
    else:
        text = part.constant if part.index is None else part_of_index(part, used, part.index)
    found = part.match.search(text) if part.match is not None else None
    return text if found is None else (found.group(1) if found.re.groups else found.group()) or ""


def key_text(value: Value) -> str:
    """Write a key's value: a serial number as the ONU sends it (ITU-T G.984.3: four letters, four octets), or text."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        letters, rest = value[:4], value[4:]
        if len(value) == _SERIAL_OCTETS and letters.isalpha() and letters.isascii():
            return letters.decode() + rest.hex().upper()
        if len(value) in (_SERIAL_OCTETS, _MAC_OCTETS) and not (value.isascii() and value.decode().isprintable()):
            return value.hex().upper()
    return clean(value)


def _instance(one: Object, row: OnuIndex) -> Oid:
    return (*one.oid, *row)


def _state_of(value: Value, rules: OnuRules) -> RowState:
    if value in (Absent.NO_SUCH_INSTANCE, Absent.NO_SUCH_OBJECT):
        return RowState.MISSING
    return rules.states.get(value, RowState.UNREAD) if isinstance(value, int) else RowState.UNREAD


def _cause_of(value: Value, rules: OnuRules) -> DownCause:
    code = value if isinstance(value, int) else clean(value).lower()
    return rules.causes.get(code, DownCause.UNTOLD)


@lru_cache(_RULES_KEPT)
def _optics_of(rules: OnuRules) -> _Optics:
    """As a plan's series are read: for one ONU after the other, by what is written once for all OLTs of a profile."""
    cells = [Cell(one.rule, one.rule.scale, at) for at, one in enumerate(rules.readings)]
    quantities = dict.fromkeys(cell.rule.quantity for cell in cells)
    series = [
        Series(one, "", Gathered(tuple((Gather.FIRST, (cell,)) for cell in cells if cell.rule.quantity is one)))
        for one in quantities
    ]
    return _Optics(rules.readings, tuple(Measure(one, "") for one in quantities), prepare(series))
