"""What a person is told to try when a workspace ended by itself."""

from __future__ import annotations

import pytest

from monitor.services.launcher import hint_after


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("out of memory (limit 1024 MiB)", "give it more in slipway.yaml: `resources: {memory: 2g}`"),
        ("out of memory (limit 96 MiB)", "give it more in slipway.yaml: `resources: {memory: 1g}`"),
        (
            "out of memory (the machine's; killed by the kernel)",
            "the machine has too little memory for it: stop something else",
        ),
        ("exited with code 1", "its last lines may say why"),
    ],
)
def test_the_hint_fits_the_end(reason: str, hint: str) -> None:
    assert hint_after(reason) == hint
