"""Subnets: never one that is taken, always the same choice, every one used before the range is full."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.subnets import free_subnets

POOL = IPv4Network("10.213.0.0/24")
NETWORKS = st.builds(
    lambda address, prefix: IPv4Network((address, prefix), strict=False),
    st.integers(int(POOL.network_address) - 4096, int(POOL.broadcast_address) + 4096),
    st.integers(16, 32),
)


@given(st.lists(NETWORKS, max_size=12), st.text())
def test_a_free_subnet_overlaps_nothing_and_none_is_forgotten(taken: list[IPv4Network], name: str) -> None:
    found = list(free_subnets(POOL, taken, name))
    assert len(set(found)) == len(found)
    assert all(one.subnet_of(POOL) and not any(one.overlaps(other) for other in taken) for one in found)
    left = [one for one in POOL.subnets(new_prefix=28) if not any(one.overlaps(other) for other in taken)]
    assert set(found) == set(left)


def test_a_name_gets_its_subnet_back() -> None:
    first = next(free_subnets(POOL, [], "shop"))
    assert next(free_subnets(POOL, [], "shop")) == first
    assert next(free_subnets(POOL, [first], "shop")) != first


def test_a_range_smaller_than_one_subnet_has_none() -> None:
    assert list(free_subnets(IPv4Network("10.0.0.0/30"), [], "shop")) == []
