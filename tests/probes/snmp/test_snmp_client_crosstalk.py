"""What the client does with answers that are swapped, delayed, duplicated, forged or broken."""

import dataclasses
import random
import socket

import pytest

from netmon.probes.snmp import ber
from netmon.probes.snmp.ber import Absent
from netmon.probes.snmp.client import Harvest, Patience, SnmpClient
from netmon.probes.snmp.codec import PduType, VarBind, encode_message
from netmon.probes.snmp.identifiers import RequestIds
from netmon.probes.snmp.reasons import Failure, FailureKind, Refusal, RejectReason
from netmon.probes.snmp.sockets import Sockets, canonical_address, open_socket

OTHER = (1, 3, 6, 1, 2, 1, 1, 5, 0)


def rejected(asker):
    return {reason: count for reason, count in asker.client.counters.rejects.items() if count}


def test_a_good_answer_is_handed_over_once_with_its_key(asker, new_agent, answer):
    agent = new_agent()
    agent.send(answer(asker.ask(7, agent), uptime=4711))
    asker.read()
    assert asker.client.harvest(0.1).answers == [(7, [4711])]
    assert asker.client.harvest(9.9) == Harvest(), "an answer is reported once"
    assert rejected(asker) == {}


def test_answers_of_two_devices_that_swap_request_ids_are_both_rejected_as_swapped(asker, new_agent, answer):
    one, two = new_agent(), new_agent()
    to_one, to_two = asker.ask(1, one), asker.ask(2, two)
    one.send(answer(to_two, uptime=222))
    two.send(answer(to_one, uptime=111))
    asker.read()
    assert rejected(asker) == {RejectReason.SWAPPED: 2}
    harvest = asker.client.harvest(1.0)
    assert harvest.answers == []
    assert {failure.key: failure.kind for failure in harvest.failures} == dict.fromkeys((1, 2), FailureKind.TIMED_OUT)


def test_a_device_can_still_answer_after_somebody_else_answered_in_its_place(asker, new_agent, answer):
    device, forger = new_agent(), new_agent()
    request = asker.ask(1, device)
    forger.send(answer(request, uptime=666), to=device.seen[0][1])
    asker.read()
    device.send(answer(request, uptime=1))
    asker.read()
    assert asker.client.harvest(0.2).answers == [(1, [1])]
    assert rejected(asker) == {RejectReason.WRONG_SOURCE: 1}


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        ({"request_id": 1 << 24}, RejectReason.UNKNOWN_REQUEST_ID),
        ({"request_id": 5}, RejectReason.UNKNOWN_REQUEST_ID),
        ({"request_id": -1}, RejectReason.UNKNOWN_REQUEST_ID),
        ({"version": 0}, RejectReason.WRONG_VERSION),
        ({"version": 3}, RejectReason.WRONG_VERSION),
        ({"community": b"private"}, RejectReason.WRONG_COMMUNITY),
        ({"community": b"p" * 200}, RejectReason.WRONG_COMMUNITY),
        ({"pdu_type": PduType.GET}, RejectReason.NOT_A_RESPONSE),
        ({"pdu_type": PduType.REPORT}, RejectReason.NOT_A_RESPONSE),
    ],
)
def test_a_forged_answer_is_counted_and_leaves_the_request_waiting_for_the_true_one(
    asker, new_agent, answer, forgery, reason
):
    agent = new_agent()
    request = asker.ask(1, agent)
    agent.send(answer(request, uptime=666, **forgery))
    asker.read()
    assert rejected(asker) == {reason: 1}
    assert asker.client.in_flight == 1
    agent.send(answer(request, uptime=1))
    asker.read()
    assert asker.client.harvest(0.2).answers == [(1, [1])]


def test_a_duplicate_is_counted_and_not_handed_over_again(asker, new_agent, answer):
    agent = new_agent()
    good = answer(asker.ask(1, agent))
    agent.send(good)
    agent.send(dataclasses.replace(good, varbinds=(VarBind(good.varbinds[0].oid, 0x43, 999),)))
    asker.read()
    assert asker.client.harvest(0.2).answers == [(1, [1])]
    assert rejected(asker) == {RejectReason.DUPLICATE: 1}


