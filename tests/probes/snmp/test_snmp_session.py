"""Asking one device at leisure: a real agent, and agents that cannot cope."""

import asyncio
import socket
import threading
import time
from contextlib import asynccontextmanager

import pytest

from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.session import SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Sockets, canonical_address, open_socket
from netmon.probes.snmp.template import compile_get
from netmon.probes.snmp.walk import WalkEnd, WalkLimits
from netmon.settings.profiles import load_profiles

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
NAME = (*SYSTEM, 5, 0)
UPTIME = (*SYSTEM, 3, 0)
NOT_THERE = (*SYSTEM, 99, 0)
QUICK = Patience(timeout=0.1, retries=0)
UNHURRIED = Patience(timeout=3.0, retries=0)
"""A real agent that answers does so within this, on a busy machine too."""


@asynccontextmanager
async def desk_with_client():
    sock = open_socket(socket.AF_INET)
    client = SnmpClient(Sockets(ipv4=sock))
    client.attach(asyncio.get_running_loop())
    desk = SnmpDesk(client)
    try:
        yield desk, client
    finally:
        desk.close()
        client.detach()
        sock.close()


def with_session(use, address, manner=None, *, community=b"public", patience=QUICK):
    """Run `use(session)` in a loop of its own; return its result and the manner the session ended with."""

    async def run():
        async with desk_with_client() as (desk, _):
            session = SnmpSession(desk, SnmpTarget(address, community, patience), manner)
            return await use(session), session.manner

    return asyncio.run(asyncio.wait_for(run(), 20))


@pytest.fixture
def play(new_agent):
    """Start an agent answering by `reaction(message)`: a list of varbinds, an error (status, index), or None."""
    stopping = threading.Event()
    threads = []

    def start(reaction):
        agent = new_agent()
        agent.sock.settimeout(0.02)

        def serve():
            while not stopping.is_set():
                try:
                    request = agent.listen()
                except TimeoutError:
                    continue
                outcome = reaction(request)
                if outcome is None:
                    continue
                status, index, binds = (0, 0, outcome) if isinstance(outcome, list) else (*outcome, request.varbinds)
                head = (request.version, request.community, PduType.RESPONSE, request.request_id)
                agent.send(Message(*head, status, index, tuple(binds)))

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return agent

    yield start
    stopping.set()
    for thread in threads:
        thread.join()


TABLE = {(*SYSTEM, 9, row): row for row in range(1, 31)}


def rows_after(oid, count):
    found = [VarBind(name, Tag.INTEGER, value) for name, value in TABLE.items() if name > oid][:count]
    return found + [VarBind(oid, Tag.END_OF_MIB_VIEW, Absent.END_OF_MIB_VIEW)] * (count - len(found))


def by_the_book(request):
    if request.pdu_type == PduType.GET:
        return [VarBind(bind.oid, Tag.INTEGER, TABLE[bind.oid]) for bind in request.varbinds]
    return rows_after(request.varbinds[0].oid, request.error_index or 1)


def test_a_real_agent_gives_values_and_says_which_are_not_there(snmpd):
    values, manner = with_session(lambda session: session.get([NAME, UPTIME, NOT_THERE]), snmpd, patience=UNHURRIED)
    assert values[0] == b"ap-40010101"
    assert isinstance(values[1], int)
    assert values[2] in (Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE)
    assert manner == Manner(has_answered=True)


def test_a_real_agent_asked_in_snmpv1_gives_what_is_there_in_spite_of_what_is_not(snmpd):
    manner = Manner(version=Version.V1)
    asked = [NOT_THERE, NAME, NOT_THERE]
    values, _ = with_session(lambda session: session.get(asked), snmpd, manner, patience=UNHURRIED)
    assert values == [Absent.NO_SUCH_OBJECT, b"ap-40010101", Absent.NO_SUCH_OBJECT]


@pytest.mark.parametrize("manner", [Manner(), Manner(max_repetitions=0), Manner(version=Version.V1)])
def test_a_real_agents_system_group_is_walked_alike_by_getbulk_getnext_and_snmpv1(snmpd, manner):
    result, _ = with_session(lambda session: session.walk((*SYSTEM, 9)), snmpd, manner, patience=UNHURRIED)
    assert result.end is WalkEnd.LEFT_SUBTREE
    names = [row.oid for row in result.rows]
    assert len(names) >= 10
    assert names == sorted(names)


def test_a_real_agents_whole_tree_ends_with_the_mib(snmpd):
    generous = Patience(timeout=2.0, retries=1)
    limits = WalkLimits(rows=100_000, seconds=15)
    # 1.3.6.1.6 is the snmpV2 subtree, the last this agent serves.
    result, _ = with_session(lambda session: session.walk((1, 3, 6, 1, 6), limits), snmpd, patience=generous)
    assert result.end is WalkEnd.END_OF_MIB
    assert result.rows


