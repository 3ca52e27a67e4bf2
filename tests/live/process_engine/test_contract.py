"""The process engine keeps the engine's promises, with bubblewrap and without."""

from __future__ import annotations

from tests.contracts.command_contract import CommandContract
from tests.contracts.engine_contract import EngineContract
from tests.live.process_engine.world import OnProcesses


class TestProcessEngine(OnProcesses, EngineContract):
    pass


class TestProcessCommands(OnProcesses, CommandContract):
    pass
