"""Two texts side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.differences.sides import MAX_LINE, MAX_ROWS, sides

TEXT = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=25).map(lambda lines: "\n".join(lines).encode())


@given(TEXT, TEXT)
def test_each_side_read_alone_is_its_text(old: bytes, new: bytes) -> None:
    found = sides(old, new, context=None)
    assert found is not None
    for side, text in (("old", old), ("new", new)):
        lines = [getattr(row, side) for row in found.rows if getattr(row, side) is not None]
        assert [number for number, _ in lines] == list(range(1, len(lines) + 1))
        assert [line for _, line in lines] == text.decode().removesuffix("\n").split("\n") if text else not lines
    assert all(row.old[1] == row.new[1] for row in found.rows if row.same and row.old and row.new)


@given(TEXT, TEXT)
def test_folds_leave_out_only_what_is_the_same(old: bytes, new: bytes) -> None:
    whole, folded = sides(old, new, context=None), sides(old, new, context=1)
    assert whole is not None
    assert folded is not None
    assert sum(row.fold or 1 for row in folded.rows) == len(whole.rows)
    assert [row for row in folded.rows if not row.same and not row.fold] == [
        row for row in whole.rows if not row.same
    ]


def test_it_is_bounded_and_knows_what_is_no_text() -> None:
    assert sides(b"\0", b"a") is None
    found = sides(b"", b"x\n" * (MAX_ROWS + 5))
    assert found is not None
    assert (len(found.rows), found.cut) == (MAX_ROWS, True)
    (row,) = (sides(b"", b"y" * 5000) or found).rows
    assert row.new is not None
    assert len(row.new[1]) == MAX_LINE + 1