def test_a_real_agent_with_another_community_times_out(snmpd):
    failure, manner = with_session(lambda session: session.get([NAME]), snmpd, community=b"wrong")
    assert failure.kind is FailureKind.TIMED_OUT
    assert not manner.has_answered


def test_many_real_requests_at_once_are_served_in_turn(snmpd):
    async def use(session):
        return await asyncio.gather(*(session.get([NAME]) for _ in range(20)))

    results, _ = with_session(use, snmpd, patience=UNHURRIED)
    assert results == [[b"ap-40010101"]] * 20


def test_the_sweep_and_a_session_share_one_socket_without_taking_each_others_answers(snmpd, play):
    agent = play(by_the_book)

    async def run():
        async with desk_with_client() as (desk, client):
            template = compile_get(Version.V2C, b"public", (NAME,))
            assert client.request(5, snmpd, template, asyncio.get_running_loop().time(), QUICK) is None
            rows = await SnmpSession(desk, SnmpTarget(agent.address, b"public")).walk((*SYSTEM, 9))
            return rows, client.harvest(asyncio.get_running_loop().time())

    rows, harvest = asyncio.run(run())
    assert len(rows.rows) == 30
    assert harvest.answers == [(5, [b"ap-40010101"])]
    assert harvest.listings == []


def test_an_agent_that_bears_two_objects_is_asked_for_two_at_a_time_from_then_on(play):
    agent = play(lambda request: (1, 0) if len(request.varbinds) > 2 else by_the_book(request))
    oids = list(TABLE)[:10]
    values, manner = with_session(lambda session: session.get(oids), agent.address)
    assert values == list(range(1, 11))
    assert manner.objects_per_request == 2


def test_an_agent_that_bears_not_even_one_object_is_a_failure(play):
    agent = play(lambda request: (1, 0))
    failure, manner = with_session(lambda session: session.get(list(TABLE)[:3]), agent.address)
    assert (failure.kind, failure.error_status) == (FailureKind.AGENT_ERROR, 1)
    assert manner.objects_per_request == 1


def test_an_agent_that_speaks_only_snmpv1_is_found_and_remembered(play):
    agent = play(lambda request: by_the_book(request) if request.version == Version.V1 else None)
    values, manner = with_session(lambda session: session.get(list(TABLE)[:2]), agent.address)
    assert values == [1, 2]
    assert (manner.version, manner.has_answered) == (Version.V1, True)


def test_an_agent_that_hangs_on_getbulk_is_walked_by_getnext(play):
    agent = play(lambda request: None if request.pdu_type == PduType.GETBULK else by_the_book(request))
    result, manner = with_session(lambda session: session.walk((*SYSTEM, 9)), agent.address, Manner(has_answered=True))
    assert (len(result.rows), result.end) == (30, WalkEnd.END_OF_MIB)
    assert not manner.may_use_bulk
    asked = [message.error_index for message, _ in agent.seen if message.pdu_type == PduType.GETBULK]
    assert asked == [10, 5, 2, 1], "halved down to one, and never zero"


def test_an_agent_that_hangs_on_more_than_three_rows_is_walked_by_two(play):
    agent = play(lambda request: None if request.error_index > 3 else by_the_book(request))
    result, manner = with_session(lambda session: session.walk((*SYSTEM, 9)), agent.address, Manner(has_answered=True))
    assert len(result.rows) == 30
    assert manner.max_repetitions == 2


def test_an_agent_whose_getbulk_is_broken_is_walked_by_getnext(play):
    agent = play(lambda request: (5, 0) if request.pdu_type == PduType.GETBULK else by_the_book(request))
    result, manner = with_session(lambda session: session.walk((*SYSTEM, 9)), agent.address)
    assert len(result.rows) == 30
    assert manner.max_repetitions == 0


def test_an_agent_that_dies_in_mid_walk_leaves_what_came_and_keeps_its_getbulk(play):
    agent = play(lambda request: by_the_book(request) if request.varbinds[0].oid < (*SYSTEM, 9, 10) else None)
    result, manner = with_session(lambda session: session.walk((*SYSTEM, 9)), agent.address)
    assert (len(result.rows), result.end) == (10, WalkEnd.FAILED)
    assert result.failure.kind is FailureKind.TIMED_OUT
    assert manner.max_repetitions == 10


