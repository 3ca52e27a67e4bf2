"""The compose text says exactly what the plan says, whatever stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.compose import TEMPLATE, compose_text
from monitor.domain.container_plan import plan_app, plan_install
from monitor.domain.launch import LaunchSpec
from tests.support.container_plans import PLACE, SPEC

TEXT = (Path(__file__).parents[2] / "compose" / TEMPLATE).read_text("utf-8")
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"))


def read(text: str) -> dict[str, Any]:
    """The file as Compose reads it: YAML, then `$$` for `$` (a lone `$` would be somebody's environment)."""

    def undo(value: Any) -> Any:
        if isinstance(value, dict):
            return {undo(k): undo(v) for k, v in value.items()}
        if isinstance(value, list):
            return [undo(one) for one in value]
        if isinstance(value, str):
            assert "$" not in value.replace("$$", "")
            return value.replace("$$", "$")
        return value

    loaded: dict[str, Any] = undo(yaml.safe_load(text))
    return loaded


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), WORDS), WORDS, WORDS)
def test_every_value_comes_back_as_it_was(env: dict[str, str], command: str, label: str) -> None:
    spec = LaunchSpec("shop", SPEC.type, "python", command, SPEC.user, env=tuple(env.items()))
    plan = plan_app(spec, 1, PLACE, {"traefik.x": label})
    service = read(compose_text(plan, TEXT))["services"]["app"]
    assert service["environment"] == dict(plan.env)
    assert service["labels"]["traefik.x"] == label
    assert service["image"] == plan.image


def test_it_reads_like_prose() -> None:
    plan = plan_app(SPEC, 2, PLACE, {"traefik.enable": "true"})
    loaded = read(compose_text(plan, TEXT))
    service = loaded["services"]["app"]
    assert loaded["name"] == "slipway-01234567-shop"
    assert (service["container_name"], service["user"]) == ("slipway-01234567-shop-2", "1000:1000")
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert service["mem_limit"] == service["memswap_limit"] == plan.limits.memory
    assert "ports" not in service
    assert [v["target"] for v in service["volumes"]] == ["/workspace", "/slipway", "/data"]
    assert loaded["volumes"]["data"]["name"] == "slipway-01234567-shop-data"
    assert loaded["networks"]["default"]["ipam"]["config"] == [{"subnet": "10.213.0.0/28", "gateway": "10.213.0.1"}]
    assert not [name for name in service["labels"] if name.startswith("com.docker.compose")]


def test_an_installer_reads_too() -> None:
    loaded = read(compose_text(plan_install(SPEC, PLACE, "exec $0"), TEXT))
    assert loaded["services"]["install"]["entrypoint"] == ["/bin/sh", "-c", "exec $0"]
    assert loaded["services"]["install"]["environment"] == {}
