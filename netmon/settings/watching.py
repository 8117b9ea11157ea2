"""Settings of what netmon looks at and concludes. Names and defaults are those of the policies in `netmon.rules`."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from netmon.settings.values import ConfigPath, Count, IpAddress, Line, Positive, Section, Share


class Probing(Section):
    """How devices are asked."""

    interval: Positive = Field(20.0, description="Time between two echo requests to a device. Seconds; default 20.")
    timeout: Positive = Field(1.0, description="How long an answer is waited for. Seconds; default 1.")
    namespace: Line = Field(
        "",
        description="Name of the network namespace the probe sockets are opened in (ip netns). "
        "Default '': the one netmon runs in.",
    )
    snmp_interval: Positive = Field(
        60.0,
        description="Time between two SNMP polls of a device that has a credential in the inventory. "
        "Seconds; default 60.",
    )
    snmp_background_interval: Annotated[Positive, Field(ge=60)] = Field(
        2700.0,
        description="Time in which what changes slowly (optical power, voltages) is read once of every device. It is "
        "spread evenly, since reading optics loads an OLT. Seconds, at least 60; default 2700.",
    )
    snmp_timeout: Positive = Field(2.0, description="How long an SNMP answer is waited for. Seconds; default 2.")
    snmp_retries: Annotated[Count, Field(ge=0, le=10)] = Field(
        1, description="How often an SNMP request without an answer is sent again. Count; default 1."
    )
    snmp_port: Annotated[Count, Field(ge=1, le=65_535)] = Field(
        161, description="UDP port that devices answer SNMP on. Number; default 161."
    )
    profiles: ConfigPath | None = Field(
        None,
        description="Folder with device profiles of your own; each adds to netmon's, or replaces the one of that name. "
        "Path from this file; default none.",
    )


class Odds(Section):
    """When silence becomes 'down'."""

    false_down: Annotated[float, Field(gt=0, lt=1)] = Field(
        1e-9,
        description="Highest accepted chance, per round, that a device said to be down is not. "
        "Probability; default 1e-9.",
    )
    minimum: Annotated[Count, Field(ge=1, le=20)] = Field(
        3, description="Probes that must be missed at the least, however good the line. Count; default 3."
    )
    maximum: Annotated[Count, Field(ge=1, le=60)] = Field(
        12, description="Missed probes that are enough, however bad the line. Count; default 12."
    )
    within: Positive = Field(
        12.0, description="Time in which a suspect device is decided on, at the latest. Seconds; default 12."
    )
    spacing: Positive = Field(1.0, description="Time between two re-probes of a suspect device. Seconds; default 1.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("has a minimum above its maximum")
        return self


class Recovery(Section):
    """When answers become 'up' again."""

    steady: Positive = Field(
        30.0, description="How long a device must answer without a miss before it counts as up. Seconds; default 30."
    )


class Agents(Section):
    """When an SNMP agent counts as silent while its device answers echo requests."""

    rounds: Annotated[Count, Field(ge=3, le=1000)] = Field(
        5,
        description="SNMP polls without an answer, one after the other, until a fault of cause 'agent' is opened; "
        "more are waited for where the line is lossy. Count; default 5.",
    )
    steady: Annotated[Count, Field(ge=1, le=1000)] = Field(
        3, description="Polls answered one after the other until that fault ends. Count; default 3."
    )


class Health(Section):
    """The health machine of a device."""

    odds: Odds = Field(Odds(), description="When silence becomes 'down'.")
    recovery: Recovery = Field(Recovery(), description="When answers become 'up' again.")
    agents: Agents = Field(Agents(), description="When an SNMP agent counts as silent, and speaking again.")


class Conclude(Section):
    """How failures are gathered into faults."""

    settle: Positive = Field(
        10.0,
        description="How long further failures are waited for before a fault is concluded. Seconds; default 10.",
    )
    window: Positive = Field(
        180.0, description="Failures this far apart may still share a root cause. Seconds; default 180."
    )
    merge_within: Positive = Field(
        300.0, description="Open faults that began this far apart may still be merged. Seconds; default 300."
    )


class Isolation(Section):
    """How netmon notices that it is itself cut off."""

    reference_targets: tuple[IpAddress, ...] = Field(
        (),
        description="Addresses outside the village network that answer echo requests whenever netmon's own link "
        "works, two or three that share no equipment. Default none: only the kernel's link and route tell.",
    )
    window: Positive = Field(
        10.0, description="Time in which everything must fall silent to count as isolation. Seconds; default 10."
    )
    share: Share = Field(
        0.9,
        description="Part of the sampled villages, in every region, that must be silent as well. 0..1; default 0.9.",
    )
