"""Small faults, notices and times for the tests of this folder, and vitals that remember."""

from collections import Counter

from netmon.model.decisions import OpenFault, OpenTicket, SendNotice, StoredDecision
from netmon.model.faults import Cause, Evidence, EvidenceKind, Fault, Member, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, TechnicianId, VillageId
from netmon.model.notices import Audience, Channel, Notice, Recipient, Stage
from netmon.model.time import Now
from netmon.model.vitals import Vital

T0 = 1_795_150_800.0  # 20 November 2026, 09:00 in Thailand: the Buddhist year 2569
UBON = CentreId("TOT-3401")
YASO = CentreId("TOT-3501")
VILLAGES = tuple(VillageId(f"3401010{n}") for n in range(1, 6))


def at(seconds: float) -> Now:
    """So many seconds after T0."""
    return Now(monotonic=seconds, wall=T0 + seconds)


def fault(name: str = "f1", *, key: str | None = None, villages: tuple[VillageId, ...] = VILLAGES[:2]) -> Fault:
    """An open fault with a member per village and evidence with every field used."""
    return Fault(
        id=FaultId(name),
        scope=Scope.FEEDER,
        key=key or f"olt-{name}",
        cause=Cause.FEEDER,
        confidence=0.1 + 0.2,  # has no short binary form: must come back bit for bit
        opened_at=T0 + 1 / 3,
        members=tuple(Member(DeviceId(f"ap-{v}"), (v,), T0 - 20.125) for v in reversed(villages)),
        evidence=(
            Evidence(EvidenceKind.FEEDER_SILENT, f"olt-{name}", T0, note="เงียบทั้งหมด"),
            Evidence(EvidenceKind.ALL_BELOW_SILENT, f"olt-{name}", T0 + 0.1, count=2, total=2),
        ),
    )


def notice(
    name: str = "f1",
    *,
    stage: Stage = Stage.OPENED,
    channel: Channel = Channel.MAIL,
    recipient: str = "somchai",
    revision: int = 0,
) -> Notice:
    """A notice to a technician of Ubon."""
    return Notice(
        stage=stage,
        channel=channel,
        recipient=Recipient(Audience.TECHNICIAN, TechnicianId(recipient)),
        fault=FaultId(name),
        centre=UBON,
        revision=revision,
    )


def opening(name: str = "f1", *, notices: tuple[Notice, ...] = (), due: float = T0) -> list[StoredDecision]:
    """The batch with which a fault begins: fault, ticket, notices."""
    one = fault(name)
    ticket = OpenTicket(one.id, UBON, one.villages, one.opened_at)
    return [OpenFault(one), ticket, *(SendNotice(each, due) for each in notices)]


class RememberedVitals:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[Vital, str]] = Counter()
        self.gauges: dict[tuple[Vital, str], float] = {}
        self.observed: Counter[Vital] = Counter()

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        self.counts[vital, label] += int(amount)

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        self.gauges[vital, label] = value

    def observe(self, vital: Vital, value: float) -> None:
        assert value >= 0
        self.observed[vital] += 1
