"""Device profiles: which objects of a device family mean what. Values only; `netmon.settings` reads them from YAML.

A profile names scalars (exact instances) and columns (tables), and makes readings of them by rules. Rules for the same
quantity and label are alternatives: the first that yields a value wins, decided anew at every poll. `extends` is
resolved when the files are loaded, so a `Profile` here is whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from re import Pattern
from typing import TypeAlias

from netmon.model.onus import DownCause, RowState
from netmon.model.readings import Quantity

Oid: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """An object by the name the profile gives it: a scalar's exact instance, or a column without an index."""

    name: str
    oid: Oid
    is_column: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """An object that must be there, and match; what tells families apart that share a sysObjectID."""

    object: Object
    match: Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """One way to recognise a family; everything in it must hold. Empty object_ids: any sysObjectID."""

    object_ids: tuple[Oid, ...] = ()
    description: Pattern[str] | None = None
    witnesses: tuple[Witness, ...] = ()


@unique
class Conversion(StrEnum):
    """What scale and offset cannot express."""

    MILLIWATT_TO_DBM = "milliwatt_to_dbm"
    MICROWATT_TO_DBM = "microwatt_to_dbm"


@unique
class Gather(StrEnum):
    """How several rows make one reading."""

    SUM = "sum"
    MEAN = "mean"
    MOST = "most"
    LEAST = "least"
    FIRST = "first"


@unique
class Pace(StrEnum):
    """How often a reading is taken: with every sweep, or slowly in the background."""

    SWEEP = "sweep"
    BACKGROUND = "background"


@unique
class UptimeSource(StrEnum):
    """Objects that tell how long a device has been running."""

    SYS_UP_TIME = "sys_up_time"
    HR_SYSTEM_UPTIME = "hr_system_uptime"
    SNMP_ENGINE_TIME = "snmp_engine_time"


