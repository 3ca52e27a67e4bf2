"""Printed lines: colours stay, nothing else a terminal would obey does, whatever the bytes are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.terminal import LINE, coloured

COLOURS = re.compile(r"\x1b\[[0-9;:]*m")
PIECES = st.sampled_from(
    [b"\x1b", b"[", b"]0;", b"m", b"31", b";", b"\x07", b"\x1b\\", b"x", b"\r", b"\x9b", b"\xff", b"K"]
)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"\x1b[31;1mred\x1b[0m", "\x1b[31;1mred\x1b[0m"),
        (b"\x1b[38;2;1;2;3mx", "\x1b[38;2;1;2;3mx"),
        (b"\x1b]0;owned\x07title", "title"),
        (b"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b[Hhome", "home"),
        (b"\x1bP+q544e\x1b\\asked", "asked"),
        (b"10 %\r50 %\r100 %\r", "100 %"),
        (b"<img src=x onerror=1>", "<img src=x onerror=1>"),
        ("turned \u202e around".encode(), "turned  around"),
        (b"half \x1b[3", "half "),
        (b"tab\there", "tab\there"),
    ],
)
def test_what_stays(printed: bytes, shown: str) -> None:
    assert coloured(printed) == shown


@given(st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=60).map(b"".join)))
def test_nothing_but_colours_is_left_to_obey(printed: bytes) -> None:
    shown = coloured(printed)
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", COLOURS.sub("", shown))


def test_a_long_line_is_cut_and_says_so() -> None:
    shown = coloured(b"x" * 1_000_000)
    assert len(shown) < LINE + 60
    assert shown.endswith("(a line of 1000000 bytes, cut)")
