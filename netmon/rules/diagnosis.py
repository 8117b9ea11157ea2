"""Why a device at the top of a dead branch is dead: witnesses above and below it, and a stated confidence.

    dead           its uplink answers   its feeder answers   neither is known
    access point   access_point .95     (see its uplink)     unknown .30
    switch         unknown .50          (see its uplink)     unknown .30
    uplink         -                    uplink .60           uplink .45
    feeder         feeder .95 when everything below is silent, less when less is known of what is below; but power
                   .75 when villages below it fell silent while it still answered: they did not die of it
    UPS            agent .60: the village may well be served, only the UPS has stopped talking

A dead uplink behind an answering feeder stays at .60, because echo cannot tell a cut fibre from a village without
power. An access point whose uplink is not watched could be any of three things, so it is `unknown`, and the sentence
says so. Groups of such devices are judged by `diagnose_group`.

What the OLT says of the ONU since goes before all that, but for an uplink that answers for itself:

    OLT says          uplink dead               access point dead, uplink silent or not watched
    dying gasp        power .90                 power .90
    light lost        uplink .75                uplink .75 (three in ten power cuts look like this, see `olt_words`)
    offline           as above                  uplink .55
    online            uplink .65: not the line  access_point .90
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.model.faults import Cause, Evidence, EvidenceKind, Scope
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Role
from netmon.model.onus import OltWord
from netmon.rules.olt_words import Words, power_after, words_by_olt


class Witness(StrEnum):
    """What another device says about a dead one."""

    ANSWERS = "answers"
    SILENT = "silent"
    NOT_WATCHED = "not_watched"
    UNSURE = "unsure"
    """Watched, but not freshly probed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A device that is down at the top of a dead branch, confirmed. Times are Unix seconds.

    `failed_at` is its first miss, `confirmed_at` when the odds confirmed it. `uplink` is the witness of its uplink
    (for an access point or switch), `feeder` that of its feeder. `amphoe` is the 4-digit code of its (first)
    village, '' where it has none. `olt` is what its OLT says of `onu`, the ONU that it is or stands behind, since it
    fell silent. `below_*` count the watched devices beneath it and those of them that are silent; `below_before`
    the villages beneath a feeder that fell silent shortly before it, while it still answered. `centre` is the service
    centre of its (first) village.
    """

    device: DeviceId
    role: Role
    villages: tuple[VillageId, ...]
    failed_at: float
    confirmed_at: float
    uplink: Witness = Witness.NOT_WATCHED
    feeder: Witness = Witness.NOT_WATCHED
    feeder_id: DeviceId | None = None
    amphoe: str = ""
    olt: OltWord = OltWord.NOTHING
    onu: DeviceId | None = None
    below_watched: int = 0
    below_silent: int = 0
    below_before: int = 0
    centre: str = ""

    @property
    def fails_for_itself(self) -> bool:
        """No neighbour can explain it: what connects it answers, or it connects nobody."""
        if self.role in {Role.AP, Role.SWITCH}:
            return self.uplink is Witness.ANSWERS or (self.uplink is not Witness.SILENT and self.olt is OltWord.ONLINE)
        return self.role is Role.UPS

    @property
    def identity(self) -> tuple[Scope, str]:
        """Scope and key of the fault it has when nothing else explains it."""
        return (Scope.FEEDER if self.role is Role.FEEDER else Scope.DEVICE), self.device


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """One feeder's or amphoe's villages: how many, how many answer now, how many were dark before the window."""

    villages: int
    answering: int
    dark_before: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause, how sure (0..1), and what it rests on."""

    cause: Cause
    confidence: float
    evidence: tuple[Evidence, ...]


_UPLINK_KINDS = {
    Witness.ANSWERS: EvidenceKind.UPLINK_ANSWERS,
    Witness.SILENT: EvidenceKind.UPLINK_SILENT,
    Witness.NOT_WATCHED: EvidenceKind.UPLINK_NOT_WATCHED,
}
_FEEDER_KINDS = {
    Witness.ANSWERS: EvidenceKind.FEEDER_ANSWERS,
    Witness.SILENT: EvidenceKind.FEEDER_SILENT,
    Witness.NOT_WATCHED: EvidenceKind.FEEDER_NOT_WATCHED,
}


_OLT_KINDS = {
    OltWord.ONLINE: EvidenceKind.OLT_ONLINE,
    OltWord.OFFLINE: EvidenceKind.OLT_OFFLINE,
    OltWord.DYING_GASP: EvidenceKind.OLT_DYING_GASP,
    OltWord.LOSS_OF_SIGNAL: EvidenceKind.OLT_LOSS_OF_SIGNAL,
}
_EVEN = 0.5
_ENOUGH_NEIGHBOURS = 3
"""Villages on other feeders of the same amphoe whose answers speak against a power cut."""
_MANY_FEEDERS = 3
ENOUGH_BEFORE = 3
"""Villages that fell silent while their feeder still answered, from which on it is they that explain the feeder."""


