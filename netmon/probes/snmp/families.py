"""First contact made short: a device that is like one netmon knows is asked as that one is.

A country has tens of thousands of devices but few kinds of them. Discovery takes twenty requests; most devices would
come out of it with the plan of the first of their kind. So one that says the same of itself (sysDescr, sysObjectID) is
asked for the instances of that plan and for whatever gave them their meaning: the names of the interfaces, the texts
that became labels, how many interfaces there are. If all instances are there and all texts are the same, the plan is
its own. Else it is discovered. Where tables are indexed by the device's own hardware address, it is first asked for
that (`own_rows`).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from netmon.model.profiles import IdentityRules, IndexForm, Oid, OnuRules, Profile, Rule, TextPiece
from netmon.model.readings import Identity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.cells import Columns, Row, index_text, is_idle
from netmon.probes.snmp.discover import Discovery, identity_of
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.identify import SystemGroup
from netmon.probes.snmp.interfaces import IF_DESCR, IF_NAME, Interface
from netmon.probes.snmp.own_rows import OwnOids, OwnRows, own_rows
from netmon.probes.snmp.reasons import Failure
from netmon.probes.snmp.script import Script
from netmon.probes.snmp.session import SnmpSession
from netmon.probes.snmp.walk import WalkEnd, WalkLimits

_MOST_FAMILIES = 1_000
_MOST_KINS = 4
_TRIED = 2
"""Plans tried on one device: every try is a request or two."""
_HOPELESS_AFTER = 8
"""Misses without a single fit after which a family is left alone: all its devices differ."""
_ALONE = WalkLimits(rows=1, seconds=10.0, expected=1)
_IF_NUMBER: Oid = (1, 3, 6, 1, 2, 1, 2, 1, 0)
_WHOLE = (WalkEnd.LEFT_SUBTREE, WalkEnd.END_OF_MIB)
_GONE = frozenset((Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE, Absent.END_OF_MIB_VIEW))


@dataclass(frozen=True, slots=True)
class FamilyName:
    """What devices of a family have in common: what they say, and what the inventory says of them."""

    description: str
    object_id: Oid
    profile: str
    credential: str


def family_name(system: SystemGroup, profile: str, credential: str) -> FamilyName:
    """The family of a device that says this of itself; the inventory names a profile for it, or none ("")."""
    return FamilyName(system.description, system.object_id, profile, credential)


@dataclass(frozen=True, slots=True, eq=False)
class NamedBy:
    """How a device says what it is: the rules, the instances they were read from, and what came of it."""

    rules: IdentityRules
    instances: tuple[Oid, ...]
    identity: Identity

    def read(self, answers: Mapping[Oid, Value]) -> Identity:
        """What a device says that has these instances."""
        tables: dict[Oid, dict[Oid, Value]] = {}
        for column in (piece.object.oid for piece in _pieces(self.rules) if piece.object.is_column):
            there = (oid for oid in self.instances if oid[: len(column)] == column and answers[oid] not in _GONE)
            tables[column] = {oid[len(column) :]: answers[oid] for oid in there}
        return identity_of(self.rules, answers, tables)


@dataclass(frozen=True, slots=True, eq=False)
class Kin:
    """A plan that devices may share: how it is asked for, and the texts that must be the same.

    `named` is how its first device said what it is; `slow` what is read in the background, None for nothing; `onus`
    are there if it is an OLT; neither needs proof, what is not there is read as absent. `own` are the rows that
    another device has under another index. `is_personal` says that a device's labels are its own, so that there is no
    other like it. `oids` is what to ask a device for that may be like it, `places` where in these its own index stands.
    """

    script: Script
    manner: Manner
    witnesses: Mapping[Oid, Value]
    named: NamedBy
    slow: Script | None = None
    onus: OnuRules | None = None
    own: OwnRows | None = None
    is_personal: bool = False
    oids: tuple[Oid, ...] = field(init=False)
    places: tuple[int, ...] = field(init=False)
    _said: tuple[tuple[int, Value], ...] = field(init=False)
    _named_at: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        oids = tuple(dict.fromkeys((*self.script.oids, *self.witnesses, *self.named.instances)))
        at = {oid: place for place, oid in enumerate(oids)}
        object.__setattr__(self, "oids", oids)
        object.__setattr__(self, "_said", tuple((at[oid], value) for oid, value in self.witnesses.items()))
        object.__setattr__(self, "_named_at", tuple(at[oid] for oid in self.named.instances))
        object.__setattr__(self, "places", () if self.own is None else self.own.places_in(oids))

    def fits(self, values: Sequence[Value]) -> Identity | None:
        """The identity of a device that answered `oids` like this, if it is like it; None if it is not.

        Serial numbers differ, but not model or firmware: what a value means may depend on them. One string of each
        does for a family.
        """
        if not _GONE.isdisjoint(values[: len(self.script.oids)]) or any(values[at] != said for at, said in self._said):
            return None
        named = [values[at] for at in self._named_at]
        identity, first = self.named.read(dict(zip(self.named.instances, named, strict=True))), self.named.identity
        is_alike = (identity.model, identity.firmware) == (first.model, first.firmware)
        return Identity(first.model, identity.serial, first.firmware) if is_alike else None


@dataclass(slots=True)
class _Family:
    kins: list[Kin] = field(default_factory=list)
    fits: int = 0
    misses: int = 0


class Families:
    """The plans known by family, those that fitted last first."""

    def __init__(self) -> None:
        self._families: dict[FamilyName, _Family] = {}
        self._explored: dict[FamilyName, asyncio.Event] = {}

    @asynccontextmanager
    async def exploring(self, name: FamilyName) -> AsyncIterator[None]:
        """While the first device of a family is discovered, let its others wait: they may need no discovery."""
        if name in self._families or name in self._explored:
            yield
            return
        ended = self._explored[name] = asyncio.Event()
        try:
            yield
        finally:
            del self._explored[name]
            ended.set()

    async def settled(self, name: FamilyName) -> None:
        """Wait until nobody is the first of this family."""
        if name in self._explored and name not in self._families:
            await self._explored[name].wait()

    def candidates(self, name: FamilyName) -> tuple[Kin, ...]:
        """Plans worth trying on a device of this family."""
        family = self._families.get(name)
        if family is None or (not family.fits and family.misses >= _HOPELESS_AFTER):
            return ()
        return tuple(family.kins[:_TRIED])

    def fitted(self, name: FamilyName, kin: Kin) -> None:
        """It was so."""
        family = self._families[name]
        family.fits += 1
        if kin in family.kins:
            family.kins.remove(kin)
        family.kins.insert(0, kin)
        del family.kins[_MOST_KINS:]

    def missed(self, name: FamilyName) -> None:
        """No plan of the family fitted a device."""
        self._families[name].misses += 1

    def add(self, name: FamilyName, kin: Kin) -> None:
        """Learn a plan."""
        family = self._families.get(name)
        if family is None:
            while len(self._families) >= _MOST_FAMILIES:  # sysDescr may be anything, and different every time
                del self._families[next(iter(self._families))]
            family = self._families[name] = _Family()
        family.kins.append(kin)
        del family.kins[_MOST_KINS:]


def kin_of(found: Discovery, script: Script, slow: Script | None) -> Kin:
    """What a discovered device is to others that may be like it."""
    rules = found.profile.identity
    instances = (
        oid
        for piece in _pieces(rules)
        for oid in (
            ((*piece.object.oid, *index) for index in found.tables.get(piece.object.oid, {}))
            if piece.object.is_column
            else (piece.object.oid,)
        )
    )
    named = NamedBy(rules, tuple(dict.fromkeys(instances)), found.identity)
    witnesses = witnesses_of(found.rows, found.tables, found.uplink, found.values)
    own = own_rows(found.profile, found.tables)
    scripts = [script] if slow is None else [script, slow]
    return Kin(
        script,
        found.manner,
        witnesses,
        named,
        slow=slow,
        onus=found.profile.onus,
        own=own,
        is_personal=_is_personal(found.profile, found.tables, own, scripts),
    )


def _is_personal(profile: Profile, tables: Columns, own: OwnRows | None, scripts: Iterable[Script]) -> bool:
    """Whether labels would be another device's only by chance: a GET shows neither that it is alone, nor its index."""
    if own is None:
        return any(is_idle(part, tables) for rule in profile.rules for part in rule.label)
    index = index_text(own.index, IndexForm.DOTTED)
    return any(index in measure.label for script in scripts for measure in script.outline)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a device turned out to be that is like another.

    `index` is that of its own rows. `values` are those of the script's objects, which say as much as a poll would;
    empty where they were not asked for.
    """

    identity: Identity
    index: Oid = ()
    values: Sequence[Value] = ()


async def likeness(device: SnmpSession, kin: Kin) -> Likeness | Failure | None:
    """Ask a device whether it is like another; None if it is not, the failure if it does not say."""
    index: Oid = ()
    if kin.own is not None:
        listed = await device.walk(kin.own.lister, _ALONE)
        if listed.failure is not None:
            return listed.failure
        if listed.end not in _WHOLE or len(listed.rows) != 1:
            return None
        index = listed.rows[0].oid[len(kin.own.lister) :]
        if len(index) != len(kin.own.index):
            return None
    values = await _values(device, kin, index)
    if isinstance(values, Failure):
        return values
    if device.manner.objects_per_request < kin.manner.objects_per_request:
        return None  # it has said tooBig on the way, and polls are as large
    identity = kin.fits(values)
    return None if identity is None else Likeness(identity, index, values[: len(kin.script.oids)])


async def _values(device: SnmpSession, kin: Kin, index: Oid) -> Sequence[Value] | Failure:
    """What a device that has this index of its own says to what its like was asked."""
    if kin.own is None or index == kin.own.index:
        return await device.get(kin.oids)
    if len(kin.oids) <= device.manner.objects_per_request:
        said = await device.get_own(kin.oids, kin.places, index)
        if isinstance(said, list):
            return said
    return await device.get(OwnOids(kin.oids, kin.places, index))


def _pieces(rules: IdentityRules) -> Iterator[TextPiece]:
    return (piece for text in (*rules.model, *rules.serial, *rules.firmware) for piece in text)


def witnesses_of(
    rows: Mapping[Rule, Sequence[Row]], tables: Columns, uplink: Interface | None, values: Mapping[Oid, Value]
) -> dict[Oid, Value]:
    """The texts that gave a discovery's rows and uplink their names, and how many interfaces there were."""
    found: dict[Oid, Value] = {}
    for rule, its_rows in rows.items():
        for row in its_rows if rule.source.is_column else ():
            index = row.oids[0][len(rule.source.oid) :]
            for column, used in _texts(rule, index, tables):
                value = tables.get(column, {}).get(used)
                if value is not None:
                    found[(*column, *used)] = value
    if uplink is not None:
        for column in (IF_DESCR, IF_NAME):
            value = tables.get(column, {}).get((uplink.index,))
            if value is not None:
                found[(*column, uplink.index)] = value
    if _IF_NUMBER in values:
        found[_IF_NUMBER] = values[_IF_NUMBER]
    return found


def _texts(rule: Rule, index: Oid, tables: Columns) -> list[tuple[Oid, Oid]]:
    """Columns whose text names or chooses a row, with the index they have there."""
    named = [
        (part.column.oid, index[: part.arcs] if part.arcs else index)
        for part in rule.label
        if part.column is not None and not is_idle(part, tables)
    ]
    named += [(IF_NAME, index) for part in rule.label if part.interface]
    return [*named, *((one.column.oid, index) for one in rule.rows if one.column is not None)]
