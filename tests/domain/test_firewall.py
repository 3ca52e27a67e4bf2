"""The packet filter's rules: everything to the host drops but answers and questions to its name servers."""

from __future__ import annotations

from ipaddress import IPv4Network

from monitor.domain.firewall import chains, jump

POOL = IPv4Network("10.213.0.0/16")


def test_what_is_closed_and_in_which_order() -> None:
    inward, outward = chains("0123456789", [])
    assert (inward.hook, outward.hook) == ("INPUT", "DOCKER-USER")
    assert inward.rules == ("-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", "-j DROP")
    assert outward.rules == ("-d 169.254.0.0/16 -j DROP",)
    assert jump(inward, POOL) == "-s 10.213.0.0/16 -j SLIPWAY-01234567-IN"
    assert len(inward.name) <= 28


def test_name_servers_may_be_asked_for_names_and_nothing_else() -> None:
    inward, outward = chains("0123456789", ["192.0.2.53", "127.0.0.53", "169.254.169.254", "fe80::1%eth0"])
    open_doors = [rule for rule in inward.rules if "RETURN" in rule and "-d " in rule]
    assert {rule.split()[1] for rule in open_doors} == {"192.0.2.53/32", "169.254.169.254/32"}
    assert all("--dport 53" in rule for rule in open_doors)
    assert [rule.split()[1] for rule in outward.rules] == ["169.254.169.254/32"] * 2 + ["169.254.0.0/16"]
