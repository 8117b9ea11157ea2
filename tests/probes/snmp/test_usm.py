"""netmon's own SNMPv3 with real agents: every pair of protocols, clocks that jump, engine ids that are not unique, and
more agents than anybody would make engines for.
"""

import asyncio
import random
import re
import socket
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.cli.bench.agents import OIDS, PASSPHRASE, USER, agent_hosts, find_snmpd, running_agents
from netmon.errors import SnmpDecodeError
from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.probes.snmp.access import UserAccess
from netmon.probes.snmp.ber import Absent, parse_oid
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.codec import PduType, Version, encode_pdu
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.sockets import Address, open_socket
from netmon.probes.snmp.usm import Clock, is_genuine, localise, open_pdu, read_sealed, seal
from netmon.probes.snmp.usm_session import UsmDesk, UsmSession, UsmTarget
from netmon.probes.snmp.walk import WalkEnd
from tests.kit.peers import skip_or_fail
from tests.kit.snmp_agent import Snmpd, free_port, running_snmpd
from tests.kit.snmp_users import KEY, NET_SNMPS_NAMES, SECOND_KEY, USERS, access_of, lines_of
from tests.kit.spoiler import Spoiler

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
NAME, UPTIME, NOT_THERE = (*SYSTEM, 5, 0), (*SYSTEM, 3, 0), (*SYSTEM, 99, 0)
IMPATIENT = Patience(timeout=1.0, retries=0)
Use = Callable[[UsmSession], Coroutine[Any, Any, Any]]


PAIR = lines_of(Authentication.SHA256, Privacy.AES128)
SAME_ID = "exactEngineID 0x80001f8804636c6f6e6564"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with running_snmpd(tmp_path_factory.mktemp("usm"), "sysName olt-4001", *USERS) as running:
        yield running


def ask(address: Address, access: UserAccess, use: Use) -> Any:
    async def run() -> Any:
        desk = UsmDesk()
        try:
            return await use(UsmSession(desk, UsmTarget(address, access, IMPATIENT)))
        finally:
            desk.close()

    return asyncio.run(asyncio.wait_for(run(), 30))


async def read_name(session: UsmSession) -> Any:
    return await session.get([NAME])


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize("privacy", Privacy)
@pytest.mark.parametrize("authentication", Authentication)
def test_every_pair_of_protocols_reads_a_real_agent(
    agent: Snmpd, authentication: Authentication, privacy: Privacy
) -> None:
    log, cipher = (agent.home / "log").read_text(), NET_SNMPS_NAMES[privacy]
    if re.search(rf"(?i)(unknown|invalid|unsupported).*{cipher or 'nothing'}\b", log):
        skip_or_fail(f"This snmpd was built without {cipher}.")
    assert ask(agent.address, access_of(authentication, privacy), read_name) == [b"olt-4001"]


@pytest.mark.peer("snmpd")
def test_values_and_walks_are_as_in_other_versions(agent: Snmpd) -> None:
    values = ask(agent.address, access_of(), lambda session: session.get([NAME, UPTIME, NOT_THERE]))
    assert values[0] == b"olt-4001"
    assert isinstance(values[1], int)
    assert values[2] in (Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE)
    walked = ask(agent.address, access_of(), lambda session: session.walk((*SYSTEM, 9)))
    assert walked.end is WalkEnd.LEFT_SUBTREE
    assert len(walked.rows) >= 10


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize(
    "access",
    [
        UserAccess(SnmpUser("nobody", Authentication.SHA256, Privacy.AES128), KEY, SECOND_KEY),
        UserAccess(SnmpUser("sha256-aes128", Authentication.SHA256, Privacy.AES128), b"wrong-passphrase", SECOND_KEY),
        UserAccess(SnmpUser("sha256-aes128", Authentication.SHA512, Privacy.AES128), KEY, SECOND_KEY),
        UserAccess(SnmpUser("sha256-none", Authentication.SHA256, Privacy.AES128), KEY, SECOND_KEY),
    ],
    ids=["user", "passphrase", "protocol", "level"],
)
def test_whoever_is_not_admitted_is_told_so_and_not_that_the_agent_is_silent(agent: Snmpd, access: UserAccess) -> None:
    assert ask(agent.address, access, read_name) == Failure(0, FailureKind.NOT_ADMITTED)


