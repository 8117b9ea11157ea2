"""kill -9 at any moment of a storm: what the mail server, the phone network, the lab and the database say afterwards.

A real lab breaks devices on a script while the real daemon is killed and started again and again. Nothing is judged by
the daemon's word: what broke comes from the lab's ledger, and what was told from the mail server and from Kannel and
fakesmsc, none of which dies with it.
"""

import itertools
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from netmon.engine.courier import CourierPolicy
from netmon.lab.ledger import Outage
from netmon.model.notices import Person
from netmon.notifiers.kannel import account_of
from tests.daemon.sinks import Copy
from tests.daemon.storm import Storm, live_through

MOSTLY = 0.5
"""Share of the outages that some daemon must have lived long enough to tell of, or the test proves little."""
RESENDS = CourierPolicy(noc=Person("NOC")).resends
pytestmark = [pytest.mark.network, pytest.mark.peer("bearerbox", "smsbox", "fakesmsc")]


def overlapping(storm: Storm, fault: dict) -> set[str]:
    """The lab's events of which this fault's devices were dead while it was open."""
    return {
        one.event
        for one in storm.outages
        if one.device in fault["devices"]
        and one.since <= fault["opened_at"]
        and (one.until is None or fault["opened_at"] <= one.until)
    }


def assert_no_ticket_doubled_or_invented(storm: Storm) -> None:
    """One fault to a cause, one ticket to a fault and centre, and no mail about a ticket that was rolled back."""
    tickets = Counter((row["fault"], row["centre"]) for row in storm.rows("select fault, centre from ticket"))
    assert set(tickets.values()) == {1}
    faults = [fault for fault in storm.faults() if fault["resolution"] != "merged"]
    behind = {fault["id"]: overlapping(storm, fault) for fault in faults}
    assert all(behind.values()), [fault["key"] for fault in faults if not behind[fault["id"]]]
    causes = Counter(event for events in behind.values() for event in events)
    assert set(causes.values()) == {1}, causes
    for device in {one.device for one in storm.outages}:
        spans = sorted((one["opened_at"], one["resolved_at"]) for one in faults if device in one["devices"])
        for (_, ended), (opened, _) in itertools.pairwise(spans):
            assert ended <= opened, f"{device} was in two faults at a time"
    assert storm.sinks.ticket_numbers() <= {row["number"] for row in storm.rows("select number from ticket")}


def answers(fault: dict, outage: Outage) -> bool:
    """Whether a fault is about an outage: its device belongs to it, also where it joined a fault that was there."""
    assert outage.until is not None
    is_then = fault["opened_at"] <= outage.until and outage.since <= (fault["resolved_at"] or float("inf"))
    return is_then and outage.device in fault["devices"]


def assert_no_outage_and_no_notice_lost(storm: Storm) -> None:
    """Each outage that was watched became a fault whose technicians have a mail, and what counts as sent arrived."""
    faults, told = storm.faults(), storm.sinks.ticket_numbers()
    watched = [one for one in storm.outages if storm.was_watched(one)]
    assert len(watched) >= MOSTLY * len(storm.outages), f"the kills left no time to see anything: {figures(storm)}"
    numbers = {row["fault"]: row["number"] for row in storm.rows("select fault, number from ticket")}
    for outage in watched:
        assert outage.until is not None
        about = [fault for fault in faults if answers(fault, outage) and outage.until < fault["resolved_at"] + 1]
        assert about, f"nobody saw {outage.device}"
        assert told & {numbers[fault["id"]] for fault in about}, f"nobody was told of {outage.device}"
    assert {row["status"] for row in storm.rows("select status from ticket")} <= {"resolved", "cancelled"}
    outbox = storm.rows("select key, message, channel, state, ticket from outbox")
    assert {row["state"] for row in outbox} <= {"sent", "superseded", "unknown"}
    flagged = {row["ticket"] for row in storm.rows("select ticket from ticket_event where what = 'undelivered'")}
    copies = copies_of(storm)
    for row in outbox:
        if row["state"] != "superseded":
            assert copies.get(row["message"]), f"{row['key']} counts as {row['state']} and never arrived"
        if row["state"] == "unknown":
            assert row["ticket"] in flagged, f"nobody can see that {row['key']} stayed in doubt"


def copies_of(storm: Storm) -> dict[str, list[Copy]]:
    """What arrived of each message, by its key."""
    by_account, mails = storm.sinks.texts(), storm.sinks.mails()
    accounts = {account_of(key): key for key in messages(storm)}
    strangers = set(by_account) - set(accounts) | set(mails) - set(accounts.values())
    assert not strangers, f"messages that no notice asked for: {strangers}"
    return mails | {accounts[account]: copies for account, copies in by_account.items()}


def messages(storm: Storm) -> set[str]:
    """The keys of all messages in which notices have left, or may have."""
    return {row["message"] for row in storm.rows("select distinct message from outbox where message is not null")}


def torn(storm: Storm) -> set[str]:
    """Notices that were on the wire in one message at a kill, and then came in another: no reader can know that.

    A text tells but the notice that it is named after; what was left out for its sake has not been on the wire.
    """
    ended = {row["key"]: row for row in storm.rows("select key, channel, message from outbox")}
    on_the_wire = [(key, message) for life in storm.lives for key, message in life.in_message.items()]
    told = [(ended[key], message) for key, message in on_the_wire if ended[key]["channel"] == "mail" or key == message]
    return {row["key"] for row, message in told if row["message"] != message}


