"""Delivery reports: who may bring one, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.engine.reception import Reception, ReportAddresses, Seal
from netmon.errors import StoreError
from netmon.model.decisions import OpenFault, OpenTicket, SendNotice, StoredDecision
from netmon.model.notices import Channel, NoticeState, Progress, Receipt, Report
from netmon.model.vitals import Vital
from tests.engine.office import FAULT, SENT, T0, UBON, V1, V2, VOLUNTEER, SteppedClock, note
from tests.kit.fake_store import FakeStore
from tests.stores.sample import RememberedVitals

SECRET = bytes(range(32))
SEAL = Seal(SECRET)
NOTICE = note(VOLUNTEER, channel=Channel.SMS)


class Words:
    """A driver whose gateway says `delivered` or something else."""

    def read_report(self, said: object) -> Report | None:
        word = said.get("status") if isinstance(said, dict) else said
        return Report(Progress.DELIVERED) if word == "delivered" else None

    def reference_in(self, said: object) -> str:
        return str(said.get("id", "")) if isinstance(said, dict) else ""


class Desk:
    def __init__(self) -> None:
        self.store, self.vitals = FakeStore(), RememberedVitals()
        self.clock = SteppedClock()
        self.reception = Reception(self.store, Words(), SEAL, vitals=self.vitals, clock=self.clock)

    async def with_a_sent_notice(self) -> None:
        now = SteppedClock().now()
        opened: list[StoredDecision] = [
            OpenFault(FAULT),
            OpenTicket(FAULT.id, UBON, (V1, V2), T0),
            SendNotice(NOTICE, T0),
        ]
        await self.store.commit(opened, now)
        (entry,) = await self.store.claim(now, 1, 60)
        await self.store.settle(entry, SENT, now, None)


@given(st.text(min_size=1, max_size=80))
def test_every_key_comes_back_out_of_its_token_which_any_address_can_carry(key: str) -> None:
    token = SEAL.token(key)
    assert SEAL.key_in(token) == key
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@given(st.text(max_size=300))
def test_what_netmon_did_not_seal_is_no_token(token: str) -> None:
    assert SEAL.key_in(token) is None


@given(st.data(), st.sampled_from(["f1.TOT-3401.opened.0.sms.volunteer.34010102", "k"]))
def test_a_token_with_one_character_changed_is_none(data: st.DataObject, key: str) -> None:
    token = SEAL.token(key)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_.=").filter(lambda one: one != token[place]))
    changed = token[:place] + other + token[place + 1 :]
    # The last character of base64 holds bits that mean nothing, so the same seal can be written in two ways.
    assert SEAL.key_in(changed) in (None, key)
    if place < len(token) - 1 and place != token.index(".") - 1:
        assert SEAL.key_in(changed) is None


def test_another_netmons_token_is_none() -> None:
    assert SEAL.key_in(Seal(bytes(32)).token(NOTICE.key)) is None


def test_reports_come_to_the_chosen_address_else_to_the_own_pages_once_they_are_open() -> None:
    own = ""
    addresses = ReportAddresses(SEAL, "", lambda: own)
    assert addresses.of("k") == ""
    own = "http://127.0.0.1:9870"
    assert addresses.of("k") == f"http://127.0.0.1:9870/hooks/sms/{SEAL.token('k')}"
    chosen = ReportAddresses(SEAL, "https://netmon.example.org/", lambda: own)
    assert chosen.of("k") == f"https://netmon.example.org/hooks/sms/{SEAL.token('k')}"


async def test_a_report_is_recorded_and_counted() -> None:
    desk = Desk()
    await desk.with_a_sent_notice()
    assert await desk.reception.take(SEAL.token(NOTICE.key), "delivered") is Receipt.TAKEN
    (row,) = desk.store.rows
    assert (row.state, row.progress) == (NoticeState.SENT, Progress.DELIVERED)
    assert desk.vitals.counts[Vital.SMS_REPORTS, "delivered"] == 1


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", SEAL.token(NOTICE.key)[:-3], f"{SEAL.token('k')}{'x' * 2000}"])
async def test_a_forged_report_is_counted_and_never_reaches_the_database(token: str) -> None:
    desk = Desk()
    desk.store.trouble = "asked"
    assert await desk.reception.take(token, "delivered") is Receipt.FORGED
    assert desk.vitals.counts[Vital.SMS_REPORTS, "forged"] == 1


async def test_a_report_about_what_is_forgotten_is_taken_so_that_it_does_not_come_again() -> None:
    desk = Desk()
    assert await desk.reception.take(SEAL.token("long.ago"), "delivered") is Receipt.TAKEN
    assert desk.vitals.counts[Vital.SMS_REPORTS, "unknown"] == 1


async def test_a_word_that_is_not_known_changes_nothing() -> None:
    desk = Desk()
    await desk.with_a_sent_notice()
    assert await desk.reception.take(SEAL.token(NOTICE.key), "whatever") is Receipt.UNREADABLE
    (row,) = desk.store.rows
    assert row.progress is Progress.ACCEPTED


async def test_a_database_in_trouble_is_told_so_that_the_gateway_comes_again() -> None:
    desk = Desk()
    await desk.with_a_sent_notice()
    desk.store.trouble = "the disk is full"
    with pytest.raises(StoreError):
        await desk.reception.take(SEAL.token(NOTICE.key), "delivered")


FIXED = SEAL.token("*")


async def test_a_gateway_with_one_fixed_address_says_by_its_own_id_what_its_report_is_about() -> None:
    desk = Desk()
    await desk.with_a_sent_notice()
    assert ReportAddresses(SEAL, "http://netmon", lambda: "").fixed() == f"http://netmon/hooks/sms/{FIXED}"
    said = {"id": SENT.reference, "status": "delivered"}
    assert await desk.reception.take(FIXED, said) is Receipt.TAKEN
    assert desk.store.rows[0].progress is Progress.DELIVERED


async def test_a_report_that_is_sooner_than_the_answer_which_names_it_is_waited_for() -> None:
    desk = Desk()
    await desk.with_a_sent_notice()
    desk.store.rows[0].reference, late = "", desk.store.rows[0]

    async def sleep(seconds: float) -> None:
        late.reference = SENT.reference

    desk.clock.sleep = sleep  # type: ignore[method-assign]
    assert await desk.reception.take(FIXED, {"id": SENT.reference, "status": "delivered"}) is Receipt.TAKEN
    assert late.progress is Progress.DELIVERED


@pytest.mark.parametrize("said", [{"id": "another", "status": "delivered"}, {"status": "delivered"}, "delivered"])
async def test_a_report_to_the_fixed_address_about_nothing_known_is_taken_and_counted(said: object) -> None:
    desk = Desk()
    await desk.with_a_sent_notice()
    assert await desk.reception.take(FIXED, said) is Receipt.TAKEN
    assert desk.vitals.counts[Vital.SMS_REPORTS, "unknown"] == 1
    assert desk.store.rows[0].progress is Progress.ACCEPTED
