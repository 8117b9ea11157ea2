"""Which profile fits a device: sysObjectID first, then what tells apart the families that share one.

Three vendors answer with net-snmp's own sysObjectID, so a profile may also want a sysDescr and witnesses: objects that
must be there. The most specific recognition wins; a profile marked as fallback takes what nobody recognises.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netmon.model.profiles import Oid, Profile, Recognition
from netmon.probes.snmp.ber import Absent, Value, parse_oid
from netmon.probes.snmp.reader import SnmpReader
from netmon.probes.snmp.reasons import Failure
from netmon.probes.snmp.text import clean

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)


@dataclass(frozen=True, slots=True)
class SystemGroup:
    """What a device says of itself in SNMPv2-MIB's system group; empty where it says nothing."""

    description: str = ""
    object_id: Oid = ()
    name: str = ""


async def read_system(reader: SnmpReader) -> SystemGroup | Failure:
    """Read the system group."""
    values = await reader.get((SYS_DESCR, SYS_OBJECT_ID, SYS_NAME))
    if isinstance(values, Failure):
        return values
    description, object_id, name = values
    return SystemGroup(clean(description), _arcs(object_id), clean(name))


async def identify(
    reader: SnmpReader, system: SystemGroup, profiles: Mapping[str, Profile]
) -> Profile | Failure | None:
    """Find the profile that fits best; None if none fits and none is a fallback."""
    wanted = _witnesses(system, profiles.values())
    values: Sequence[Value] | Failure = await reader.get(wanted) if wanted else []
    if isinstance(values, Failure):
        return values
    return choose_profile(system, profiles, dict(zip(wanted, values, strict=True)))


def choose_profile(
    system: SystemGroup, profiles: Mapping[str, Profile], witnessed: Mapping[Oid, Value]
) -> Profile | None:
    """Choose by what the device said; pure. `witnessed` has the value of every witness that may matter."""
    fits = [
        (_specificity(one, system), name)
        for name, profile in profiles.items()
        for one in profile.recognised_by
        if _may_fit(one, system) and _is_witnessed(one, witnessed)
    ]
    if fits:
        return profiles[max(fits)[1]]
    return next((profile for profile in profiles.values() if profile.is_fallback), None)


def _witnesses(system: SystemGroup, profiles: Iterable[Profile]) -> tuple[Oid, ...]:
    fitting = (one for profile in profiles for one in profile.recognised_by if _may_fit(one, system))
    return tuple(dict.fromkeys(witness.object.oid for one in fitting for witness in one.witnesses))


def _may_fit(one: Recognition, system: SystemGroup) -> bool:
    if one.object_ids and not _matched_arcs(one, system):
        return False
    return one.description is None or bool(one.description.search(system.description))


def _is_witnessed(one: Recognition, witnessed: Mapping[Oid, Value]) -> bool:
    for witness in one.witnesses:
        value = witnessed.get(witness.object.oid, Absent.NO_SUCH_OBJECT)
        if isinstance(value, Absent):
            return False
        if witness.match is not None and not witness.match.search(
            str(value) if isinstance(value, int) else clean(value)
        ):
            return False
    return True


def _specificity(one: Recognition, system: SystemGroup) -> tuple[int, int]:
    return _matched_arcs(one, system), len(one.witnesses) + (one.description is not None)


def _matched_arcs(one: Recognition, system: SystemGroup) -> int:
    return max((len(oid) for oid in one.object_ids if system.object_id[: len(oid)] == oid), default=0)


def _arcs(value: Value) -> Oid:
    try:
        return parse_oid(clean(value))  # some agents send it as a string
    except ValueError:
        return ()
