"""A real agent's tree, read by netmon's own client and by pysnmp: the same names, types and values."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from netmon.cli.asking import library_session, own_session
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.engines import CommunityAccess
from netmon.probes.snmp.session import Asking
from netmon.probes.snmp.v3 import PysnmpTarget
from netmon.probes.snmp.walk import WalkLimits
from tests.kit.snmp_agent import COMMUNITY, Snmpd, running_snmpd

pytestmark = pytest.mark.peer("snmpd")

Session = Callable[[PysnmpTarget], AbstractAsyncContextManager[Asking]]
ROOT, LIMITS = (1, 3, 6, 1), WalkLimits(rows=400, seconds=60)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    extended = ("extend clients-wlan0 /bin/echo 7", "extend empty /bin/true", 'sysName "ที่ทำการ"', "sysObjectID 2.999.3")
    with running_snmpd(tmp_path_factory.mktemp("agent"), *extended) as running:
        yield running


@pytest.mark.parametrize("version", Version)
def test_both_clients_read_the_same_of_a_real_agent(agent: Snmpd, version: Version) -> None:
    target = PysnmpTarget(agent.address, CommunityAccess(COMMUNITY.encode()), Patience(timeout=5.0, retries=1))

    async def walk(session: Session) -> dict:
        async with session(target) as asking:
            asking.manner = Manner(version=version, has_answered=True)
            walked = await asking.walk(ROOT, LIMITS)
            assert walked.failure is None
            return {bind.oid: (bind.tag, bind.value) for bind in walked.rows}

    async def read() -> tuple[dict, dict, dict]:
        return await walk(own_session), await walk(library_session), await walk(own_session)

    before, theirs, after = asyncio.run(read())
    steady = [oid for oid in before if before[oid] == after.get(oid)]  # the others count, and so differ between walks
    assert len(steady) > 150
    assert {oid: theirs.get(oid) for oid in steady} == {oid: before[oid] for oid in steady}
    assert len({tag for tag, _ in before.values()}) >= 6