@unique
class IndexForm(StrEnum):
    """How a row's index becomes text: all arcs dotted, the arcs as characters, or the last arc."""

    DOTTED = "dotted"
    TEXT = "text"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPart:
    """One part of a label; exactly one of column, interface, index and constant is set.

    Attributes:
        column: the value of this column in the same row.
        interface: the index is an ifIndex; its name.
        index: the row's index itself.
        constant: this text.
        arcs: how many leading arcs of the row's index are used (0: all).
        bits: of the last arc used, these bits as a number (lowest and highest, counted from 0): many OLTs pack slot,
            port and ONU into one.
        match: what of the text is taken (its group 1); the whole text where it does not match.
        if_several: the part is left out where the column has one row only.
    """

    column: Object | None = None
    interface: bool = False
    index: IndexForm | None = None
    constant: str = ""
    arcs: int = 0
    bits: tuple[int, int] | None = None
    match: Pattern[str] | None = None
    if_several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Rows to keep (or drop, if `drop`) whose column, or whose index as `index_form`, matches."""

    column: Object | None = None
    index_form: IndexForm = IndexForm.DOTTED
    match: Pattern[str]
    drop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A raw value that must hold for the reading to count; an absent one does not hold."""

    object: Object
    is_not: tuple[int, ...] = ()
    is_one_of: tuple[int, ...] = ()
    within: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Another scale for some firmware."""

    firmware: Pattern[str]
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """How one quantity is read.

    In this order: raw values that are one of `absent` or outside `accept` are none; source + plus - minus; + offset;
    * scale; / of; complement - value; conversion; `states`; then outside `within`, or what the quantity allows: absent.

    Attributes:
        quantity: what is read.
        powers: columns that scale each row besides, as ENTITY-SENSOR-MIB has them: EntitySensorDataScale (9 is a unit,
            8 a thousandth) and EntitySensorPrecision (decimal places).
        source: the object read; a column gives one reading per row.
        plus, minus: further objects, columns in the same row.
        of: what to divide by; 0 makes it absent.
        states: raw enumeration to value; a number that is not in it is absent.
        label: what names each row's reading; a constant for a scalar.
        gather: how rows with the same label are put together; None adds up clients and watts, and tells other rows
            apart by their index.
        total: how all rows make the device's own reading, which has the label "".
        count_rows: the reading is how many rows of the column there are whose value is the label; needs a walk.
        count_labels: the column that lists the labels to count for.
    """

    quantity: Quantity
    source: Object
    plus: tuple[Object, ...] = ()
    minus: tuple[Object, ...] = ()
    of: Object | None = None
    offset: float = 0.0
    scale: float = 1.0
    variants: tuple[Variant, ...] = ()
    powers: tuple[Object, Object] | None = None
    complement: float | None = None
    conversion: Conversion | None = None
    states: Mapping[int, float] | None = None
    absent: frozenset[int] = frozenset()
    accept: tuple[float | None, float | None] = (None, None)
    within: tuple[float | None, float | None] = (None, None)
    only_if: tuple[Condition, ...] = ()
    rows: tuple[RowFilter, ...] = ()
    label: tuple[LabelPart, ...] = ()
    gather: Gather | None = None
    total: Gather | None = None
    count_rows: bool = False
    count_labels: Object | None = None
    pace: Pace = Pace.SWEEP

    @property
    def objects(self) -> tuple[Object, ...]:
        """Everything the rule asks the device for at each poll, the source first."""
        of = () if self.of is None else (self.of,)
        return (self.source, *self.plus, *self.minus, *of, *(one.object for one in self.only_if))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPiece:
    """A piece of a text: what `match` finds (its group 1 if it has one) between two constants.

    Of a column, the first row that has something to give. One that is not shown must be there, too: it is a condition.
    """

    object: Object
    match: Pattern[str] | None = None
    before: str = ""
    after: str = ""
    is_shown: bool = True


Text: TypeAlias = tuple[TextPiece, ...]
"""Pieces one after the other; all must be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """Where model, serial number and firmware stand; alternatives in order."""

    model: tuple[Text, ...] = ()
    serial: tuple[Text, ...] = ()
    firmware: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceRules:
    """Which interfaces are read.

    Attributes:
        uplink: names of the uplink, best first; asked before netmon's own guesses.
        ignore: names of interfaces that are never read.
        every: read all of them at each sweep, not only the uplink.
    """

    uplink: tuple[Pattern[str], ...] = ()
    ignore: Pattern[str] | None = None
    every: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What the agent can bear; the rest netmon finds out by itself. 0 objects or repetitions: netmon's own default."""

    bulk: bool = True
    objects_per_request: int = 0
    max_repetitions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnuReading:
    """A number the OLT knows of an ONU; `more_index` are arcs its table's index has after those of the ONU."""

    rule: Rule
    more_index: Oid = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnuRules:
    """How an OLT's tables describe its ONUs. Every table is indexed by the same arcs.

    Attributes:
        keys: what may name an ONU in `observed_via`; alternatives, each of parts put together without a blank. Their
            columns have the ONUs' rows; the row's dotted index is a key, too.
        state: run state; None where it is not known for sure which number means what.
        states: its numbers.
        cause: why it went last; None as above. It may be the state's own column.
        causes: its numbers, or its texts in small letters; any other tells nothing.
        readings: further numbers, taken in the background; those of one quantity are alternatives.
    """

    keys: tuple[tuple[LabelPart, ...], ...]
    state: Object | None = None
    states: Mapping[int, RowState] = field(default_factory=dict)
    cause: Object | None = None
    causes: Mapping[int | str, DownCause] = field(default_factory=dict)
    readings: tuple[OnuReading, ...] = ()

    @property
    def objects(self) -> tuple[Object, ...]:
        """Every column that is read."""
        parts = (part.column for parts in self.keys for part in parts)
        columns = (*parts, self.state, self.cause, *(one.rule.source for one in self.readings))
        return tuple(one for one in columns if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One device family."""

    name: str
    title: str
    recognised_by: tuple[Recognition, ...] = ()
    is_fallback: bool = False
    identity: IdentityRules = field(default_factory=IdentityRules)
    uptime: tuple[UptimeSource, ...] = (UptimeSource.SYS_UP_TIME, UptimeSource.HR_SYSTEM_UPTIME)
    interfaces: InterfaceRules = field(default_factory=InterfaceRules)
    manners: Manners = field(default_factory=Manners)
    rules: tuple[Rule, ...] = ()
    onus: OnuRules | None = None