@dataclass(frozen=True)
class Repeat:
    """A copy after the first: of the one before it, `late` is how long (s) its answer lay unrecorded at the kill.

    None where it had not been answered by then. `explained` says whether its sender was killed with it on the wire.
    """

    key: str
    explained: bool
    late: float | None


def repeats(storm: Storm) -> list[Repeat]:
    """Every copy after the first, and which kill it answers to."""
    found = []
    for key, copies in copies_of(storm).items():
        for before, after in itertools.pairwise(copies):
            # A busy machine may bring a message to its gateway only after whoever sent it is dead.
            kills = [
                life
                for life in storm.lives
                if key in life.parted and life.parted[key] <= before.taken and life.until <= after.taken
            ]
            late = None
            if kills and before.answered is not None and before.answered < kills[0].until:
                late = kills[0].until - before.answered
            found.append(Repeat(key, bool(kills), late))
    return found


def assert_only_cut_off_answers_doubled_a_notice(storm: Storm) -> None:
    """A second copy answers to a kill before the gateway's answer was written down; there is no third."""
    most = 1 + RESENDS
    assert not [key for key, copies in copies_of(storm).items() if len(copies) > most]
    again = repeats(storm)
    assert not [one.key for one in again if not one.explained]
    assert not torn(storm), f"told again under another id: {torn(storm)}"
    assert not [one for one in again if one.late is not None and one.late > storm.told_within]


def assert_sound(storm: Storm) -> None:
    """The database is whole, and netmon never stumbled."""
    assert [row[0] for row in storm.rows("pragma integrity_check")] == ["ok"]
    assert not storm.rows("pragma foreign_key_check")
    log = storm.log.read_text(encoding="utf-8")
    assert "Traceback" not in log, log[log.index("Traceback") :][:4000]


def figures(storm: Storm) -> str:
    """What the closing note wants."""
    states = Counter((row["channel"], row["state"]) for row in storm.rows("select channel, state from outbox"))
    (tickets,) = storm.rows("select count(*) as n from ticket")
    copies, again = copies_of(storm), repeats(storm)
    settled = "select count(*) as n from outbox where state = 'sent' and doubts > 0 and progress = 'delivered'"
    (by_report,) = storm.rows(settled)
    answered = [one.late for one in again if one.late is not None]
    lines = [
        f"{len(storm.lives)} kills, {sum(not life.watched for life in storm.lives)} while starting, "
        f"{sum(bool(life.parted) for life in storm.lives)} with notices on the wire",
        f"{tickets['n']} tickets; notices {dict(states)}",
        f"arrived: {sum(map(len, copies.values()))} copies of {len(copies)} messages, "
        f"at most {max(map(len, copies.values()), default=0)} of one; {by_report['n']} in doubt and then delivered",
        f"repeated: {len(again)}, of these cut off before the answer {sum(one.late is None for one in again)}, "
        f"answered and not yet written down {len(answered)} (at most {max(answered, default=0):.3f} s), "
        f"unexplained {sum(not one.explained for one in again) + len(torn(storm))}",
    ]
    return "\n".join([*lines, *events(storm)])


def events(storm: Storm) -> list[str]:
    """The lab's events that became no fault, and how much of the time it needed for them a daemon had at best."""
    outages: dict[str, list[Outage]] = {}
    for one in storm.outages:
        outages.setdefault(one.event, []).append(one)
    faults = storm.faults()
    unseen = {
        event: max(map(storm.looked_at, of))
        for event, of in outages.items()
        if not any(answers(fault, one) for fault in faults for one in of)
    }
    own = {event for fault in faults for event in overlapping(storm, fault)}
    explained = sum(share < 1 for share in unseen.values())
    return [
        f"{len(outages)} events: {len(own)} with a fault, {len(outages) - len(own) - len(unseen)} that joined one, "
        f"{explained} without one that no daemon lived long enough to see, {len(unseen) - explained} unexplained",
        *(f"  {event}: no fault; best watched for {share:.0%} of the time needed" for event, share in unseen.items()),
    ]


def assert_everything_accounted_for(storm: Storm) -> None:
    sys.stderr.write(f"{figures(storm)}\n")
    assert_sound(storm)
    assert_no_ticket_doubled_or_invented(storm)
    assert_only_cut_off_answers_doubled_a_notice(storm)
    assert_no_outage_and_no_notice_lost(storm)


@pytest.mark.timeout(400)
def test_five_kills_in_a_storm_lose_nothing_and_double_no_ticket(tmp_path: Path) -> None:
    assert_everything_accounted_for(live_through(tmp_path, kills=5, waves=2, seed=1))


@pytest.mark.slow
@pytest.mark.timeout(3 * 3600)
def test_two_hundred_kills_in_a_long_storm_lose_nothing_and_double_no_ticket(tmp_path: Path) -> None:
    assert_everything_accounted_for(live_through(tmp_path, kills=200, waves=40, seed=2))
