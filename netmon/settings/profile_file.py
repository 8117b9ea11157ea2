"""What may stand in a profile file, every key documented where it is declared.

These models check the shape of one file; names that refer to each other are checked in `profile_build`.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from netmon.model.profiles import Conversion, Gather, IndexForm, Pace, UptimeSource
from netmon.model.readings import Quantity
from netmon.settings.values import Section

_OID = re.compile(r"\.?[0-2](\.[0-9]{1,10}){1,127}")
_ARC_BITS = 32
_LARGEST_ARC = 2**_ARC_BITS - 1


def _oid(value: str) -> str:
    if not _OID.fullmatch(value) or any(int(arc) > _LARGEST_ARC for arc in value.lstrip(".").split(".")):
        raise ValueError("should be an object identifier such as 1.3.6.1.2.1.1.3.0")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return value


def _several(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


def _label(value: Any) -> Any:
    parts = value if isinstance(value, (list, tuple)) else [value]
    return [{"constant": part} if isinstance(part, str) else part for part in parts]


OidText = Annotated[str, AfterValidator(_oid), Field(description="An object identifier in dotted numbers.")]
PatternText = Annotated[
    str, AfterValidator(_pattern), Field(description="A Python regular expression; it is searched.")
]
Name = Annotated[str, Field(description="The name of a scalar or column of this profile or the one it extends.")]
Names = Annotated[tuple[Name, ...], BeforeValidator(_several, json_schema_input_type=Name | tuple[Name, ...])]
Codes = Annotated[
    tuple[int | str, ...], BeforeValidator(_several, json_schema_input_type=int | str | tuple[int | str, ...])
]
Integers = Annotated[tuple[int, ...], BeforeValidator(_several, json_schema_input_type=int | tuple[int, ...])]
Patterns = Annotated[
    tuple[PatternText, ...], BeforeValidator(_several, json_schema_input_type=PatternText | tuple[PatternText, ...])
]


class WitnessEntry(Section):
    """An object the device must have."""

    object: Name = Field(description="A scalar of this profile.")
    match: PatternText | None = Field(None, description="What its text must match. Default: being there is enough.")


class RecognitionEntry(Section):
    """One way to recognise the family; everything in it must hold."""

    sys_object_id: Annotated[
        tuple[OidText, ...], BeforeValidator(_several, json_schema_input_type=OidText | tuple[OidText, ...])
    ] = Field((), description="sysObjectID is one of these or below one. Default: any.")
    sys_descr: PatternText | None = Field(None, description="What sysDescr must match. Default: anything.")
    witnesses: tuple[WitnessEntry, ...] = Field((), description="Objects the device must have, too. Default none.")

    @model_validator(mode="after")
    def _says_something(self) -> "RecognitionEntry":
        if not (self.sys_object_id or self.sys_descr or self.witnesses):
            raise ValueError("recognises every device; give sys_object_id, sys_descr or witnesses")
        return self


class TextEntry(Section):
    """One piece of a text read from the device."""

    object: Name = Field(description="A scalar, a column (its first row that matches), or sysDescr.")
    match: PatternText | None = Field(None, description="Take group 1 of this match. Default: the whole text.")
    before: str = Field("", description="Put before it.")
    after: str = Field("", description="Put after it.")
    shown: bool = Field(
        default=True, description="False: a condition; the text stands only if this piece is there, too. Default true."
    )


Texts = Annotated[
    tuple[
        Annotated[
            tuple[TextEntry, ...], BeforeValidator(_several, json_schema_input_type=TextEntry | tuple[TextEntry, ...])
        ],
        ...,
    ],
    Field(description="Alternatives, best first; each is one piece or a list of pieces put together."),
]


class IdentityEntry(Section):
    """Where the device says what it is."""

    model: Texts = Field((), description="Model name.")
    serial: Texts = Field((), description="Serial number.")
    firmware: Texts = Field((), description="Firmware version.")


class InterfacesEntry(Section):
    """Which interfaces are read."""

    uplink: Patterns = Field((), description="Names of the uplink, best first. Default: netmon guesses.")
    ignore: PatternText | None = Field(None, description="Names of interfaces that are never read. Default none.")
    every: bool = Field(
        default=False, description="Read all interfaces at each sweep, not only the uplink. Default false."
    )


class SnmpEntry(Section):
    """What the agent can bear, where netmon should not have to find out."""

    bulk: bool = Field(default=True, description="Whether GETBULK works. Default true.")
    objects_per_request: int = Field(0, ge=0, le=128, description="Most objects in one GET. Default 0: netmon's own.")
    max_repetitions: int = Field(0, ge=0, le=100, description="Most rows per GETBULK. Default 0: netmon's own.")


class LabelEntry(Section):
    """One part of a label: exactly one of column, interface, index and constant."""

    column: Name | None = Field(None, description="The text of this column in the same row.")
    interface: bool = Field(default=False, description="The index is an ifIndex; use the interface's name.")
    index: IndexForm | None = Field(None, description="The row's index: dotted, text, or its last arc.")
    constant: str | None = Field(None, description="This text; a plain text in place of the section means the same.")
    arcs: int = Field(0, ge=0, description="Use only so many leading arcs of the index. Default 0: all.")
    bits: tuple[int, int] | None = Field(
        None, description="Of the last arc used, only bits [lowest, highest], counted from 0. Default: all of it."
    )
    match: PatternText | None = Field(None, description="Take group 1 of this match of it. Default: the whole text.")
    if_several: bool = Field(
        default=False,
        description="Leave the part out where its column has one row only: a device that is alone in its own list "
        "needs no name there. Default false.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> "LabelEntry":
        if sum((self.column is not None, self.interface, self.index is not None, self.constant is not None)) != 1:
            raise ValueError("should have exactly one of column, interface, index and constant")
        if self.if_several and self.column is None:
            raise ValueError("if_several counts the rows of a column, so it stands beside one")
        return self

    @model_validator(mode="after")
    def _has_bits(self) -> "LabelEntry":
        if self.bits is None:
            return self
        if self.index is None:
            raise ValueError("takes bits of an index; give index, too")
        if not 0 <= self.bits[0] <= self.bits[1] < _ARC_BITS:
            raise ValueError("bits should be [lowest, highest], from 0 to 31")
        return self


class FilterEntry(Section):
    """Which rows are read."""

    column: Name | None = Field(None, description="The column looked at. Default: the row's index.")
    index: IndexForm = Field(IndexForm.DOTTED, description="How the index is written. Default dotted.")
    match: PatternText = Field(description="What must be found in it.")
    drop: bool = Field(default=False, description="Drop the rows that match, instead of keeping them. Default false.")


class ConditionEntry(Section):
    """A raw value that must hold; if its object has no value, it does not."""

    object: Name = Field(description="A scalar, or a column in the same row.")
    is_not: Integers = Field((), description="It is none of these numbers.")
    is_one_of: Integers = Field((), description="It is one of these numbers. Default: any.")
    least: float | None = Field(None, description="It is no smaller than this. Default: any.")
    most: float | None = Field(None, description="It is no larger than this. Default: any.")


class PowersEntry(Section):
    """Columns of ENTITY-SENSOR-MIB (RFC 3433) that scale each row; a row without them is not read."""

    scale: Name = Field(description="EntitySensorDataScale: 9 is a unit, 8 a thousandth.")
    precision: Name = Field(description="EntitySensorPrecision: decimal places.")


class VariantEntry(Section):
    """Another scale for some firmware."""

    firmware: PatternText = Field(description="What the firmware version must match.")
    scale: float = Field(description="The scale then.")


class RangeEntry(Section):
    """A closed range; an end left out is open."""

    least: float | None = Field(None, description="Smallest number.")
    most: float | None = Field(None, description="Largest number.")


class ReadingEntry(Section):
    """One rule. Rules for one quantity are alternatives per label: the first that yields a value wins.

    In this order: raw numbers that are in `absent` or outside `accept` are no values; from + plus - minus; + offset;
    * scale; / of; complement - value; convert; states; and what is then outside `within` is absent.
    """

    reading: Quantity = Field(description="What is read; its unit is in the name.")
    from_: Name = Field(alias="from", description="The scalar read, or the column: one reading per row.")
    plus: Names = Field((), description="Objects to add, columns in the same row. Default none.")
    minus: Names = Field((), description="Objects to subtract. Default none.")
    of: Name | None = Field(None, description="Object to divide by: used of size, free of total. Default none.")
    offset: float = Field(0.0, description="Added to the raw number. Default 0.")
    scale: float = Field(1.0, description="Multiplies it: 0.01 for percent, -1 to negate. Default 1.")
    variants: tuple[VariantEntry, ...] = Field(
        (), description="Other scales for some firmware; the first that matches."
    )
    powers: PowersEntry | None = Field(None, description="Columns that scale each row besides. Default none.")
    complement: float | None = Field(None, description="Subtract the value from this: 1 makes idle busy. Default none.")
    convert: Conversion | None = Field(None, description="milliwatt_to_dbm or microwatt_to_dbm. Default none.")
    states: dict[int, float] | None = Field(None, description="Enumeration to value; others are absent. Default none.")
    absent: Integers = Field((), description="Raw numbers that mean 'no value', e.g. 2147483647. Default none.")
    accept: RangeEntry = Field(RangeEntry(), description="Raw numbers that are values at all. Default any.")
    within: RangeEntry = Field(RangeEntry(), description="Values that are possible. Default: what the quantity allows.")
    only_if: tuple[ConditionEntry, ...] = Field((), description="Conditions, all of which must hold. Default none.")
    rows: tuple[FilterEntry, ...] = Field((), description="Filters, all of which a row must pass. Default: every row.")
    label: Annotated[
        tuple[LabelEntry, ...],
        BeforeValidator(_label, json_schema_input_type=str | LabelEntry | tuple[str | LabelEntry, ...]),
    ] = Field((), description="Names each row's reading; parts are joined by a space. Default: the index.")
    gather: Gather | None = Field(
        None,
        description="How rows with one label are put together. Default: clients and watts are added up, other rows "
        "told apart by their index.",
    )
    total: Gather | None = Field(None, description="How all rows make the device's own reading. Default: they do not.")
    count_rows: bool = Field(
        default=False,
        description="The reading is the number of rows whose text is the label, and in sum. Default false.",
    )
    count_labels: Name | None = Field(None, description="With count_rows: the column that lists the labels.")
    pace: Pace = Field(Pace.SWEEP, description="sweep: every sweep; background: every half hour or so. Default sweep.")


class OnuStateEntry(Section):
    """An ONU's run state. Numbers in neither list are unknown."""

    from_: Name = Field(alias="from", description="The column, indexed as the key columns are.")
    online: Integers = Field(description="Numbers that mean online.")
    offline: Integers = Field(description="Numbers that mean offline.")