def test_an_answer_after_the_time_out_is_late_and_never_a_value(asker, new_agent, answer):
    agent = new_agent()
    request = asker.ask(1, agent)
    assert asker.client.harvest(1.0).failures == [Failure(1, FailureKind.TIMED_OUT)]
    agent.send(answer(request))
    asker.read(1.1)
    assert asker.client.harvest(1.2).answers == []
    assert rejected(asker) == {RejectReason.LATE: 1}


def test_an_answer_that_waited_in_the_buffer_while_the_process_stood_still_counts(asker, new_agent, answer):
    agents = [new_agent() for _ in range(3)]
    for key, agent in enumerate(agents):
        request = asker.ask(key, agent)
        if key != 1:
            agent.send(answer(request, uptime=key))
    harvest = asker.client.harvest(600.0)
    assert harvest.answers == [(0, [0]), (2, [2])]
    assert harvest.failures == [Failure(1, FailureKind.TIMED_OUT)]


def test_a_late_answer_of_an_earlier_poll_does_not_land_in_the_next_poll(asker, new_agent, answer):
    agent = new_agent()
    first = asker.ask(1, agent, now=0.0)
    asker.client.harvest(1.0)
    second = asker.ask(1, agent, now=1.5)
    agent.send(answer(first, uptime=100))
    agent.send(answer(second, uptime=200))
    asker.read(1.6)
    assert asker.client.harvest(1.6).answers == [(1, [200])]
    assert rejected(asker) == {RejectReason.LATE: 1}


def test_a_used_id_rests_for_two_time_outs_and_is_unknown_afterwards(asker, new_agent, answer):
    agent = new_agent()
    request = asker.ask(1, agent)
    agent.send(answer(request))
    asker.read(0.5)
    for now, reason in ((2.4, RejectReason.DUPLICATE), (2.6, RejectReason.UNKNOWN_REQUEST_ID)):
        asker.client.harvest(now)
        agent.send(answer(request))
        asker.read(now)
        assert rejected(asker)[reason] == 1


def test_a_retry_has_a_fresh_id_and_its_answer_counts(asker, new_agent, answer):
    asker.patience = Patience(timeout=1.0, retries=2)
    agent = new_agent()
    ids = [asker.ask(1, agent).request_id]
    for now in (1.0, 2.0):
        assert asker.client.harvest(now).failures == []
        ids.append(agent.listen().request_id)
    assert len(set(ids)) == 3
    agent.send(answer(agent.seen[-1][0], uptime=3))
    asker.read(2.5)
    assert asker.client.harvest(2.5).answers == [(1, [3])]
    assert (asker.client.counters.sent, asker.client.counters.retries) == (3, 2)


def test_an_answer_about_another_object_is_a_mismatch(asker, new_agent, answer):
    agent = new_agent()
    agent.send(answer(asker.ask(1, agent), varbinds=(VarBind(OTHER, 0x43, 5),)))
    asker.read()
    assert asker.client.harvest(0.2).failures == [Failure(1, FailureKind.MISMATCHED)]
    assert rejected(asker) == {RejectReason.OID_MISMATCH: 1}


@pytest.mark.parametrize("count", [0, 2])
def test_an_answer_with_too_few_or_too_many_objects_is_a_mismatch(asker, new_agent, answer, count):
    agent = new_agent()
    request = asker.ask(1, agent)
    agent.send(answer(request, varbinds=answer(request).varbinds * count))
    asker.read()
    assert asker.client.harvest(0.2).failures == [Failure(1, FailureKind.MISMATCHED)]


def test_an_agents_error_is_a_failure_with_its_numbers(asker, new_agent, answer):
    agent = new_agent()
    agent.send(answer(asker.ask(1, agent), error_status=1, error_index=0, varbinds=()))
    asker.read()
    assert asker.client.harvest(0.2).failures == [Failure(1, FailureKind.AGENT_ERROR, 1, 0)]


