"""Any path a folder may hold, for property tests."""

from __future__ import annotations

import os

from hypothesis import strategies as st

names = st.binary(min_size=1, max_size=60).map(lambda raw: os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"_")))
tricky = st.lists(
    st.sampled_from([".", "..", "%", "%2E", " ", ".versions", ".uploads", "\\", "a", "ü", "\udcff", "\ufffe", "\n"]),
    min_size=1,
    max_size=5,
).map("".join)
paths = st.lists((names | tricky).filter(lambda n: n not in {".", ".."}), min_size=1, max_size=4).map("/".join)