@pytest.mark.peer("snmpd")
def test_a_request_the_user_may_not_make_is_the_agents_error(agent: Snmpd) -> None:
    access = UserAccess(SnmpUser("sha256-aes128", Authentication.SHA256), KEY)
    result = ask(agent.address, access, read_name)
    assert (result.kind, result.error_status) == (FailureKind.AGENT_ERROR, 16)  # authorizationError, RFC 3416


def test_a_silent_address_times_out_and_stays_with_v3() -> None:
    async def use(session: UsmSession) -> Any:
        return await session.get([NAME]), session.manner.version

    found = ask(("127.0.0.1", free_port()), access_of(), use)
    assert found == (Failure(0, FailureKind.TIMED_OUT), Version.V2C)


@pytest.mark.peer("snmpd")
def test_clones_with_one_engine_id_and_clocks_of_their_own_are_both_read(tmp_path: Path) -> None:
    lines = (SAME_ID, *lines_of(Authentication.SHA256, Privacy.AES128))
    with (
        running_snmpd(tmp_path / "a", "sysName olt-a", *lines) as first,
        running_snmpd(tmp_path / "b", "sysName olt-b", *lines) as second,
    ):
        for _ in range(3):  # so that its boots are others'
            second.stop()
            second.start()

        async def alternate() -> list[Any]:
            desk = UsmDesk()
            sessions = [UsmSession(desk, UsmTarget(one.address, access_of(), IMPATIENT)) for one in (first, second)]
            try:
                return [(await one.get([NAME]))[0] for _ in range(3) for one in sessions]  # type: ignore[index]
            finally:
                desk.close()

        assert asyncio.run(alternate()) == [b"olt-a", b"olt-b"] * 3


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize("changes", [(), ("exactEngineID 0x80001f8804616e6f74686572",)], ids=["clock", "engine-id"])
def test_an_agent_that_restarted_or_was_replaced_is_read_at_once(tmp_path: Path, changes: tuple[str, ...]) -> None:
    with running_snmpd(tmp_path, SAME_ID, "sysName olt-a", *PAIR) as agent:

        async def read_twice() -> list[Any]:
            desk = UsmDesk()
            session = UsmSession(desk, UsmTarget(agent.address, access_of(), IMPATIENT))
            try:
                before = await session.get([NAME])
                agent.stop()
                if changes:
                    agent.lines = (*changes, "sysName olt-b", *PAIR)
                agent.start()
                return [before, await session.get([NAME])]
            finally:
                desk.close()

        assert asyncio.run(read_twice()) == [[b"olt-a"], [b"olt-b" if changes else b"olt-a"]]


@pytest.mark.peer("snmpd")
def test_an_agent_whose_boots_were_forgotten_and_whose_clock_began_anew_is_read_at_once(tmp_path: Path) -> None:
    with running_snmpd(tmp_path, SAME_ID, "sysName olt-a", *PAIR) as agent:

        async def read_twice() -> Any:
            desk = UsmDesk()
            target = UsmTarget(agent.address, access_of(), IMPATIENT)
            try:
                await read_name(UsmSession(desk, target))
                peer = desk.peer(agent.address, target.access)
                peer.set_clock(Clock(peer.clock.boots + 5, peer.clock.time + 100_000), peer.told_at)
                return await read_name(UsmSession(desk, target))
            finally:
                desk.close()

        assert asyncio.run(read_twice()) == [b"olt-a"]


class CountingSocket(socket.socket):
    """Counts what it sends."""

    sent = 0

    def sendto(self, *arguments: Any) -> int:
        CountingSocket.sent += 1
        return super().sendto(*arguments)


def counting(family: socket.AddressFamily) -> socket.socket:
    with open_socket(family) as plain:
        return CountingSocket(family, socket.SOCK_DGRAM, fileno=plain.detach())