def diagnose(candidate: Candidate, at: float) -> Finding:
    """The cause of one dead device, judged alone; `at` (Unix seconds) dates the witnesses' evidence."""
    evidence = [Evidence(EvidenceKind.DEVICE_SILENT, candidate.device, candidate.failed_at)]
    if candidate.role is Role.FEEDER:
        return _diagnose_feeder(candidate, evidence, at)
    if candidate.role in {Role.AP, Role.SWITCH} and candidate.uplink in _UPLINK_KINDS:
        evidence.append(Evidence(_UPLINK_KINDS[candidate.uplink], candidate.device, at))
    if candidate.onu is not None and candidate.olt in _OLT_KINDS and candidate.uplink is not Witness.ANSWERS:
        if candidate.uplink is Witness.NOT_WATCHED and candidate.role in {Role.AP, Role.SWITCH}:
            evidence.pop()  # it is watched: by its OLT
        evidence.append(Evidence(_OLT_KINDS[candidate.olt], candidate.onu, at))
    if candidate.feeder_id is not None and candidate.feeder in _FEEDER_KINDS:
        evidence.append(Evidence(_FEEDER_KINDS[candidate.feeder], candidate.feeder_id, at))
    cause, confidence = _verdict(candidate)
    return Finding(cause, confidence, tuple(evidence))


def _verdict(candidate: Candidate) -> tuple[Cause, float]:
    if candidate.role is Role.UPS:
        return Cause.AGENT, 0.6
    if candidate.uplink is not Witness.ANSWERS and (said := _verdict_of_olt(candidate)) is not None:
        return said
    if candidate.role is Role.UPLINK:
        return Cause.UPLINK, 0.6 if candidate.feeder is Witness.ANSWERS else 0.45
    if candidate.uplink is Witness.ANSWERS:
        return (Cause.ACCESS_POINT, 0.95) if candidate.role is Role.AP else (Cause.UNKNOWN, 0.5)
    if candidate.uplink is Witness.SILENT:
        return Cause.UPLINK, 0.45
    return Cause.UNKNOWN, 0.3


def _verdict_of_olt(candidate: Candidate) -> tuple[Cause, float] | None:
    """What the OLT's word makes of it; None where it says no more than echo does."""
    is_uplink = candidate.role is Role.UPLINK
    match candidate.olt:
        case OltWord.DYING_GASP:
            return Cause.POWER, 0.9
        case OltWord.LOSS_OF_SIGNAL:
            return Cause.UPLINK, 0.75
        case OltWord.OFFLINE:
            return None if is_uplink else (Cause.UPLINK, 0.55)
        case OltWord.ONLINE if is_uplink or candidate.uplink is Witness.SILENT:
            return Cause.UPLINK, 0.65
        case OltWord.ONLINE:
            return (Cause.ACCESS_POINT, 0.9) if candidate.role is Role.AP else (Cause.UNKNOWN, 0.5)
    return None


def _diagnose_feeder(candidate: Candidate, evidence: list[Evidence], at: float) -> Finding:
    watched, silent = candidate.below_watched, candidate.below_silent
    if watched and silent == watched:
        evidence.append(Evidence(EvidenceKind.ALL_BELOW_SILENT, candidate.device, at, silent, watched))
    if candidate.below_before >= ENOUGH_BEFORE:
        before = Evidence(
            EvidenceKind.SILENT_BEFORE_IT, candidate.device, at, candidate.below_before, len(candidate.villages)
        )
        return Finding(Cause.POWER, 0.75, (*evidence, before))
    if watched and silent == watched:
        return Finding(Cause.FEEDER, 0.95, tuple(evidence))
    return Finding(Cause.FEEDER, 0.7 if silent >= 0.9 * watched else 0.5, tuple(evidence))


def diagnose_group(
    scope: Scope,
    key: str,
    roots: Sequence[Candidate],
    groups: Mapping[tuple[Scope, str], GroupFacts],
    at: float,
) -> Finding:
    """The cause of devices of one feeder, amphoe or several that failed together; `roots` are those still dead."""
    facts = _facts_of(scope, key, roots, groups)
    dark = dark_units(roots)
    failed_at = min(root.failed_at for root in roots)
    total = dark + facts.answering
    words = words_by_olt((root.feeder_id or "", root.olt) for root in roots)
    # People count villages: behind two dead feeders stand 55 silent points, though only two things are dead.
    silent = max(dark, len({village for root in roots for village in root.villages}))
    evidence = [Evidence(EvidenceKind.NEIGHBOURS_SILENT, key, failed_at, silent, silent + facts.answering)]
    evidence += _olt_evidence(key, roots, at)
    evidence += _feeder_evidence(roots, at)
    if scope is not Scope.FEEDER:
        cause, confidence = _judge_place(roots, dark / total)
    else:
        cause, confidence = _judge_feeder(key, roots, groups)
    return Finding(*_weigh_words(cause, confidence, words), tuple(evidence))


