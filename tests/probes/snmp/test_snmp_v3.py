"""SNMPv3 as real agents speak it: every pair of protocols, clocks that jump, engine ids that are not unique."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.probes.snmp.ber import Absent
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.codec import ErrorStatus, Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.engines import Access, CommunityAccess, EnginePool, UserAccess
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.sockets import Address
from netmon.probes.snmp.v3 import PysnmpSession, PysnmpTarget
from netmon.probes.snmp.walk import WalkEnd, WalkLimits
from netmon.settings.profiles import load_profiles
from tests.kit.peers import skip_or_fail
from tests.kit.snmp_agent import COMMUNITY, Snmpd, free_port, running_snmpd
from tests.kit.snmp_users import KEY, NET_SNMPS_NAMES, SECOND_KEY, USERS, access_of, lines_of
from tests.kit.spoiler import Spoiler

pytestmark = pytest.mark.peer("snmpd")

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
NAME, UPTIME, NOT_THERE = (*SYSTEM, 5, 0), (*SYSTEM, 3, 0), (*SYSTEM, 99, 0)
IMPATIENT = Patience(timeout=1.0, retries=0)
Use = Callable[[PysnmpSession], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with running_snmpd(tmp_path_factory.mktemp("v3"), "sysName olt-4001", *USERS) as running:
        yield running


def ask(address: Address, access: Access, use: Use, manner: Manner | None = None) -> Any:
    async def run() -> Any:
        pool = EnginePool()
        try:
            return await use(PysnmpSession(pool, PysnmpTarget(address, access, IMPATIENT), manner))
        finally:
            pool.close()

    return asyncio.run(asyncio.wait_for(run(), 30))


async def read_name(session: PysnmpSession) -> Any:
    return await session.get([NAME])


@pytest.mark.parametrize("privacy", Privacy)
@pytest.mark.parametrize("authentication", Authentication)
def test_every_pair_of_protocols_reads_a_real_agent(
    agent: Snmpd, authentication: Authentication, privacy: Privacy
) -> None:
    log = (agent.home / "log").read_text()
    if re.search(rf"(?i)(unknown|invalid|unsupported).*{NET_SNMPS_NAMES[privacy] or 'nothing'}\b", log):
        skip_or_fail(f"This snmpd was built without {NET_SNMPS_NAMES[privacy]}.")
    assert ask(agent.address, access_of(authentication, privacy), read_name) == [b"olt-4001"]


def test_values_are_those_of_the_sweeps_own_client(agent: Snmpd) -> None:
    values = ask(agent.address, access_of(), lambda session: session.get([NAME, UPTIME, NOT_THERE]))
    assert values[0] == b"olt-4001"
    assert isinstance(values[1], int)
    assert values[2] in (Absent.NO_SUCH_OBJECT, Absent.NO_SUCH_INSTANCE)


@pytest.mark.parametrize("manner", [Manner(has_answered=True), Manner(has_answered=True, max_repetitions=0)])
def test_a_walk_ends_where_the_subtree_ends(agent: Snmpd, manner: Manner) -> None:
    result = ask(agent.address, access_of(), lambda session: session.walk((*SYSTEM, 9)), manner)
    assert result.end is WalkEnd.LEFT_SUBTREE
    assert len(result.rows) >= 10
    assert {type(row.value) for row in result.rows} == {int, bytes, str}
    capped = ask(agent.address, access_of(), lambda session: session.walk(SYSTEM, WalkLimits(rows=3)))
    assert (len(capped.rows), capped.end) == (3, WalkEnd.ROW_CAP)


def test_discovery_finds_the_same_over_v3_as_over_v2c(agent: Snmpd) -> None:
    profiles = load_profiles()

    async def find(session: PysnmpSession) -> Discovery | Failure | None:
        return await discover(session, profiles)

    found = [ask(agent.address, access, find) for access in (access_of(), CommunityAccess(COMMUNITY.encode()))]
    assert found[0].profile.name == "generic"
    assert found[0].interfaces == found[1].interfaces
    assert found[0].values.keys() == found[1].values.keys()


@pytest.mark.parametrize("version", Version)
def test_a_community_is_asked_through_pysnmp_in_either_version(agent: Snmpd, version: Version) -> None:
    access = CommunityAccess(COMMUNITY.encode())
    manner = Manner(version=version)
    assert ask(agent.address, access, lambda session: session.get([NAME]), manner) == [b"olt-4001"]
    result = ask(agent.address, access, lambda session: session.walk(NAME[:-1]), manner)
    assert ([row.value for row in result.rows], result.end) == ([b"olt-4001"], WalkEnd.LEFT_SUBTREE)


def test_snmpv1_through_pysnmp_leaves_out_what_is_not_there(agent: Snmpd) -> None:
    manner = Manner(version=Version.V1)
    access = CommunityAccess(COMMUNITY.encode())
    values = ask(agent.address, access, lambda session: session.get([NOT_THERE, NAME]), manner)
    assert values == [Absent.NO_SUCH_OBJECT, b"olt-4001"]


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
def test_whoever_is_not_admitted_is_told_so_and_not_that_the_agent_is_silent(agent: Snmpd, access: Access) -> None:
    assert ask(agent.address, access, read_name) == Failure(0, FailureKind.NOT_ADMITTED)


def test_a_request_the_user_may_not_make_is_the_agents_error(agent: Snmpd) -> None:
    access = UserAccess(SnmpUser("sha256-aes128", Authentication.SHA256), KEY)
    result = ask(agent.address, access, read_name)
    assert (result.kind, result.error_status) == (FailureKind.AGENT_ERROR, 16)  # authorizationError, RFC 3416
    assert result.error_status not in list(ErrorStatus)


def test_a_silent_address_times_out_and_stays_with_v3() -> None:
    address = ("127.0.0.1", free_port())

    async def use(session: PysnmpSession) -> Any:
        return await session.get([NAME]), session.manner.version

    assert ask(address, access_of(), use) == (Failure(0, FailureKind.TIMED_OUT), Version.V2C)


def test_a_community_of_a_silent_address_is_tried_in_v1_too() -> None:
    async def use(session: PysnmpSession) -> Any:
        return await session.get([NAME]), session.manner

    _, manner = ask(("127.0.0.1", free_port()), CommunityAccess(b"any"), use)
    assert not manner.has_answered


def test_ipv6_is_asked_as_well(tmp_path: Path) -> None:
    with running_snmpd(tmp_path, "sysName olt-6", *lines_of(*PAIR), host="::1") as agent:
        assert ask(agent.address, access_of(), read_name) == [b"olt-6"]


PAIR = (Authentication.SHA256, Privacy.AES128)
SAME_ID = "exactEngineID 0x80001f8804636c6f6e65"


def test_two_agents_of_one_engine_id_and_different_clocks_are_both_read(tmp_path: Path) -> None:
    user = lines_of(*PAIR)
    with (
        running_snmpd(tmp_path / "a", SAME_ID, "sysName olt-a", *user) as first,
        running_snmpd(tmp_path / "b", SAME_ID, "sysName olt-b", *user) as second,
    ):
        for _ in range(3):  # boots of the second are ahead of the first's
            second.stop()
            second.start()

        async def alternate() -> list[Any]:
            pool = EnginePool()
            sessions = [
                PysnmpSession(pool, PysnmpTarget(one.address, access_of(), IMPATIENT)) for one in (first, second)
            ]
            try:
                return [(await one.get([NAME]))[0] for _ in range(3) for one in sessions]  # type: ignore[index]
            finally:
                pool.close()

        assert asyncio.run(alternate()) == [b"olt-a", b"olt-b"] * 3


@pytest.mark.parametrize("changes", [(), ("exactEngineID 0x80001f8804616e6f74686572",)], ids=["clock", "engine-id"])
def test_an_agent_that_restarted_or_was_replaced_is_read_at_once(tmp_path: Path, changes: tuple[str, ...]) -> None:
    with running_snmpd(tmp_path, SAME_ID, "sysName olt-a", *lines_of(*PAIR)) as agent:

        async def read_twice() -> list[Any]:
            pool = EnginePool()
            session = PysnmpSession(pool, PysnmpTarget(agent.address, access_of(), IMPATIENT))
            try:
                before = await session.get([NAME])
                agent.stop()
                if changes:
                    agent.lines = (*changes, "sysName olt-b", *lines_of(*PAIR))
                agent.start()
                return [before, await session.get([NAME])]
            finally:
                pool.close()

        after = b"olt-b" if changes else b"olt-a"
        assert asyncio.run(read_twice()) == [[b"olt-a"], [after]]


def test_the_pool_keeps_the_latest_engines_and_never_drops_a_busy_one(agent: Snmpd) -> None:
    silent = ("127.0.0.1", free_port())

    async def crowd() -> tuple[Any, Any, int]:
        pool = EnginePool(kept=1)
        waiting = asyncio.create_task(read_name(PysnmpSession(pool, PysnmpTarget(silent, access_of(), IMPATIENT))))
        await asyncio.sleep(0)
        read = await read_name(PysnmpSession(pool, PysnmpTarget(agent.address, access_of(), IMPATIENT)))
        ended = await waiting
        pool.engine(agent.address, CommunityAccess(b"any"), IMPATIENT)
        kept = len(pool)
        pool.close()
        return read, ended, kept

    assert asyncio.run(crowd()) == ([b"olt-4001"], Failure(0, FailureKind.TIMED_OUT), 1)


def test_passphrases_and_communities_are_not_shown() -> None:
    shown = repr((access_of(), PysnmpTarget(("127.0.0.1", 161), CommunityAccess(b"hidden-community"))))
    for secret in (KEY, SECOND_KEY, b"hidden-community"):
        assert secret.decode() not in shown


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"\x30\x82\xff\xff",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1] + bytes((data[-1] ^ 0xFF,)),
        lambda data: b"\x30\x80" * 2000,
        lambda data: data.replace(b"\x02\x01\x03", b"\x02\x01\x07", 1),
    ],
    ids=["empty", "length", "half", "tampered", "nested", "version"],
)
@pytest.mark.parametrize("access", [access_of(), CommunityAccess(COMMUNITY.encode())], ids=["user", "community"])
def test_an_answer_that_was_spoilt_is_never_taken_for_a_value(
    agent: Snmpd, access: Access, spoil: Callable[[bytes], bytes]
) -> None:
    async def ask_through() -> tuple[Any, int]:
        loop = asyncio.get_running_loop()
        transport, spoiler = await loop.create_datagram_endpoint(
            lambda: Spoiler(agent.address, spoil), local_addr=("127.0.0.1", 0)
        )
        pool = EnginePool()
        target = PysnmpTarget(transport.get_extra_info("sockname"), access, Patience(timeout=0.2, retries=0))
        try:
            return await PysnmpSession(pool, target, Manner(has_answered=True)).get([UPTIME]), spoiler.spoilt
        finally:
            pool.close()
            transport.close()

    result, spoilt = asyncio.run(asyncio.wait_for(ask_through(), 20))
    assert spoilt
    if isinstance(access, UserAccess):
        assert isinstance(result, Failure)
