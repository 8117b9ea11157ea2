"""From an older program's database to a newer one's, with work in it, and not the other way."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from netmon.errors import StoreError
from netmon.model.decisions import SendNotice
from netmon.model.notices import Channel, Delivery, Letter, Notice, OutboxEntry, Person, Stage, Verdict
from netmon.stores import migrating, open_store
from netmon.stores.database import Use, make_engine, parse_url
from tests.stores.sample import T0, RememberedVitals, at, notice, opening
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


def as_it_was(today: Path, old: Path, version: str) -> None:
    """Make a database as the program of that schema would have left it, with what it knew of today's."""
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
    as_it_was(today, old, version)
    store = await open_store(f"sqlite:///{old}", vitals=RememberedVitals())
    assert await everything(store) == shown
    assert len(await store.claim(at(1), 10, 60)) == 4
    await store.close()


async def test_what_was_on_the_wire_when_an_older_program_died_is_sent_again_in_the_messages_it_left_in(
    tmp_path: Path,
) -> None:
    """That program, of schema 7, had not written down in which; what parted at one moment had left together."""
    today, old = tmp_path / "today.db", tmp_path / "old.db"
    store = await open_store(f"sqlite:///{today}", vitals=RememberedVitals())
    nipa = notice("f1", recipient="nipa"), notice("f1", recipient="nipa", stage=Stage.EXTENDED)
    texts = [notice(name, channel=Channel.SMS) for name in ("f1", "f2")]
    for name in ("f1", "f2", "f3"):
        await store.commit(opening(name, notices=(notice(name),)), at(0))
    await store.commit([SendNotice(one, T0) for one in (*nipa, *texts)], at(0))
    claimed = await store.claim(at(1), 20, 60)
    entries = {one.notice: one for one in (*claimed, *await store.claim_rest(at(1), claimed, 60))}
    digest = [entries[notice(name)] for name in ("f1", "f2")]
    left = [
        (digest, letter(digest[-1].notice, digest).key, at(2)),
        ([entries[notice("f3")]], notice("f3").key, at(3)),
        ([entries[one] for one in nipa], nipa[0].key, at(2)),
        ([entries[one] for one in texts], texts[1].key, at(2)),
    ]
    for together, key, moment in left:
        assert await store.part_with(together, key, moment)
    await store.close()

    as_it_was(today, old, "0007")
    store = await open_store(f"sqlite:///{old}", vitals=RememberedVitals())
    await store.release_leases(at(5), rest=30, resends=1)
    again = await store.claim(at(35), 20, 60)
    left_in = {one.notice: key for together, key, _ in left for one in together}
    assert {one.notice: one.message for one in again} == left_in
    await store.close()


async def test_what_was_in_doubt_already_in_an_older_program_is_sent_again(tmp_path: Path) -> None:
    today, old = tmp_path / "today.db", tmp_path / "old.db"
    store = await open_store(f"sqlite:///{today}", vitals=RememberedVitals())
    await store.commit(opening(notices=(notice(),)), at(0))
    (entry,) = await store.claim(at(1), 10, 60)
    await store.part_with([entry], "m", at(1))
    await store.settle(entry, Delivery(Verdict.UNKNOWN), at(2), T0 + 602)
    await store.close()
    as_it_was(today, old, "0007")
    store = await open_store(f"sqlite:///{old}", vitals=RememberedVitals())
    assert await store.claim(at(601), 10, 60) == ()
    (again,) = await store.claim(at(602), 10, 60)
    assert (again.notice, again.doubts, again.message) == (notice(), 1, "")
    await store.close()


def letter(under: Notice, entries: Sequence[OutboxEntry]) -> Letter:
    """A message of these."""
    alone = [Letter(notice=one.notice, person=Person("สมชาย"), at=T0) for one in entries]
    return Letter(notice=under, person=Person("สมชาย"), at=T0, folded=tuple(alone))


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
