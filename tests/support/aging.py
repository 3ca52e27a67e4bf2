"""Waiting until what was just written to a real disk no longer counts as racy."""

from __future__ import annotations

import threading


def age() -> None:
    """What was written before is old enough afterwards."""
    threading.Event().wait(0.03)
