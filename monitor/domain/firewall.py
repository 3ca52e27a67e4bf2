"""Which packets of the workspaces' networks the host refuses, as rules of the kernel's packet filter.

Between two bridges Docker itself lets nothing pass. What is left open by it, and closed here: services of the host
on any of its addresses, and link-local addresses (a cloud's metadata service). Answers to what the host
asked (the router, our probes) pass, and so do questions to the host's own name servers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

LINK_LOCAL = "169.254.0.0/16"


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain of ours: its name, the chain it hangs in front of, its rules in order (without `-A NAME`)."""

    name: str
    hook: str
    rules: tuple[str, ...]


def chains(install_id: str, resolvers: Iterable[str]) -> tuple[Chain, Chain]:
    """What an install's networks may not reach (`jump` leads there from them): of the host itself, and through it."""
    names = [address for address in map(_outside, resolvers) if address]
    metadata = [name for name in names if IPv4Address(name) in IPv4Network(LINK_LOCAL)]
    answers = "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"
    prefix = f"SLIPWAY-{install_id[:8].upper()}"
    return (
        Chain(f"{prefix}-IN", "INPUT", (answers, *_questions(names), "-j DROP")),
        Chain(f"{prefix}-OUT", "DOCKER-USER", (*_questions(metadata), f"-d {LINK_LOCAL} -j DROP")),
    )


def jump(chain: Chain, pool: IPv4Network) -> str:
    """The rule that leads into a chain."""
    return f"-s {pool} -j {chain.name}"


def _questions(resolvers: Iterable[str]) -> list[str]:
    return [
        f"-d {address}/32 -p {protocol} -m {protocol} --dport 53 -j RETURN"
        for address in resolvers
        for protocol in ("udp", "tcp")
    ]


def _outside(resolver: str) -> str:
    """A name server containers ask themselves: for one on loopback the daemon asks."""
    try:
        address = IPv4Address(resolver)
    except ValueError:
        return ""
    return "" if address.is_loopback else str(address)
