"""What an OLT says of its ONUs, for whoever writes a profile or looks at one OLT: every key, state, cause, reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from netmon.model.onus import OnuIndex, OnuRow, RowState
from netmon.model.profiles import Profile
from netmon.model.readings import NATURE, Measure
from netmon.probes.snmp.onus import OltTables
from netmon.probes.snmp.reader import SnmpReader

SHOWN = 40
"""ONUs that are read: as many as one request has room for, since an OLT may have thousands."""


@dataclass(frozen=True, slots=True)
class OnuLine:
    """One ONU: the keys that name it in `observed_via`, what its row says, and its readings in the table's order."""

    keys: tuple[str, ...]
    row: OnuRow
    readings: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Onus:
    """How many ONUs an OLT has, and the first of them."""

    count: int
    outline: tuple[Measure, ...]
    lines: tuple[OnuLine, ...]


async def read_onus(device: SnmpReader, profile: Profile) -> Onus | None:
    """Read the first ONUs of an OLT; None for any other device, and for one that stops answering on the way."""
    if profile.onus is None:
        return None
    tables = OltTables(device, profile.onus)
    found = await tables.find()
    if found is None:
        return None
    keys = _keys_by_row(found)
    rows = list(keys)[:SHOWN]
    said, light = await tables.states(rows), await tables.optics(rows)
    if said is None or light is None:
        return None
    lines = (OnuLine(keys[row], one, tuple(readings)) for row, one, readings in zip(rows, said, light, strict=True))
    return Onus(len(keys), tables.outline, tuple(lines))


def _keys_by_row(found: Mapping[str, OnuIndex]) -> dict[OnuIndex, tuple[str, ...]]:
    keys: dict[OnuIndex, list[str]] = {}
    for key, row in found.items():
        keys.setdefault(row, []).append(key)
    return {row: tuple(names) for row, names in keys.items()}


def onu_table(onus: Onus) -> Table:
    """The ONUs as a table: keys one under the other, state with cause, readings with unit."""
    table = Table(box=None, padding=(0, 1))
    for heading in ("ONU", "state", *(one.quantity.value for one in onus.outline)):
        table.add_column(heading, no_wrap=True)
    for line in onus.lines:
        cells = ("\n".join(line.keys), _state(line.row), *map(_value, onus.outline, line.readings))
        table.add_row(*map(Text, cells))
    return table


def summary(onus: Onus) -> str:
    """How many there are, and how many of them stand in the table."""
    shown = "" if onus.count <= len(onus.lines) else f", the first {len(onus.lines)} of them"
    return f"{onus.count} ONUs{shown}:"


def onus_json(onus: Onus | None) -> Sequence[Mapping[str, object]]:
    """The same for machines."""
    if onus is None:
        return []
    return [
        {
            "keys": line.keys,
            "state": line.row.state.name.lower(),
            "cause": line.row.cause.name.lower(),
            "readings": {one.quantity.value: value for one, value in zip(onus.outline, line.readings, strict=True)},
        }
        for line in onus.lines
    ]


def _state(row: OnuRow) -> str:
    if row.state is RowState.OFFLINE:
        return f"offline, {row.cause.name.lower().replace('_', ' ')}"
    return row.state.name.lower()


def _value(measure: Measure, value: float | None) -> str:
    return "absent" if value is None else f"{value:.6g} {NATURE[measure.quantity].unit}"
