"""The in-memory store keeps the store's promises."""

from __future__ import annotations

import pytest

from monitor.adapters.memory_store import MemoryStore
from tests.contracts.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()
