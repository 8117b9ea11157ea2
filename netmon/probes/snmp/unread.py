"""What a device has that its profile does not read: where whoever writes a profile begins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmon.model.profiles import Oid, Profile
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.codec import VarBind
from netmon.probes.snmp.reader import SnmpReader
from netmon.probes.snmp.walk import WalkLimits

ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
_LIMITS = WalkLimits(rows=5_000, seconds=60.0)


@dataclass(frozen=True, slots=True)
class Unread:
    """One object nothing reads: a scalar's instance, or a column with how many rows it has, and its first value."""

    oid: Oid
    rows: int
    example: Value


async def find_unread(device: SnmpReader, profile: Profile) -> list[Unread]:
    """Walk the vendors' objects (enterprises) and leave out what the profile names."""
    found = await device.walk(ENTERPRISES, _LIMITS)
    return unread_of(found.rows, named_objects(profile))


async def find_instances(device: SnmpReader, scalars: Sequence[Oid]) -> dict[Oid, Oid]:
    """For scalars that were looked for in vain: the instance .0, where that is there and the name lacks it."""
    instances = tuple((*oid, 0) for oid in scalars)
    values = await device.get(instances) if instances else []
    if not isinstance(values, list):
        return {}
    pairs = zip(scalars, instances, values, strict=True)
    return {oid: instance for oid, instance, value in pairs if not isinstance(value, Absent)}


def named_objects(profile: Profile) -> frozenset[Oid]:
    """List the objects a profile names anywhere in its rules, its identity and what it says of ONUs."""
    rules = (one for rule in profile.rules for one in (*rule.objects, *(part.column for part in rule.label)))
    filters = (one.column for rule in profile.rules for one in rule.rows)
    identity = profile.identity
    texts = (piece.object for text in (*identity.model, *identity.serial, *identity.firmware) for piece in text)
    onus = profile.onus.objects if profile.onus is not None else ()
    return frozenset(one.oid for one in (*rules, *filters, *texts, *onus) if one is not None)


def unread_of(binds: Iterable[VarBind], named: frozenset[Oid]) -> list[Unread]:
    """Gather what no name is a prefix of: scalars, which end in .0, one by one; columns by their first row."""
    gathered: dict[Oid, Unread] = {}
    for bind in binds:
        if any(bind.oid[:length] in named for length in range(len(ENTERPRISES), len(bind.oid) + 1)):
            continue
        key = bind.oid if bind.oid[-1] == 0 else bind.oid[:-1]
        before = gathered.get(key)
        gathered[key] = Unread(key, 1 + (before.rows if before else 0), before.example if before else bind.value)
    return list(gathered.values())
