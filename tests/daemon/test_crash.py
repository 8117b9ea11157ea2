"""kill -9 at any moment of a storm: what the mail server, the phone network, the lab and the database say afterwards.

A real lab breaks devices on a script while the real daemon is killed and started again and again. Nothing is judged by
the daemon's word: what broke comes from the lab's ledger, and what was told from the mail server and from Kannel and
fakesmsc, none of which dies with it.
"""

import itertools
import sys
from collections import Counter
from pathlib import Path

import pytest

from netmon.notifiers.kannel import account_of
from tests.daemon.storm import Storm, live_through

MOSTLY = 0.5
"""Share of the outages that some daemon must have lived long enough to tell of, or the test proves little."""
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


def assert_no_outage_and_no_notice_lost(storm: Storm) -> None:
    """Each outage that was watched became a fault whose technicians have a mail, and what counts as sent arrived."""
    faults, told = storm.faults(), storm.sinks.ticket_numbers()
    watched = [one for one in storm.outages if storm.was_watched(one)]
    assert len(watched) >= MOSTLY * len(storm.outages), f"the kills left no time to see anything: {figures(storm)}"
    numbers = {row["fault"]: row["number"] for row in storm.rows("select fault, number from ticket")}
    for outage in watched:
        assert outage.until is not None
        found = [
            fault
            for fault in faults
            if outage.device in fault["devices"] and fault["opened_at"] < outage.until < fault["resolved_at"] + 1
        ]
        assert found, f"nobody saw {outage.device}"
        assert told & {numbers[fault["id"]] for fault in found}, f"nobody was told of {outage.device}"
    assert {row["status"] for row in storm.rows("select status from ticket")} <= {"resolved", "cancelled"}
    outbox = storm.rows("select key, channel, state from outbox")
    assert {row["state"] for row in outbox} <= {"sent", "superseded"}
    mails, texts = storm.sinks.mails(), storm.sinks.texts()
    for row in outbox:
        if row["state"] == "sent":
            there = mails[row["key"]] if row["channel"] == "mail" else texts[account_of(row["key"])]
            assert there, f"{row['key']} counts as sent and never arrived"


def assert_only_cut_off_answers_doubled_a_notice(storm: Storm) -> None:
    """Every copy after the first answers to a kill that came before the gateway's answer could be written down."""
    keys = {row["key"] for row in storm.rows("select key from outbox")}
    cut_off = Counter(key for life in storm.lives for key in life.in_hand)
    for key, copies in storm.sinks.mails().items():
        assert key in keys, f"a mail that no notice asked for: {key}"
        assert copies <= 1 + cut_off[key], f"{copies} copies of {key}, cut off {cut_off[key]} times"
    accounts = {account_of(key): key for key in keys}
    for account, copies in storm.sinks.texts().items():
        assert account in accounts, f"an SMS that no notice asked for: {account}"
        assert copies <= 1 + cut_off[accounts[account]], f"{copies} copies of {account}"


def assert_sound(storm: Storm) -> None:
    """The database is whole, and netmon never stumbled."""
    assert [row[0] for row in storm.rows("pragma integrity_check")] == ["ok"]
    assert not storm.rows("pragma foreign_key_check")
    log = storm.log.read_text(encoding="utf-8")
    assert "Traceback" not in log, log[log.index("Traceback") :][:4000]


def figures(storm: Storm) -> str:
    """What the closing note wants."""
    mails, texts = storm.sinks.mails(), storm.sinks.texts()
    states = Counter((row["channel"], row["state"]) for row in storm.rows("select channel, state from outbox"))
    (tickets,) = storm.rows("select count(*) as n from ticket")
    return (
        f"{len(storm.lives)} kills, {sum(not life.watched for life in storm.lives)} while starting, "
        f"{sum(bool(life.in_hand) for life in storm.lives)} with notices in hand; "
        f"{len(storm.outages)} outages, {sum(map(storm.was_watched, storm.outages))} watched; "
        f"{tickets['n']} tickets; notices {dict(states)}; "
        f"mails {mails.total()} of {len(mails)} notices, SMS {texts.total()} of {len(texts)}"
    )


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
@pytest.mark.timeout(7200)
def test_two_hundred_kills_in_a_long_storm_lose_nothing_and_double_no_ticket(tmp_path: Path) -> None:
    assert_everything_accounted_for(live_through(tmp_path, kills=200, waves=40, seed=2))
