"""A checked profile file -> a `Profile`: names become objects, patterns are compiled, the extended profile is merged.

Whatever is wrong goes to the file's page with its line; what is built then is not used.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netmon.model.onus import DownCause, RowState
from netmon.model.profiles import (
    Condition,
    IdentityRules,
    InterfaceRules,
    LabelPart,
    Manners,
    Object,
    Oid,
    OnuReading,
    OnuRules,
    Pace,
    Profile,
    Recognition,
    RowFilter,
    Rule,
    Text,
    TextPiece,
    Variant,
    Witness,
)
from netmon.settings.complaints import Page, did_you_mean
from netmon.settings.document import Document, path_text
from netmon.settings.profile_file import (
    IdentityEntry,
    InterfacesEntry,
    LabelEntry,
    OnuCauseEntry,
    OnuReadingEntry,
    OnusEntry,
    PowersEntry,
    ProfileFile,
    RangeEntry,
    ReadingEntry,
    RecognitionEntry,
    TextEntry,
)

_SYS_DESCR = Object("sysDescr", (1, 3, 6, 1, 2, 1, 1, 1, 0), is_column=False)
_NUMBER = re.compile(r"^-?\d{1,2}$")
_Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """A profile and the names its extensions may use."""

    profile: Profile
    objects: Mapping[str, Object]


@dataclass(frozen=True, slots=True)
class Draft:
    """One file that could be read: what it says, where it stands."""

    file: ProfileFile
    document: Document
    page: Page


def build(draft: Draft, parent: Built | None) -> Built:
    """Put one profile together on top of the one it extends."""
    return _Builder(draft, parent).build()


@dataclass(slots=True)
class _Builder:
    draft: Draft
    parent: Built | None
    objects: dict[str, Object] = field(default_factory=dict)

    def build(self) -> Built:
        file = self.draft.file
        inherited = self.parent.profile if self.parent else Profile(name="", title="")
        self.objects = dict(self.parent.objects) if self.parent else {_SYS_DESCR.name: _SYS_DESCR}
        self._declare()
        own = tuple(self._rule(entry, ("readings", number)) for number, entry in enumerate(file.readings))
        replaced = {rule.quantity for rule in own} | set(file.without)
        profile = Profile(
            name=file.profile,
            title=file.title,
            is_fallback=file.fallback,
            recognised_by=tuple(
                self._recognition(entry, ("recognised_by", number)) for number, entry in enumerate(file.recognised_by)
            ),
            identity=self._identity(file.identity, inherited.identity),
            uptime=file.uptime or inherited.uptime,
            interfaces=_interfaces(file.interfaces) if file.interfaces else inherited.interfaces,
            manners=Manners(
                bulk=file.snmp.bulk,
                objects_per_request=file.snmp.objects_per_request,
                max_repetitions=file.snmp.max_repetitions,
            ),
            rules=own + tuple(rule for rule in inherited.rules if rule.quantity not in replaced),
            onus=self._onus(file.onus) if file.onus else inherited.onus,
        )
        return Built(profile, self.objects)

    def _declare(self) -> None:
        file = self.draft.file
        for name, oid in file.scalars.items():
            self.objects[name] = Object(name, _arcs(oid), is_column=False)
        for name, oid in file.columns.items():
            if name in file.scalars:
                self._wrong(("columns", name), "stands among the scalars, too", "keep one of them")
            self.objects[name] = Object(name, _arcs(oid), is_column=True)

    def _object(self, name: str, at: _Location) -> Object:
        found = self.objects.get(name)
        if found is None:
            self._wrong(at, "no scalar or column has this name", did_you_mean(name, sorted(self.objects)))
            return _SYS_DESCR
        return found

    def _scalar(self, name: str, at: _Location) -> Object:
        found = self._object(name, at)
        if found.is_column:
            self._wrong(at, "is a column", "name a scalar")
        return found

    def _column(self, name: str, at: _Location) -> Object:
        found = self._object(name, at)
        if not found.is_column and found is not _SYS_DESCR:
            self._wrong(at, "is a scalar", "name a column")
        return found

    def _wrong(self, at: _Location, what: str, fix: str) -> None:
        self.draft.page.wrong(self.draft.document.line_of(at), path_text(at), what, fix)

    def _recognition(self, entry: RecognitionEntry, at: _Location) -> Recognition:
        return Recognition(
            object_ids=tuple(_arcs(oid) for oid in entry.sys_object_id),
            description=_compiled(entry.sys_descr),
            witnesses=tuple(
                Witness(object=self._scalar(one.object, (*at, "witnesses", number)), match=_compiled(one.match))
                for number, one in enumerate(entry.witnesses)
            ),
        )

    def _identity(self, entry: IdentityEntry, inherited: IdentityRules) -> IdentityRules:
        return IdentityRules(
            model=self._texts(entry.model, ("identity", "model")) or inherited.model,
            serial=self._texts(entry.serial, ("identity", "serial")) or inherited.serial,
            firmware=self._texts(entry.firmware, ("identity", "firmware")) or inherited.firmware,
        )

    def _texts(self, entries: Iterable[tuple[TextEntry, ...]], at: _Location) -> tuple[Text, ...]:
        return tuple(
            tuple(
                TextPiece(
                    object=self._object(piece.object, (*at, number)),
                    match=_compiled(piece.match),
                    before=piece.before,
                    after=piece.after,
                    is_shown=piece.shown,
                )
                for piece in pieces
            )
            for number, pieces in enumerate(entries)
        )

    def _rule(self, entry: ReadingEntry, at: _Location) -> Rule:
        source = self._object(entry.from_, (*at, "from"))
        if not source.is_column:
            self._refuse_rows(entry, at)
        if entry.count_labels is not None and not entry.count_rows:
            self._wrong((*at, "count_labels"), "makes sense only with count_rows", "add count_rows: true")
        return Rule(
            quantity=entry.reading,
            source=source,
            plus=self._objects(entry.plus, (*at, "plus")),
            minus=self._objects(entry.minus, (*at, "minus")),
            of=None if entry.of is None else self._object(entry.of, (*at, "of")),
            offset=entry.offset,
            scale=entry.scale,
            variants=tuple(Variant(firmware=re.compile(one.firmware), scale=one.scale) for one in entry.variants),
            powers=self._powers(entry.powers, (*at, "powers")),
            complement=entry.complement,
            conversion=entry.convert,
            states=entry.states,
            absent=frozenset(entry.absent),
            accept=_range(entry.accept),
            within=_range(entry.within),
            only_if=self._conditions(entry, at),
            rows=self._filters(entry, at),
            label=tuple(self._part(part, (*at, "label")) for part in entry.label),
            gather=entry.gather,
            total=entry.total,
            count_rows=entry.count_rows,
            count_labels=None if entry.count_labels is None else self._column(entry.count_labels, at),
            pace=entry.pace,
        )

    def _onus(self, entry: OnusEntry) -> OnuRules:
        keys = tuple(
            tuple(self._part(part, ("onus", "keys", number)) for part in parts)
            for number, parts in enumerate(entry.keys)
        )
        if not any(part.column is not None for parts in keys for part in parts):
            self._wrong(
                ("onus", "keys"), "no key has a column, so the rows cannot be listed", "name the serial number's"
            )
        state, cause = entry.run_state, entry.down_cause
        return OnuRules(
            keys=keys,
            state=None if state is None else self._column(state.from_, ("onus", "run_state", "from")),
            states={} if state is None else self._states(state.online, state.offline),
            cause=None if cause is None else self._column(cause.from_, ("onus", "down_cause", "from")),
            causes={} if cause is None else self._causes(cause),
            readings=tuple(
                self._onu_reading(one, ("onus", "readings", number)) for number, one in enumerate(entry.readings)
            ),
        )

    def _states(self, online: Iterable[int], offline: Iterable[int]) -> dict[int, RowState]:
        both = sorted(set(online) & set(offline))
        if both:
            self._wrong(("onus", "run_state"), f"{both[0]} means online and offline", "leave out what is not sure")
        return {**dict.fromkeys(online, RowState.ONLINE), **dict.fromkeys(offline, RowState.OFFLINE)}

    def _causes(self, entry: OnuCauseEntry) -> dict[int | str, DownCause]:
        told = {
            DownCause.DYING_GASP: entry.dying_gasp,
            DownCause.LOSS_OF_SIGNAL: entry.loss_of_signal,
            DownCause.RESET: entry.reset,
            DownCause.DEACTIVATED: entry.deactivated,
        }
        causes: dict[int | str, DownCause] = {}
        for cause, codes in told.items():
            for code in codes:
                if causes.setdefault(code if isinstance(code, int) else code.lower(), cause) is not cause:
                    self._wrong(("onus", "down_cause"), f"{code} stands under two causes", "leave out what is not sure")
        return causes

    def _onu_reading(self, entry: OnuReadingEntry, at: _Location) -> OnuReading:
        rule = Rule(
            quantity=entry.reading,
            source=self._column(entry.from_, (*at, "from")),
            offset=entry.offset,
            scale=entry.scale,
            absent=frozenset(entry.absent),
            accept=_range(entry.accept),
            within=_range(entry.within),
            pace=Pace.BACKGROUND,
        )
        return OnuReading(rule=rule, more_index=entry.more_index)

    def _refuse_rows(self, entry: ReadingEntry, at: _Location) -> None:
        for key, given in (("rows", entry.rows), ("total", entry.total), ("count_rows", entry.count_rows)):
            if given:
                self._wrong((*at, key), "makes sense only with a column", "take it out, or name a column in 'from'")

    def _objects(self, names: Iterable[str], at: _Location) -> tuple[Object, ...]:
        return tuple(self._object(name, at) for name in names)

    def _conditions(self, entry: ReadingEntry, at: _Location) -> tuple[Condition, ...]:
        return tuple(
            Condition(
                object=self._object(one.object, (*at, "only_if", number)),
                is_not=one.is_not,
                is_one_of=one.is_one_of,
                within=(one.least, one.most),
            )
            for number, one in enumerate(entry.only_if)
        )

    def _powers(self, entry: PowersEntry | None, at: _Location) -> tuple[Object, Object] | None:
        if entry is None:
            return None
        return self._column(entry.scale, (*at, "scale")), self._column(entry.precision, (*at, "precision"))

    def _filters(self, entry: ReadingEntry, at: _Location) -> tuple[RowFilter, ...]:
        powers = self._powers(entry.powers, (*at, "powers")) or ()
        filters = tuple(
            RowFilter(
                column=None if one.column is None else self._column(one.column, (*at, "rows", number)),
                index_form=one.index,
                match=re.compile(one.match),
                drop=one.drop,
            )
            for number, one in enumerate(entry.rows)
        )
        return filters + tuple(RowFilter(column=one, match=_NUMBER) for one in powers)

    def _part(self, entry: LabelEntry, at: _Location) -> LabelPart:
        return LabelPart(
            column=None if entry.column is None else self._column(entry.column, at),
            interface=entry.interface,
            index=entry.index,
            constant=entry.constant or "",
            arcs=entry.arcs,
            bits=entry.bits,
            match=_compiled(entry.match),
            if_several=entry.if_several,
        )


def _interfaces(entry: InterfacesEntry) -> InterfaceRules:
    return InterfaceRules(
        uplink=tuple(re.compile(pattern) for pattern in entry.uplink),
        ignore=_compiled(entry.ignore),
        every=entry.every,
    )


def _range(entry: RangeEntry) -> tuple[float | None, float | None]:
    return entry.least, entry.most


def _compiled(pattern: str | None) -> "re.Pattern[str] | None":
    return None if pattern is None else re.compile(pattern)


def _arcs(oid: str) -> Oid:
    return tuple(int(arc) for arc in oid.removeprefix(".").split("."))