def _facts_of(
    scope: Scope, key: str, roots: Sequence[Candidate], groups: Mapping[tuple[Scope, str], GroupFacts]
) -> GroupFacts:
    if scope is not Scope.AMPHOES:
        return groups.get((scope, key), GroupFacts(0, 0))
    places = sorted({root.amphoe for root in roots if root.amphoe})
    found = [groups[Scope.AMPHOE, place] for place in places if (Scope.AMPHOE, place) in groups]
    return GroupFacts(sum(one.villages for one in found), sum(one.answering for one in found))


def _weigh_words(cause: Cause, confidence: float, words: Words) -> tuple[Cause, float]:
    """OLTs outrank place and neighbours; a feeder that is dead itself is no question of power or line behind it."""
    if not words or cause is Cause.FEEDER:
        return cause, confidence
    power = power_after(words, confidence if cause is Cause.POWER else 1 - confidence)
    return (Cause.POWER, power) if power >= _EVEN else (Cause.UPLINK, 1 - power)


def _olt_evidence(key: str, roots: Sequence[Candidate], at: float) -> Iterator[Evidence]:
    kinds = {
        OltWord.DYING_GASP: EvidenceKind.OLT_DYING_GASPS,
        OltWord.LOSS_OF_SIGNAL: EvidenceKind.OLT_LOSSES_OF_SIGNAL,
    }
    for word, kind in kinds.items():
        if count := sum(root.olt is word for root in roots):
            yield Evidence(kind, key, at, count, len(roots))


def dark_units(roots: Collection[Candidate]) -> int:
    """What a group lost, counted once each: villages, and dead feeders (whose villages are merely behind them)."""
    villages = {village for root in roots if root.role is not Role.FEEDER for village in root.villages}
    return len(villages) + sum(root.role is Role.FEEDER for root in roots)


def _feeder_evidence(roots: Sequence[Candidate], at: float) -> Iterator[Evidence]:
    feeders = _feeders(roots)
    if len(feeders) > 1:
        yield Evidence(EvidenceKind.SEVERAL_FEEDERS, "", at, len(feeders), len(feeders))
    for feeder, witness in sorted(feeders.items()):
        if len(feeders) == 1 and witness is not Witness.SILENT:
            yield Evidence(EvidenceKind.ONE_FEEDER, feeder, at)
        if witness in _FEEDER_KINDS:
            yield Evidence(_FEEDER_KINDS[witness], feeder, at)


def _feeders(roots: Sequence[Candidate]) -> dict[str, Witness]:
    feeders: dict[str, Witness] = {}
    for root in roots:
        if root.role is Role.FEEDER:
            feeders[root.device] = Witness.SILENT
        elif root.feeder_id is not None and feeders.get(root.feeder_id) is not Witness.SILENT:
            feeders[root.feeder_id] = root.feeder
    return feeders


def _judge_place(roots: Sequence[Candidate], share: float) -> tuple[Cause, float]:
    """A place dark over several feeders has lost its power; over one feeder likely so, over none known maybe.

    But where many feeders died at once and nothing else did, they have lost the line that they share: most exchanges
    live on batteries for a while, and of a power cut's villages some always fall silent before their feeder.
    """
    feeders = _feeders(roots)
    at_once = all(one.role is Role.FEEDER and one.below_before < ENOUGH_BEFORE for one in roots)
    if at_once and len(feeders) >= _MANY_FEEDERS:
        return Cause.FEEDER, 0.6
    if len(feeders) <= 1:
        return Cause.POWER, 0.5 if feeders else 0.4
    answering = sum(witness is Witness.ANSWERS for witness in feeders.values())
    return Cause.POWER, min(0.95, 0.55 + 0.1 * min(2, answering) + 0.2 * share)


def _judge_feeder(
    key: str, roots: Sequence[Candidate], groups: Mapping[tuple[Scope, str], GroupFacts]
) -> tuple[Cause, float]:
    """Villages of one feeder only: the feeder itself, the fibre behind it, or (unseen by echo) their power.

    Answering neighbours in the same amphoe on other feeders speak against a power cut. Without them nothing tells
    the two apart, and the confidence says so.
    """
    witness = _feeders(roots).get(key, Witness.NOT_WATCHED)
    if witness is Witness.SILENT:
        return Cause.FEEDER, 0.95
    facts = groups.get((Scope.FEEDER, key), GroupFacts(0, 0))
    if witness is not Witness.ANSWERS and not facts.answering:
        return Cause.FEEDER, 0.55
    places = {root.amphoe for root in roots if root.amphoe}
    answering = sum(groups[Scope.AMPHOE, place].answering for place in places if (Scope.AMPHOE, place) in groups)
    others = answering - facts.answering
    if others >= _ENOUGH_NEIGHBOURS:
        return Cause.UPLINK, 0.7
    return Cause.UPLINK, 0.5 if facts.answering else 0.4
