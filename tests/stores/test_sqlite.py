"""The contract on SQLite, and what is SQLite's own: files that are damaged, foreign, read-only, full, shared."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from netmon.errors import InputError, StoreError
from netmon.model.tickets import TicketStatus
from netmon.model.vitals import Vital
from netmon.ports import TicketAction
from netmon.stores import SqlStore, open_store
from netmon.stores.schema import metadata
from netmon.stores.worker import WAITING_LIMIT
from tests.stores.sample import RememberedVitals, at, opening
from tests.stores.store_contract import StoreContract, only_ticket


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "netmon.db"


@pytest.fixture
def vitals() -> RememberedVitals:
    return RememberedVitals()


@pytest_asyncio.fixture
async def store(file: Path, vitals: RememberedVitals) -> AsyncIterator[SqlStore]:
    store = await open_store(f"sqlite:///{file}", vitals=vitals)
    yield store
    await store.close()


def content(file: Path) -> bytes:
    return file.read_bytes()


def fill(file: Path, body: bytes | bytearray) -> None:
    file.write_bytes(body)


class TestSqlite(StoreContract):
    pass


async def test_what_was_committed_is_there_after_reopening(file: Path, store: SqlStore) -> None:
    await store.commit(opening(), at(0))
    cases = await store.open_cases()
    await store.close()
    again = await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert await again.open_cases() == cases
    await again.close()


async def test_a_closed_store_says_so(store: SqlStore) -> None:
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.commit(opening(), at(0))
    await store.close()


async def test_commits_made_at_once_all_arrive_and_a_bad_one_hurts_no_other(
    store: SqlStore, vitals: RememberedVitals
) -> None:
    batches = [opening(f"f{n}") for n in range(60)]
    batches[7] = [*opening("f7"), *opening("f7b")[1:]]  # the ticket's fault is missing
    outcomes = await asyncio.gather(*(store.commit(batch, at(0)) for batch in batches), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if outcome is not None] == [7]
    assert isinstance(outcomes[7], StoreError)
    assert len(await store.open_cases()) == 59
    numbers = sorted(int(ticket.number[-6:]) for ticket in await store.tickets(only_open=True))
    assert numbers == list(range(1, 60))
    assert 4 <= vitals.observed[Vital.STORE_COMMIT] < 60
    assert vitals.counts[Vital.STORE_FAILED, "conflict"] == 1


async def test_a_page_is_read_while_another_process_holds_the_write_lock(file: Path, store: SqlStore) -> None:
    await store.commit(opening(), at(0))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(store.commit(opening("f2"), at(1)))
    async with asyncio.timeout(2):
        assert len(await store.open_cases()) == 1
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing
    assert len(await store.open_cases()) == 2


async def test_calls_beyond_the_queue_are_told_so_and_those_within_are_kept(file: Path, store: SqlStore) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    calls = [asyncio.ensure_future(store.commit(opening(f"f{n}")[:1], at(n))) for n in range(WAITING_LIMIT + 100)]
    await asyncio.sleep(0.1)
    refused = [call for call in calls if call.done()]
    other.execute("COMMIT")
    other.close()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert 0 < len(refused) <= 100
    assert all("stands still" in str(call.exception()) for call in refused)
    assert outcomes.count(None) == len(calls) - len(refused) == len(await store.open_cases())


async def test_a_call_cancelled_in_the_queue_is_never_made(file: Path, store: SqlStore) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    running = asyncio.ensure_future(store.commit(opening("f1"), at(0)))
    await asyncio.sleep(0.1)
    queued = asyncio.ensure_future(store.commit(opening("f2"), at(0)))
    await asyncio.sleep(0.01)
    queued.cancel()
    await asyncio.sleep(0)
    other.execute("COMMIT")
    other.close()
    await running
    await store.commit(opening("f3"), at(1))
    assert [case.fault.id for case in await store.open_cases()] == ["f1", "f3"]


async def test_only_another_processs_writes_count_as_changed_elsewhere(file: Path, store: SqlStore) -> None:
    await store.commit(opening(), at(0))
    assert not await store.changed_elsewhere()
    command_line = await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert not await store.changed_elsewhere()
    number = (await only_ticket(store)).number
    await command_line.act(TicketAction(number=number, author="noc", status=TicketStatus.HELD), at(1))
    await store.commit(opening("f2"), at(2))
    assert await store.changed_elsewhere()
    assert not await store.changed_elsewhere()
    assert await command_line.changed_elsewhere()
    assert (await only_ticket(store)).status == "held"
    await command_line.close()


async def test_reading_does_not_count_as_a_change(file: Path, store: SqlStore) -> None:
    command_line = await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    await command_line.open_cases()
    assert await command_line.claim(at(0), 10, 60) == ()
    await command_line.close()
    assert not await store.changed_elsewhere()


async def test_every_commit_is_flushed_to_the_disk(store: SqlStore) -> None:
    def settings(connection: sa.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await store._writer.call(settings) == ["wal", 2, 1]


async def test_the_migrations_make_the_very_tables_the_program_uses(store: SqlStore) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await store._reader.call(differences) == []


async def test_a_schema_from_the_future_is_refused_and_left_alone(file: Path, store: SqlStore) -> None:
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = content(file)
    with pytest.raises(StoreError, match=r"newer netmon \(schema 9999\)"):
        await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert content(file) == before


async def test_somebody_elses_database_is_refused_and_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    connection.close()
    before = content(file)
    with pytest.raises(StoreError, match="not netmon's"):
        await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert content(file) == before


async def test_a_damaged_file_is_refused_and_left_alone(file: Path) -> None:
    fill(file, b"this was a database once" * 400)
    before = content(file)
    with pytest.raises(StoreError, match="damaged"):
        await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert content(file) == before


async def test_damage_inside_the_file_is_told_when_it_is_met(
    file: Path, store: SqlStore, vitals: RememberedVitals
) -> None:
    await store.commit(opening(), at(0))
    await store.close()
    body = bytearray(content(file))
    with sqlite3.connect(file) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'fault'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    body[(page - 1) * size : page * size] = b"\xa5" * size
    fill(file, body)
    broken = await open_store(f"sqlite:///{file}", vitals=vitals)
    with pytest.raises(StoreError, match="damaged"):
        await broken.open_cases()
    with pytest.raises(StoreError, match="damaged"):
        await broken.commit(opening("f2"), at(1))
    assert vitals.counts[Vital.STORE_FAILED, "corrupt"] == 1
    await broken.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("netmon.db", "cannot be read"),
        ("mysql://host/netmon", "no database 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
async def test_a_url_that_is_none_is_refused_in_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        await open_store(url, vitals=RememberedVitals())


async def test_a_folder_that_is_missing_is_named_as_the_trouble(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="folder exists"):
        await open_store(f"sqlite:///{tmp_path}/missing/netmon.db", vitals=RememberedVitals())


async def test_a_persons_note_is_stored_without_what_no_database_takes(store: SqlStore) -> None:
    await store.commit(opening(), at(0))
    number = (await only_ticket(store)).number
    await store.act(TicketAction(number=number, author="a", note="ไฟ\0ดับ\ud800"), at(1))
    file = await store.ticket(number)
    assert file is not None
    assert file.history[-1].text == "ไฟดับ?"