@pytest.mark.parametrize("manner", [Manner(), Manner(max_repetitions=0)])
def test_an_agent_that_loops_is_left_with_each_row_once(play, manner):
    looping = [VarBind((*SYSTEM, 9, row), Tag.INTEGER, row) for row in (1, 2, 3)]

    def reaction(request):
        after = [bind for bind in looping if bind.oid > request.varbinds[0].oid] or looping
        return after[: request.error_index or 1]

    agent = play(reaction)
    result, _ = with_session(lambda session: session.walk((*SYSTEM, 9)), agent.address, manner)
    assert [row.value for row in result.rows] == [1, 2, 3]
    assert result.end is WalkEnd.NOT_INCREASING


def test_an_agent_without_end_is_left_at_the_row_cap_and_at_the_time_cap(play):
    def endless(request):
        last = request.varbinds[0].oid
        start = last[-1] if len(last) > len(SYSTEM) + 1 else 0
        return [VarBind((*SYSTEM, 9, start + n), Tag.INTEGER, n) for n in range(1, 1 + (request.error_index or 1))]

    agent = play(endless)
    by_rows, _ = with_session(lambda session: session.walk((*SYSTEM, 9), WalkLimits(rows=55)), agent.address)
    assert (len(by_rows.rows), by_rows.end) == (55, WalkEnd.ROW_CAP)
    limits = WalkLimits(rows=10**9, seconds=0.3)
    by_time, _ = with_session(lambda session: session.walk((*SYSTEM, 9), limits), agent.address)
    assert by_time.end is WalkEnd.TIME_CAP
    assert by_time.rows


def test_nobody_there_is_silence_in_both_versions(new_agent):
    agent = new_agent()
    failure, manner = with_session(lambda session: session.get([NAME]), agent.address)
    assert failure.kind is FailureKind.TIMED_OUT
    assert [agent.listen().version for _ in range(2)] == [Version.V2C, Version.V1]
    assert manner == Manner()


def test_a_destination_without_a_socket_is_unsent_and_teaches_nothing():
    failure, manner = with_session(lambda session: session.walk(SYSTEM), canonical_address("::1"))
    assert failure.end is WalkEnd.FAILED
    assert isinstance(failure.failure, Failure)
    assert failure.failure.kind is FailureKind.UNSENT
    assert manner == Manner()


def test_a_target_does_not_show_its_community():
    assert "tot-secret" not in repr(SnmpTarget(("127.0.0.1", 161), b"tot-secret"))


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("10.1.2.3", "10.1.2.3"), ("2001:DB8::0001", "2001:db8::1"), ("::FFFF:1.2.3.4", "::ffff:1.2.3.4")],
)
def test_addresses_are_spelled_as_the_kernel_spells_them(text, spelled):
    assert canonical_address(text) == (spelled, 161)


@pytest.mark.parametrize(
    ("host", "port"), [("router.example", 161), ("010.1.1.1", 161), ("fe80::1%eth0", 161), ("::1", 0)]
)
def test_names_scopes_and_odd_ports_are_refused(host, port):
    with pytest.raises(ValueError, match=r"."):
        canonical_address(host, port)


def test_a_discovery_that_meets_a_slow_table_without_end_goes_on_after_its_time_with_the_rows_that_came(
    play, monkeypatch
):
    interfaces = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
    monkeypatch.setattr("netmon.probes.snmp.discover._LIMITS", WalkLimits(rows=5_000, seconds=0.5))

    def after(oid, row):
        if oid[: len(interfaces)] != interfaces:
            return VarBind(oid, 0x82, Absent.END_OF_MIB_VIEW)
        number = (*oid, 0)[len(interfaces)] + 1 + row
        return VarBind((*interfaces, number), Tag.OCTET_STRING, b"port %d" % number)

    def react(request):
        asked = request.varbinds
        if request.pdu_type == PduType.GET:
            known = {UPTIME: VarBind(UPTIME, Tag.TIME_TICKS, 4711)}
            return [known.get(one.oid, VarBind(one.oid, 0x81, Absent.NO_SUCH_INSTANCE)) for one in asked]
        if asked[0].oid[: len(interfaces)] == interfaces:
            time.sleep(0.04)
        return [after(one.oid, row) for row in range(request.error_index) for one in asked]

    agent = play(react)
    profile = load_profiles()["generic"]
    started = time.monotonic()
    found, _ = with_session(
        lambda session: discover(session, {"generic": profile}, named="generic"),
        agent.address,
        Manner(has_answered=True),
        patience=Patience(timeout=2.0, retries=0),
    )
    assert isinstance(found, Discovery)
    rows = len(found.tables[interfaces])
    assert 0 < rows < 5_000
    assert found.values[UPTIME] == 4711, "what comes after that table is still asked for"
    walked = [one for one, _ in agent.seen if one.pdu_type == PduType.GETBULK and len(one.varbinds) == 1]
    assert len(walked) > 1
    assert time.monotonic() - started < 15