def test_a_broken_value_under_a_good_id_is_unreadable_at_once(asker, new_agent, answer):
    agent = new_agent()
    data = bytearray(encode_message(answer(asker.ask(1, agent))))
    data[-3] = 0x99  # the value's type
    agent.send(bytes(data))
    asker.read()
    assert asker.client.harvest(0.2).failures == [Failure(1, FailureKind.UNREADABLE)]
    assert rejected(asker) == {RejectReason.MALFORMED: 1}


def test_noise_from_a_silent_device_makes_its_time_out_unreadable(asker, new_agent):
    agent, silent = new_agent(), new_agent()
    asker.ask(1, agent)
    asker.ask(2, silent)
    agent.send(b"\x30\x84noise")
    asker.read()
    assert rejected(asker) == {RejectReason.MALFORMED: 1}
    kinds = {failure.key: failure.kind for failure in asker.client.harvest(1.0).failures}
    assert kinds == {1: FailureKind.UNREADABLE, 2: FailureKind.TIMED_OUT}


def test_a_lengthily_encoded_answer_counts_like_a_short_one(asker, new_agent, answer):
    agent = new_agent()
    request = asker.ask(1, agent)

    def long_form(tag, content):
        return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content

    binding = long_form(0x30, ber.encode_oid(request.varbinds[0].oid) + b"\x43\x01\x09")
    pdu = ber.encode_integer(request.request_id) + bytes.fromhex("020100020100") + long_form(0x30, binding)
    agent.send(long_form(0x30, b"\x02\x01\x01\x04\x81\x06public" + long_form(0xA2, pdu)))
    asker.read()
    assert asker.client.harvest(0.2).answers == [(1, [9])]


def test_a_device_is_not_asked_again_while_it_is_being_asked(asker, new_agent, answer):
    agent = new_agent()
    request = asker.ask(1, agent)
    assert asker.client.request(1, agent.address, asker.template, 0.0, asker.patience) is Refusal.BUSY
    agent.send(answer(request))
    asker.read()
    assert asker.client.request(1, agent.address, asker.template, 0.2, asker.patience) is None


def test_the_number_of_requests_in_flight_is_bounded(asker, new_agent):
    small = SnmpClient(Sockets(ipv4=asker.sock), max_in_flight=2)
    outcomes = [small.request(n, new_agent().address, asker.template, 0.0, asker.patience) for n in range(3)]
    assert outcomes == [None, None, Refusal.FULL]


def test_an_address_family_without_a_socket_is_refused_and_not_called_silent(asker):
    assert asker.client.request(1, ("::1", 161), asker.template, 0.0, asker.patience) is Refusal.NO_SOCKET
    assert asker.client.in_flight == 0


def test_request_ids_are_spread_over_all_their_bits():
    source = RequestIds()
    ids = [source.fresh(()) for _ in range(4096)]
    assert len(set(ids)) > 4090
    assert all(1 << 23 <= request_id < 1 << 31 for request_id in ids)
    assert all(1700 < sum(request_id >> bit & 1 for request_id in ids) < 2400 for bit in range(30))


def test_whatever_arrives_the_client_goes_on_and_takes_no_value_from_a_stranger(asker, new_agent, answer):
    agent, stranger = new_agent(), new_agent()
    request = asker.ask(1, agent)
    good = encode_message(answer(request))
    source = random.Random(20190901)
    for _ in range(3_000):
        data = bytearray(good)
        for _ in range(source.randint(0, 4)):
            data[source.randrange(len(data))] = source.randrange(256)
        stranger.send(bytes(data[: source.randint(0, len(data) + 20)]), to=agent.seen[0][1])
        asker.read()
    assert asker.client.in_flight == 1
    assert asker.client.counters.answered == 0
    assert sum(rejected(asker).values()) == 3_000
    agent.send(good)
    asker.read()
    assert asker.client.harvest(0.2).answers == [(1, [1])]


class ChokedSocket(socket.socket):
    """Takes nothing while `choked`."""

    def __init__(self):
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.setblocking(False)
        self.choked = False
        self.error: type[OSError] = BlockingIOError
        self.sent = 0

    def sendto(self, *_):
        if self.choked:
            raise self.error
        self.sent += 1

    def recvmsg(self, *_):
        raise BlockingIOError

    recvfrom = recvmsg