class OnuCauseEntry(Section):
    """Why an ONU went offline last, in numbers or texts. What is in no list tells nothing; list only what is sure."""

    from_: Name = Field(
        alias="from", description="The column, indexed as the key columns are; it may be that of the run state."
    )
    dying_gasp: Codes = Field((), description="Numbers, or texts, that mean its power failed. Default none.")
    loss_of_signal: Codes = Field((), description="Those that mean its light went out. Default none.")
    reset: Codes = Field((), description="Those that mean it was restarted. Default none.")
    deactivated: Codes = Field((), description="Those that mean it was switched off at the OLT. Default none.")


class OnuReadingEntry(Section):
    """A number of the ONU, taken every half hour or so. The keys mean the same as under `readings`.

    Several for one reading are alternatives: the first that yields a value wins.
    """

    reading: Quantity = Field(description="What is read; its unit is in the name.")
    from_: Name = Field(alias="from", description="The column, indexed as the key columns are.")
    more_index: Integers = Field((), description="Arcs that this table's index has after the ONU's. Default none.")
    offset: float = Field(0.0, description="Added to the raw number. Default 0.")
    scale: float = Field(1.0, description="Multiplies it. Default 1.")
    absent: Integers = Field((), description="Raw numbers that mean 'no value'. Default none.")
    accept: RangeEntry = Field(RangeEntry(), description="Raw numbers that are values at all. Default any.")
    within: RangeEntry = Field(RangeEntry(), description="Values that are possible. Default: what the quantity allows.")