@pytest.mark.peer("snmpd")
def test_of_many_agents_every_one_is_remembered_so_that_a_poll_is_one_request() -> None:
    program, oids, many = find_snmpd(), [parse_oid(oid) for oid in OIDS], 300
    if program is None:
        skip_or_fail("snmpd is not installed, so no real agent can be asked.")
    access = UserAccess(SnmpUser(USER, Authentication.SHA256, Privacy.AES128), *(2 * (PASSPHRASE.encode(),)))

    async def rounds(port: int) -> list[int]:
        desk, gate = UsmDesk(counting), asyncio.Semaphore(20)
        targets = [UsmTarget((host, port), access, Patience(5.0, 0)) for host in agent_hosts(many)]

        async def poll(target: UsmTarget) -> None:
            async with gate:
                values = await UsmSession(desk, target).get(oids)
                assert isinstance(values, list), values
                assert all(isinstance(value, int) for value in values)

        sent = []
        for _ in range(3):
            CountingSocket.sent = 0
            await asyncio.gather(*map(poll, targets))
            sent.append(CountingSocket.sent)
        desk.close()
        return sent

    with running_agents(program, many) as port:
        first, *later = asyncio.run(rounds(port))
    assert many < first <= 3 * many
    assert later == [many, many]


def test_what_is_kept_of_a_device_is_less_than_two_thousand_octets() -> None:
    chance = random.Random(3414)

    async def fill(desk: UsmDesk) -> None:
        for number in range(2_000):
            address = (f"192.0.{number // 250}.{number % 250}", 161)
            desk.peer(address, access_of()).meet(chance.randbytes(17), Clock(1, number), 0.0)

    async def grown() -> int:
        desk = UsmDesk()
        await fill(desk)
        tracemalloc.start()
        try:
            await fill(UsmDesk())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert asyncio.run(grown()) < 2_000 * 2_000


@given(
    data=st.binary(max_size=60),
    changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4),
    privacy=st.sampled_from((Privacy.NONE, Privacy.DES, Privacy.AES128)),
)
def test_whatever_arrives_is_a_genuine_message_or_none(
    data: bytes, changes: list[tuple[int, int]], privacy: Privacy
) -> None:
    access = access_of(privacy=privacy)
    keys, clock = localise(access, b"engine"), Clock(3, 4711)
    pdu = encode_pdu(PduType.RESPONSE, (5, 0, 0), ())
    sealed = bytearray(seal(access.user, keys, b"engine", clock, 1 << 24, pdu))
    for place, octet in changes:
        sealed[place % len(sealed)] = octet
    for arriving in (data, bytes(sealed)):
        try:
            message = read_sealed(arriving)
            found = open_pdu(message, access.user, keys)
        except SnmpDecodeError:
            continue
        if is_genuine(message, access.user, keys):
            octets, at = found
            assert (message.message_id, message.clock, octets[at:]) == (1 << 24, clock, pdu)


def tampered(data: bytes) -> bytes:
    """Another last octet, where the message claims that nobody can change it."""
    return data[:-1] + bytes((data[-1] ^ 0xFF,)) if read_sealed(data).is_authenticated else data


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"\x00",
        lambda data: b"\x30\x82\xff\xff",
        lambda data: data[: len(data) // 2],
        tampered,
        lambda data: b"\x30\x80" * 2000,
        lambda data: data.replace(b"\x02\x01\x03", b"\x02\x01\x07", 1),
    ],
    ids=["octet", "length", "half", "tampered", "nested", "version"],
)
def test_an_answer_that_was_spoilt_is_never_taken_for_a_value(agent: Snmpd, spoil: Callable[[bytes], bytes]) -> None:
    async def ask_through() -> tuple[Any, int]:
        loop = asyncio.get_running_loop()
        transport, spoiler = await loop.create_datagram_endpoint(
            lambda: Spoiler(agent.address, spoil), local_addr=("127.0.0.1", 0)
        )
        desk = UsmDesk()
        target = UsmTarget(transport.get_extra_info("sockname"), access_of(), Patience(timeout=0.2, retries=0))
        try:
            return await UsmSession(desk, target).get([UPTIME]), spoiler.spoilt
        finally:
            desk.close()
            transport.close()

    result, spoilt = asyncio.run(asyncio.wait_for(ask_through(), 20))
    assert spoilt
    assert result == Failure(0, FailureKind.UNREADABLE)
