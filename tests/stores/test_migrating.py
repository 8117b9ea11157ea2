"""From an older program's database to a newer one's, with work in it, and not the other way."""

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from netmon.errors import StoreError
from netmon.stores import migrating, open_store
from netmon.stores.database import Use, make_engine, parse_url
from tests.stores.sample import RememberedVitals, at, notice, opening
from tests.stores.store_contract import everything

TOMORROW = '''\
"""A step that this program does not know yet."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade() -> None:
    """Another column, and old rows get a value in it."""
    op.add_column("ticket", sa.Column("desk", sa.String, nullable=False, server_default="none"))
    op.execute("UPDATE ticket SET desk = 'moved'")
    {then}
'''


def revisions() -> list[str]:
    """Every schema there has been, oldest first."""
    script = ScriptDirectory.from_config(migrating._config())
    return [one.revision for one in script.walk_revisions()][::-1]


def tables(file: Path, version: str) -> None:
    """Make an empty database as the program of that schema made it."""
    engine = make_engine(parse_url(f"sqlite:///{file}"), Use.WRITE)
    config = migrating._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but alembic's own."""
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        names = [name for (name,) in found if not name.startswith(("sqlite_", "alembic_"))]
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names}


async def with_work(file: Path) -> object:
    """Two open tickets and notices that have not left; returns all that the store shows."""
    store = await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    for name in ("f1", "f2"):
        await store.commit(opening(name, notices=(notice(name), notice(name, recipient="nipa"))), at(0))
    shown = await everything(store)
    await store.close()
    return shown


@pytest.fixture
def tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of a later program: today's and a step more; `netmon` is that program from now on."""
    place = tmp_path / "migrations"
    copytree(migrating._PLACE, place)
    (place / "versions" / "v9000.py").write_text(TOMORROW.format(head=revisions()[-1], then="pass"))
    monkeypatch.setattr(migrating, "_PLACE", place)
    return place


@pytest.mark.parametrize("version", revisions()[:-1])
async def test_a_database_of_an_older_schema_keeps_its_open_tickets_and_unsent_notices(
    tmp_path: Path, version: str
) -> None:
    today, old = tmp_path / "today.db", tmp_path / "old.db"
    shown = await with_work(today)
    tables(old, version)
    with closing(sqlite3.connect(old)) as connection:
        there = rows(old)
        for name, content in rows(today).items():
            if name not in there:  # it came with a later schema
                continue
            connection.execute(f"DELETE FROM {name}")
            columns = [column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})")]
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", [row[: len(columns)] for row in content])
        connection.commit()
    store = await open_store(f"sqlite:///{old}", vitals=RememberedVitals())
    assert await everything(store) == shown
    assert len(await store.claim(at(1), 10, 60)) == 4
    await store.close()


@pytest.mark.usefixtures("tomorrow")
async def test_the_next_program_takes_over_open_tickets_and_unsent_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netmon.db"
    with monkeypatch.context() as today:
        today.setattr(migrating, "_PLACE", Path(migrating.__file__).parent / "migrations")
        shown = await with_work(file)
    store = await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert await everything(store) == shown
    await store.close()
    assert {row[-1] for row in rows(file)["ticket"]} == {"moved"}


async def test_todays_program_refuses_tomorrows_database_and_leaves_it_alone(
    tmp_path: Path, tomorrow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netmon.db"
    await with_work(file)
    monkeypatch.setattr(migrating, "_PLACE", Path(migrating.__file__).parent / "migrations")
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"newer netmon \(schema 9000\); run that version, or restore a backup"):
        await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert file.read_bytes() == before


async def test_a_migration_that_fails_halfway_leaves_the_old_database(
    tmp_path: Path, tomorrow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netmon.db"
    with monkeypatch.context() as today:
        today.setattr(migrating, "_PLACE", Path(migrating.__file__).parent / "migrations")
        shown = await with_work(file)
    before = rows(file)
    broken = TOMORROW.format(head=revisions()[-2], then="op.execute('INSERT INTO nothing_there VALUES (1)')")
    (tomorrow / "versions" / "v9000.py").write_text(broken)
    with pytest.raises(StoreError):
        await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert rows(file) == before
    monkeypatch.setattr(migrating, "_PLACE", Path(migrating.__file__).parent / "migrations")
    store = await open_store(f"sqlite:///{file}", vitals=RememberedVitals())
    assert await everything(store) == shown
    await store.close()
