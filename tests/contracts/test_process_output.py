"""The process engine's log read on from a place in it: nothing twice, nothing lost unsaid, whatever is printed."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.process_engine.closeup import MOST_BYTES, _place, _since


class Reader:
    """Somebody who follows a log."""

    def __init__(self, log: Path) -> None:
        self.log, self.cursor = log, ""

    def read(self, *, whole: bool = False) -> tuple[bytes, bool]:
        data, cursor, lost = _since(self.log, *_place(self.cursor), whole=whole)
        self.cursor = cursor or self.cursor
        return data, lost


def test_each_line_comes_once_and_an_unfinished_one_waits(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo\nthr")
    reader = Reader(log)
    assert reader.read() == (b"one\ntwo\n", False)
    assert reader.read() == (b"", False)
    with log.open("ab") as file:
        file.write(b"ee\nfour")
    assert reader.read() == (b"three\n", False)
    assert reader.read(whole=True) == (b"four", False)


def test_a_log_that_was_full_is_read_to_its_end_first(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\n")
    reader = Reader(log)
    reader.read()
    with log.open("ab") as file:
        file.write(b"two\n")
    log.rename(tmp_path / "log.1")
    log.write_bytes(b"three\n")
    assert reader.read() == (b"two\nthree\n", False)
    assert reader.read() == (b"", False)


def test_a_flood_is_cut_and_said_and_memory_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"begin\n")
    reader = Reader(log)
    reader.read()
    with log.open("ab") as file:
        file.write(b"x" * (3 * MOST_BYTES))
    data, lost = reader.read()
    assert lost
    assert len(data) <= MOST_BYTES
    with log.open("ab") as file:
        file.write(b"\nafter\n")
    assert reader.read()[0].endswith(b"after\n")


def test_what_is_gone_or_nonsense_is_no_error(tmp_path: Path) -> None:
    assert _since(tmp_path / "nothing", *_place("7:7"), whole=False) == (b"", "", False)
    assert _place("../../etc/passwd") == (0, 0)
    log = tmp_path / "log"
    log.write_bytes(b"fresh\n")
    assert _since(log, *_place("1:99999999"), whole=False)[0] == b"fresh\n"
