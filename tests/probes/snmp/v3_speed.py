"""What SNMPv3 costs: GETs of ten objects per CPU-second of the asker, one at a time, on a real agent.

`python -m tests.probes.snmp.v3_speed` prints it beside SNMPv2c, asked by pysnmp and by netmon's own client.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from netmon.cli.asking import library_session, own_session
from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.probes.snmp.engines import Access, CommunityAccess, UserAccess
from netmon.probes.snmp.session import Asking
from netmon.probes.snmp.v3 import PysnmpTarget
from tests.kit.snmp_agent import COMMUNITY, running_snmpd

Session = Callable[[PysnmpTarget], AbstractAsyncContextManager[Asking]]
_KEY = "first-passphrase"
_SYSTEM, _INTERFACE = (1, 3, 6, 1, 2, 1, 1), (1, 3, 6, 1, 2, 1, 2, 2, 1)
_OBJECTS = [(*_SYSTEM, arc, 0) for arc in (1, 2, 3, 4, 5, 6, 8)] + [(*_INTERFACE, arc, 1) for arc in (8, 10, 16)]
_AUTHENTICATION = {Authentication.MD5: "MD5", Authentication.SHA1: "SHA", Authentication.SHA256: "SHA-256"}
_PRIVACY = {Privacy.NONE: "", Privacy.DES: "DES", Privacy.AES128: "AES", Privacy.AES256: "AES-256"}


def _lines() -> Iterator[str]:
    for authentication, word in _AUTHENTICATION.items():
        for privacy, cipher in _PRIVACY.items():
            secret = f'{cipher} "{_KEY}"' if cipher else ""
            yield f'createUser {authentication}-{privacy} {word} "{_KEY}" {secret}'
            yield f"rouser {authentication}-{privacy} {'priv' if cipher else 'auth'}"


async def _measure(session: Session, target: PysnmpTarget, count: int) -> float:
    async with session(target) as asking:
        await asking.get(_OBJECTS)
        began = time.process_time()
        for _ in range(count):
            values = await asking.get(_OBJECTS)
            if not isinstance(values, list):
                raise RuntimeError(f"the agent answers {values}")
        return count / (time.process_time() - began)


def _contenders() -> Iterator[tuple[str, Session, Access, int]]:
    community = CommunityAccess(COMMUNITY.encode())
    yield "netmon v2c", own_session, community, 2000
    yield "pysnmp v2c", library_session, community, 200
    for authentication in _AUTHENTICATION:
        for privacy in _PRIVACY:
            user = SnmpUser(f"{authentication}-{privacy}", authentication, privacy)
            second = b"" if privacy is Privacy.NONE else _KEY.encode()
            yield f"netmon v3 {user.name}", own_session, UserAccess(user, _KEY.encode(), second), 1000
            yield f"pysnmp v3 {user.name}", library_session, UserAccess(user, _KEY.encode(), second), 200


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home, running_snmpd(Path(home), *_lines()) as agent:
        for name, session, access, count in _contenders():
            rate = asyncio.run(_measure(session, PysnmpTarget(agent.address, access), count))
            sys.stdout.write(f"{name:26}{rate:8,.0f} GETs per CPU-second\n")


if __name__ == "__main__":
    main()
