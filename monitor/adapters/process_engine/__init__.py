"""Runs instances as local processes where no Docker daemon answers; see `engine.ProcessEngine`."""

from monitor.adapters.process_engine.engine import ProcessEngine
from monitor.adapters.process_engine.workshop import Config

__all__ = ["Config", "ProcessEngine"]
