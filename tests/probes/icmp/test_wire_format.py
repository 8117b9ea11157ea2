"""Messages, addresses and round-trip times, against plain definitions of them."""

import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.probes.icmp.vectors import address_words
from netmon.probes.icmp.verdicts import ReadTime, round_trips
from netmon.probes.icmp.wire import FILLER, IPV4, IPV6, MESSAGE, MESSAGE_SIZE, checksums, family_of, socket_addresses
from tests.kit.wire import checksum

MS = 1_000_000


def test_request_carries_56_bytes_as_ping_does() -> None:
    assert MESSAGE_SIZE == 8 + 56


@given(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_checksum_is_that_of_rfc_1071(ident: int, sequence: int, slot: int, token: int) -> None:
    message = np.zeros(1, MESSAGE)
    message[0] = (IPV4.request, 0, ident, sequence, slot, token, FILLER)
    message["checksum"] = checksums(message)
    assert checksum(message.tobytes()) == 0


@given(st.ip_addresses())
def test_socket_address_is_what_the_kernel_reads(address: object) -> None:
    text = str(address)
    family = family_of(text)
    (row,) = socket_addresses(family, [text])
    packed = socket.inet_pton(family.af, text)
    assert row[family.address_at : family.address_at + family.address_size].tobytes() == packed
    assert int(np.frombuffer(row[:2].tobytes(), np.uint16)[0]) == family.af
    assert address_words(row[np.newaxis], family).tobytes() == packed


def test_rows_of_the_other_family_stay_empty() -> None:
    addresses = ["10.0.0.1", "", "fd00::1"]
    assert socket_addresses(IPV4, addresses).any(axis=1).tolist() == [True, False, False]
    assert socket_addresses(IPV6, addresses).any(axis=1).tolist() == [False, False, True]


def _round_trip(stamp: int, sent: int, read: ReadTime) -> int:
    return int(round_trips(np.array([stamp]), np.array([sent]), read)[0])


@pytest.mark.parametrize("offset", [0, 1_700_000_000 * 10**9])
def test_round_trip_ends_when_the_kernel_had_the_reply(offset: int) -> None:
    read = ReadTime(monotonic=900 * MS, wall_offset=offset)
    assert _round_trip(stamp=112 * MS + offset, sent=100 * MS, read=read) == 12 * MS


@given(st.integers(-(10**12), 10**12))
def test_no_step_of_the_wall_clock_makes_an_impossible_round_trip(step: int) -> None:
    read = ReadTime(monotonic=150 * MS, wall_offset=10**18 + step)
    rtt = _round_trip(stamp=112 * MS + 10**18, sent=100 * MS, read=read)
    assert 0 <= rtt <= 50 * MS
    if abs(step) > 60 * MS:
        assert rtt == 50 * MS  # from sending to reading: too long, but never wrong


def test_reply_without_a_stamp_is_timed_by_its_reading() -> None:
    assert _round_trip(stamp=0, sent=100 * MS, read=ReadTime(monotonic=130 * MS, wall_offset=10**18)) == 30 * MS
