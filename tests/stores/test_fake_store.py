"""The fake that other rooms' tests use keeps the same promises as the real store."""

import pytest

from netmon.errors import StoreError
from tests.kit.fake_store import FakeStore
from tests.stores.sample import at, opening
from tests.stores.store_contract import StoreContract


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


class TestFakeStore(StoreContract):
    async def test_trouble_makes_writes_fail_until_it_is_over(self, store: FakeStore) -> None:
        store.trouble = "The disk of the database is full."
        with pytest.raises(StoreError, match="full"):
            await store.commit(opening(), at(0))
        store.trouble = ""
        await store.commit(opening(), at(1))
        assert len(await store.open_cases()) == 1
