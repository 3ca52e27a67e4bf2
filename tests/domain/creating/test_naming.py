"""Names of new workspaces, and what is suggested instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.creating.naming import checked_new_name, suggested
from monitor.domain.workspace import NAME, RESERVED
from monitor.errors import Conflict, SlipwayError, UsageError


@given(st.text(max_size=60), st.sets(st.sampled_from(["a", "a-2", "workspace", "my-app", "a" * 40]), max_size=5))
def test_a_suggestion_can_always_be_taken(wish: str, taken: set[str]) -> None:
    found = suggested(wish, taken)
    assert NAME.match(found)
    assert found not in taken | RESERVED
    assert checked_new_name(found, taken) == found


@pytest.mark.parametrize(
    ("wish", "near"),
    [
        ("My App!", "my-app"),
        ("shop", "shop-3"),
        ("monitor", "monitor-workspace"),
        ("日本語", "workspace"),
        ("-x-", "x"),
    ],
)
def test_it_is_near_to_what_was_wished(wish: str, near: str) -> None:
    assert suggested(wish, {"shop", "shop-2"}) == near


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("", UsageError, "needs a name"),
        ("My App", UsageError, "only a-z, 0-9 and -"),
        ("-a", UsageError, "begins or ends"),
        ("a" * 41, UsageError, "41 characters"),
        ("monitor", UsageError, "reserved"),
        ("shop", Conflict, "already"),
    ],
)
def test_a_wrong_name_is_told_why_with_one_that_is_free(name: str, kind: type[SlipwayError], said: str) -> None:
    with pytest.raises(kind, match=said) as refused:
        checked_new_name(name, {"shop"})
    assert "is free" in refused.value.hint
