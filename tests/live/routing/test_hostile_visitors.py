"""What visitors cannot do at a real Traefik: reach another workspace, or be believed about themselves."""

from __future__ import annotations

import pytest

from tests.live.routing.town import Town

pytestmark = pytest.mark.traefik
RAW_PATHS = [
    "/a/../b", "/a/../b/", "/a/..", "/a/..;/b/", "/a..;/", "/a;/b/", "/a/%2e%2e/b/", "/a/%2E%2e/b",
    "/a/.%2e/b/", "/a%2fb", "/a%2f..%2fb/", "/a/%2f/b/", "/a/..%2fb/", "/a%5cb", "/a/..%5cb/", "/a/..\\b/",
    "\\b/", "/a/%00", "/a%00/b/", "//", "//b/", "/a//b/", "/a/x//../../b/", "///a//", "/a./x", "/a./../b/",
    "/./b/", "/a/./x", "/%61/x", "/%62", "/a%20/", "/a/%252e%252e/b/", "/a/%252fb", "/A/", "/a%3b/b/",
    "/a/%09/b/", "/a?/../b/", "/a/?/../b/", "/a#/../b/", "/%2e/b/", "/a\u00e9/", "http://evil/b/",
    "http://b.localhost/a/", "/a/;/../b/",
]  # fmt: skip


@pytest.mark.parametrize("www", [False, True])
async def test_odd_paths_reach_only_the_addressed_workspace_or_nobody(town: Town, www: bool) -> None:
    for name in ("a", "b", *(["www"] if www else [])):
        await town.serve(name)
    await town.publish()
    for target in RAW_PATHS:
        answer = await town.ask(target)
        for name, paths in town.reached().items():
            assert name.partition("-")[0] in _addressed(target, www), f"{target} reached {name} as {paths}"
            assert answer.status < 400, target
            assert not any(segment in {"..", "%2e%2e", ".%2e"} for segment in paths[0].partition("?")[0].split("/"))
        assert answer.status < 500, target


def _addressed(target: str, www: bool) -> set[str]:
    """Whose request this is by the rules of URLs (RFC 3986): dot segments removed, unreserved characters decoded."""
    host, path = "", target
    if target.startswith("http://"):
        host, _, path = target.removeprefix("http://").partition("/")
        path = f"/{path}"
    if host.endswith(".localhost"):
        return {host.removesuffix(".localhost")}
    plain = path.partition("?")[0].partition("#")[0]
    for code, char in (("%2e", "."), ("%61", "a"), ("%62", "b")):
        plain = plain.replace(code, char).replace(code.upper(), char).replace(code[:2] + code[2:].upper(), char)
    kept: list[str] = []
    for segment in plain.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in {"", "."}:
            kept.append(segment)
    first = kept[0] if kept else ""
    return {first} if first in {"a", "b"} else ({"www"} if www else set())


async def test_what_visitors_claim_about_themselves_does_not_survive(town: Town) -> None:
    await town.serve("blog")
    await town.serve("docs", strip=False)
    await town.publish()
    claims = [
        f"{name.replace('-', dash)}: 6.6.6.6"
        for name in (
            "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix",
            "X-Forwarded-Server", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Scheme", "X-Forwarded-Ssl",
            "X-Real-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Script-Name",
        )
        for dash in ("-", "_", ".")
    ]  # fmt: skip
    claims += ["Forwarded: for=6.6.6.6", "Proxy: http://6.6.6.6", "x-forwarded-PREFIX: 6.6.6.6"]
    hop_by_hop = "Connection: close, X-Forwarded-For, X-Forwarded-Prefix, X-Real-Ip"
    for target, host, prefix in (
        ("/blog/", "localhost", ["/blog"]),
        ("/docs/", "localhost", ["/docs"]),
        ("/", "blog.localhost", []),
    ):
        for more in ([], [hop_by_hop]):
            seen: list[list[str]] = (await town.ask(target, *claims, *more, host=host)).json()["headers"]
            assert not [pair for pair in seen if "6.6.6.6" in pair[1]], target
            assert [value for name, value in seen if name == "x-forwarded-prefix"] == prefix
            assert [value for name, value in seen if name == "x-forwarded-for"] == ["127.0.0.1"]
            assert not [name for name, _ in seen if "_" in name]


async def test_a_path_route_cannot_claim_the_shared_origin_but_an_own_host_can(town: Town) -> None:
    await town.serve("blog")
    await town.serve("www")
    await town.publish()
    for target in ("/blog/sw.js", "/sw.js"):
        answer = await town.ask(target)
        assert "service-worker-allowed" not in answer.headers
        assert answer.headers["x-own"] == "kept"
    assert (await town.ask("/sw.js", host="blog.localhost")).headers["service-worker-allowed"] == "/"