@pytest.fixture
def choked_socket():
    with ChokedSocket() as sock:
        yield sock


def test_a_full_send_buffer_delays_a_retry_and_does_not_use_it_up(asker, choked_socket):
    sock = choked_socket
    client = SnmpClient(Sockets(ipv4=sock))
    assert client.request(1, ("10.0.0.1", 161), asker.template, 0.0, Patience(1.0, 1)) is None
    sock.choked = True
    assert client.request(2, ("10.0.0.2", 161), asker.template, 0.0, Patience(1.0, 1)) is Refusal.WOULD_BLOCK
    assert client.harvest(1.0).failures == []
    assert client.next_deadline() == 0.0
    sock.choked = False
    assert client.harvest(1.1).failures == []
    assert sock.sent == 2
    assert client.next_deadline() == pytest.approx(2.1)
    assert client.harvest(2.2).failures == [Failure(1, FailureKind.TIMED_OUT)]


def test_a_lost_route_is_not_called_silence(asker, choked_socket):
    sock = choked_socket
    client = SnmpClient(Sockets(ipv4=sock))
    assert client.request(1, ("10.0.0.1", 161), asker.template, 0.0, Patience(1.0, 1)) is None
    sock.choked, sock.error = True, OSError
    assert client.request(2, ("10.0.0.2", 161), asker.template, 0.0, Patience(1.0, 1)) is Refusal.NO_ROUTE
    assert client.harvest(1.0).failures == [Failure(1, FailureKind.UNSENT)]
    assert client.in_flight == 0


def test_devices_are_asked_over_ipv6_too(asker):
    try:
        device = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        device.bind(("::1", 0))
    except OSError:
        pytest.skip("there is no IPv6 loopback here")
    with device, open_socket(socket.AF_INET6) as sock:
        client = SnmpClient(Sockets(ipv6=sock))
        address = canonical_address("0:0::1", device.getsockname()[1])
        assert client.request(1, address, asker.template, 0.0, asker.patience) is None
        data, asked_from = device.recvfrom(2048)
        device.sendto(data.replace(b"\xa0", b"\xa2", 1), asked_from)
        client.on_readable(sock, 0.1)
        assert client.harvest(0.1).answers == [(1, [Absent.NULL])]


def test_what_the_kernel_drops_is_counted(asker, new_agent, answer):
    agent = new_agent()
    asker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    message = answer(asker.ask(1, agent))
    for _ in range(500):
        agent.send(message)
    while asker.client.on_readable(asker.sock, 0.1):
        pass
    agent.send(message)  # the kernel tells with the next datagram
    asker.read()
    counters = asker.client.counters
    assert counters.kernel_drops > 0
    assert counters.answered + sum(counters.rejects.values()) + counters.kernel_drops == 501


def test_in_a_hurry_the_silent_are_asked_again_before_their_time_but_the_last_request_has_all_of_it(
    asker, new_agent, answer
):
    asker.patience = Patience(timeout=2.0, retries=1)
    lost, fresh = new_agent(), new_agent()
    first = asker.ask(1, lost, now=0.0)
    newer = asker.ask(2, fresh, now=0.9)
    asker.client.ask_again(1.0, now=1.1)
    again = lost.listen()
    assert again.request_id != first.request_id
    fresh.send(answer(newer))
    asker.read(now=1.2)
    asker.client.ask_again(1.0, now=2.5)
    assert asker.client.harvest(now=2.6).answers == [(2, [1])]
    lost.send(answer(again, uptime=7))
    asker.read(now=3.0)
    assert asker.client.harvest(now=3.0).answers == [(1, [7])]


def test_an_answer_that_waits_to_be_read_is_not_asked_for_again_in_a_hurry(asker, new_agent, answer):
    asker.patience = Patience(timeout=2.0, retries=1)
    agent = new_agent()
    agent.send(answer(asker.ask(1, agent, now=0.0), uptime=5))
    asker.client.ask_again(1.0, now=1.5)
    assert asker.client.harvest(now=1.5).answers == [(1, [5])]
    assert asker.client.counters.retries == 0
