"""The contract on a real PostgreSQL, started for these tests on a socket of its own."""

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from netmon.errors import StoreError
from netmon.model.tickets import TicketStatus
from netmon.ports import TicketAction
from netmon.stores import SqlStore, open_store
from netmon.stores.schema import metadata
from tests.stores.sample import RememberedVitals, at, opening
from tests.stores.store_contract import StoreContract, only_ticket

pytestmark = pytest.mark.peer("pg_ctl")
OWNER = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root


def program(name: str) -> str:
    """Debian keeps the server's programs out of the PATH."""
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    assert found is not None, f"{name} is not installed"
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with an empty database; gives its URL."""
    with tempfile.TemporaryDirectory(prefix="netmon-pg-") as place:
        if OWNER is not None:
            shutil.chown(place, OWNER)
        data = f"{place}/data"

        def run(*command: str) -> None:
            subprocess.run(command, user=OWNER, cwd=place, check=True, capture_output=True, env={"LC_ALL": "C.UTF-8"})

        run(program("initdb"), "-D", data, "-U", "netmon", "--auth=trust", "--no-sync", "--encoding=UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={place} -c fsync=off"
        run(program("pg_ctl"), "-D", data, "-w", "-l", f"{place}/log", "-o", options, "start")
        try:
            yield f"postgresql://netmon@/postgres?host={place}"
        finally:
            run(program("pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")


@pytest.fixture
def url(server: str) -> str:
    """The same database, emptied."""
    engine = sa.create_engine(server.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return server


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    store = await open_store(url, vitals=RememberedVitals())
    yield store
    await store.close()


class TestPostgresql(StoreContract):
    pass


async def test_only_another_processs_writes_count_as_changed_elsewhere(url: str, store: SqlStore) -> None:
    await store.commit(opening(), at(0))
    command_line = await open_store(url, vitals=RememberedVitals())
    assert not await store.changed_elsewhere()
    number = (await only_ticket(store)).number
    await command_line.act(TicketAction(number=number, author="noc", status=TicketStatus.HELD), at(1))
    await store.commit(opening("f2"), at(2))
    assert await store.changed_elsewhere()
    assert not await store.changed_elsewhere()
    await command_line.close()


async def test_the_migrations_make_the_very_tables_the_program_uses(store: SqlStore) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await store._reader.call(differences) == []


async def test_a_connection_lost_while_idle_is_made_again(server: str, store: SqlStore) -> None:
    await store.commit(opening(), at(0))
    engine = sa.create_engine(server.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        connection.execute(sa.text(f"{others} AND backend_type = 'client backend'"))
    engine.dispose()
    await store.commit(opening("f2"), at(1))
    assert len(await store.open_cases()) == 2


async def test_a_server_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        await open_store(f"postgresql://netmon:geheim@/postgres?host={tmp_path}", vitals=RememberedVitals())
