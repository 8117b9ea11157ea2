"""A small country of dead devices for the tests of `rules.conclude`: time passes, faults are kept as a store would."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from netmon.model.faults import Fault, Scope
from netmon.model.ids import DeviceId, FaultId, VillageId
from netmon.model.inventory import Role
from netmon.model.onus import OltWord
from netmon.model.time import Now
from netmon.rules.conclude import Candidate, ConcludePolicy, GroupFacts, Situation, Witness, conclude

POLICY = ConcludePolicy()


def village_of(amphoe: str, number: int) -> VillageId:
    return VillageId(
        f"{amphoe}01{number:02d}" if number < 100 else f"{amphoe}{number // 100 + 1:02d}{number % 100:02d}"
    )


@dataclass
class Land:
    """Villages laid out by amphoe and feeder; `homes` maps each one's uplink to (amphoe, feeder, village)."""

    homes: Mapping[DeviceId, tuple[str, str, VillageId]]
    dead: dict[DeviceId, Candidate] = field(default_factory=dict)
    faults: dict[FaultId, Fault] = field(default_factory=dict)
    history: dict[FaultId, Fault] = field(default_factory=dict)
    absorbed: dict[DeviceId, DeviceId] = field(default_factory=dict)
    dark_before: dict[str, int] = field(default_factory=dict)
    centres: dict[str, str] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    @staticmethod
    def of(layout: Mapping[tuple[str, str], int]) -> "Land":
        """`layout` maps (amphoe, feeder) to a number of villages."""
        homes, number = {}, Counter[str]()
        for (amphoe, feeder), villages in layout.items():
            for _ in range(villages):
                number[amphoe] += 1
                village = village_of(amphoe, number[amphoe])
                homes[DeviceId(f"onu-{village}")] = (amphoe, feeder, village)
        return Land(homes)

    def centre_of(self, amphoe: str) -> str:
        """Service centre of an amphoe: one for each pair of a province, unless the test says otherwise."""
        return self.centres.get(amphoe, f"tot-{amphoe[:2]}-{(int(amphoe[2:]) + 1) // 2}")

    def on(self, amphoe: str = "", feeder: str = "") -> list[DeviceId]:
        """Uplinks of an amphoe and feeder."""
        return [d for d, (a, f, _) in self.homes.items() if amphoe in ("", a) and feeder in ("", f)]

    def kill(
        self, device: DeviceId, at: float, feeder: Witness = Witness.ANSWERS, olt: OltWord = OltWord.NOTHING
    ) -> None:
        amphoe, above, village = self.homes[device]
        self.dead[device] = Candidate(
            device=device,
            role=Role.UPLINK,
            villages=(village,),
            failed_at=at,
            confirmed_at=at + 8,
            feeder=feeder,
            feeder_id=DeviceId(above),
            olt=olt,
            onu=device,
            amphoe=amphoe,
            centre=self.centre_of(amphoe),
        )

    def kill_ap(self, device: DeviceId, at: float, uplink: Witness = Witness.ANSWERS) -> DeviceId:
        amphoe, above, village = self.homes[device]
        name = DeviceId(f"ap-{village}")
        self.dead[name] = Candidate(
            device=name,
            role=Role.AP,
            villages=(village,),
            failed_at=at,
            confirmed_at=at + 8,
            uplink=uplink,
            feeder=Witness.ANSWERS,
            feeder_id=DeviceId(above),
            amphoe=amphoe,
            centre=self.centre_of(amphoe),
        )
        return name

    def kill_feeder(self, feeder: str, at: float, silent: float = 1.0, before: int = 0) -> None:
        """The feeder's uplinks are behind it then, and no roots of their own any more."""
        below = self.on(feeder=feeder)
        self.dead[DeviceId(feeder)] = Candidate(
            device=DeviceId(feeder),
            role=Role.FEEDER,
            villages=tuple(self.homes[one][2] for one in below),
            failed_at=at,
            confirmed_at=at + 8,
            amphoe=self.homes[below[0]][0],
            centre=self.centre_of(self.homes[below[0]][0]),
            below_before=before,
            below_watched=len(below),
            below_silent=int(len(below) * silent),
        )
        for one in below:
            if self.dead.pop(one, None):
                self.absorbed[one] = DeviceId(feeder)

    def groups(self) -> dict[tuple[Scope, str], GroupFacts]:
        silent = {village for one in self.dead.values() for village in one.villages}
        total, answering = Counter[tuple[Scope, str]](), Counter[tuple[Scope, str]]()
        for amphoe, feeder, village in self.homes.values():
            for group in ((Scope.AMPHOE, amphoe), (Scope.FEEDER, feeder)):
                total[group] += 1
                answering[group] += village not in silent
        return {group: GroupFacts(total[group], answering[group], self.dark_before.get(group[1], 0)) for group in total}

    def situation(self, at: float, recovered: Iterable[DeviceId] = (), retired: Iterable[DeviceId] = ()) -> Situation:
        return Situation(
            faults=tuple(self.faults.values()),
            dead=tuple(self.dead.values()),
            now=Now(monotonic=at - 1_000_000, wall=at),
            recovered=frozenset(recovered),
            retired=frozenset(retired),
            absorbed=self.absorbed,
            groups=self.groups(),
            amphoes=Counter(amphoe[:2] for amphoe in {home[0] for home in self.homes.values()}),
        )

    def conclude(
        self, at: float, recovered: Iterable[DeviceId] = (), retired: Iterable[DeviceId] = ()
    ) -> tuple[Fault, ...]:
        """Conclude, record the result as the store would, and hold the promises that always hold."""
        recovered, retired = list(recovered), list(retired)
        for device in (*recovered, *retired):
            self.dead.pop(device, None)
            self.absorbed.pop(device, None)
        changed = conclude(self.situation(at, recovered, retired), POLICY, self.new_id)
        self.record(changed)
        assert conclude(self.situation(at, recovered, retired), POLICY, self.new_id) == (), "not idempotent"
        self.check(at)
        return changed

    def new_id(self) -> FaultId:
        return FaultId(f"F{next(self.ids):04d}")

    def record(self, changed: Iterable[Fault]) -> None:
        for fault in changed:
            self.history[fault.id] = fault
            self.faults.pop(fault.id, None)
            if fault.is_open:
                self.faults[fault.id] = fault

    def check(self, at: float) -> None:
        identities = [(fault.scope, fault.key) for fault in self.faults.values()]
        assert len(identities) == len(set(identities)), "two open faults about one thing"
        live = [m.device for fault in self.faults.values() for m in fault.members if m.recovered_at is None]
        assert len(live) == len(set(live)), "a device belongs to two open faults"
        settled = {one.device for one in self.dead.values() if at - one.confirmed_at >= POLICY.settle}
        assert settled <= set(live), "a dead device without a fault"
        for fault in self.history.values():
            if fault.merged_into is not None:
                assert fault.merged_into in self.history, "merged into a fault that nobody was told of"

    def open(self) -> list[Fault]:
        return sorted(self.faults.values(), key=lambda fault: fault.id)

    def only(self) -> Fault:
        assert len(self.faults) == 1, [(one.scope, one.key, one.cause) for one in self.open()]
        return self.open()[0]
