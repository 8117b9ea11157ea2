"""What devices with equal plans share: the requests, compiled, and what the answers mean.

The country has few families, so this is kept once for each, and not for every device.
"""

from collections.abc import Sequence
from copy import copy
from itertools import islice

from netmon.model.profiles import Oid
from netmon.model.readings import Measure, Outline, Quantity
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.own_rows import OwnOids, OwnRows
from netmon.probes.snmp.own_template import own_template
from netmon.probes.snmp.plan import PollPlan
from netmon.probes.snmp.template import RequestTemplate


class Script:
    """What to ask and what the answer means, for all devices with the same plan, version and community.

    `templates`, `oids` and `walks` are the plan's; so are `read`, its `PollPlan.readings`, and `stamp`, its
    `PollPlan.table_stamp`, None if it has none. `counters` are the places in the outline that are counters, with their
    width in bits; `uptime` is the place of the uptime, -1 where there is none. `own` are the rows that another device
    has under another index.
    """

    __slots__ = (
        "__weakref__", "_own", "_places", "counters", "oids", "outline", "read", "stamp", "templates", "uptime",
        "walks",
    )  # fmt: skip

    def __init__(self, plan: PollPlan, version: Version, community: bytes, own: OwnRows | None = None) -> None:
        self.read, self.stamp = plan.readings, None if plan.stamp_at is None else plan.table_stamp
        self._own = own
        self._places = () if own is None else own.places_in(plan.oids)
        self.templates: Sequence[RequestTemplate] = plan.templates(version, community)
        self.oids: Sequence[Oid] = plan.oids
        self.walks = plan.walks
        self.outline: Outline = tuple(Measure(one.quantity, one.label) for one in plan.series)
        self.counters = tuple((at, one.bits) for at, one in enumerate(plan.series) if one.bits)
        quantities = [measure.quantity for measure in self.outline]
        self.uptime = quantities.index(Quantity.UPTIME) if Quantity.UPTIME in quantities else -1

    def of(self, index: Oid) -> "Script":
        """The same for a device with this index of its own; all but the index is shared."""
        if self._own is None or index == self._own.index:
            return self
        other = copy(self)
        other.oids = OwnOids(self.oids, self._places, index)
        places = iter(self._places)
        other.templates = tuple(
            own_template(one, tuple(islice(places, len(one.oids))), index) for one in self.templates
        )
        return other