class OnusEntry(Section):
    """What an OLT's tables say of its ONUs, for devices that are `observed_via` it."""

    keys: Annotated[
        tuple[
            Annotated[
                tuple[LabelEntry, ...],
                BeforeValidator(_label, json_schema_input_type=LabelEntry | tuple[str | LabelEntry, ...]),
            ],
            ...,
        ],
        Field(
            min_length=1,
            description="What names an ONU in the inventory's `observed_via: OLT#KEY`; alternatives, each one part or "
            "a list of parts put together without blanks. A serial number matches in any spelling (HWTC1A2B3C4D, "
            "485754431A2B3C4D); the dotted index of the row is a key anyway.",
        ),
    ]
    run_state: OnuStateEntry | None = Field(
        None, description="Whether it is online. Default: the OLT does not say, or nobody knows its numbers for sure."
    )
    down_cause: OnuCauseEntry | None = Field(None, description="Why it went last. Default: the OLT does not say.")
    readings: tuple[OnuReadingEntry, ...] = Field((), description="Optical power, distance. Default none.")


class ProfileFile(Section):
    """One device family."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = Field(
        description="Its name, as the inventory's column `profile` has it. A file of the operator's with the name of "
        "a shipped profile replaces that one."
    )
    title: str = Field(description="What it is, in a few words.")
    extends: str | None = Field(
        "generic", description="The profile whose objects and readings hold here too. Default generic."
    )
    fallback: bool = Field(
        default=False, description="Use it where no other profile recognises the device. Default false."
    )
    recognised_by: tuple[RecognitionEntry, ...] = Field((), description="Ways to recognise the family; one is enough.")
    scalars: dict[str, OidText] = Field(
        {}, description="Exact instances by the name used below; they mostly end in .0."
    )
    columns: dict[str, OidText] = Field({}, description="Columns of tables by the name used below, without index.")
    identity: IdentityEntry = Field(IdentityEntry(), description="Where model, serial and firmware stand.")
    uptime: tuple[UptimeSource, ...] = Field(
        (), description="Where the uptime stands, best first. Default: as the extended profile has it."
    )
    interfaces: InterfacesEntry | None = Field(None, description="Which interfaces. Default: as the extended profile.")
    snmp: SnmpEntry = Field(SnmpEntry(), description="What the agent can bear.")
    without: tuple[Quantity, ...] = Field((), description="Quantities not to take from the extended profile.")
    readings: tuple[ReadingEntry, ...] = Field(
        (),
        description="What is read. A quantity that has rules here takes none from the extended profile.",
    )
    onus: OnusEntry | None = Field(
        None, description="How its tables describe ONUs, if it is an OLT. Default: as the extended profile."
    )


def profile_schema() -> dict[str, Any]:
    """JSON Schema of a profile file, for editors that complete and explain keys."""
    return ProfileFile.model_json_schema(mode="validation", by_alias=True)
