"""One test for each key of the compose specification: carried over, without effect, or refused by its path (R14)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.domain.compose_policy import NotAllowed, rebuild, verdicts
from tests.domain.compose_policy.specification import FORBIDDEN, KEYS, Place

ROWS = [
    pytest.param(place, key, kind, value, id=f"{name}.{key}")
    for name, (place, keys) in KEYS.items()
    for key, (kind, value) in keys.items()
]
TABLES = {
    "top": verdicts.TOP,
    "service": verdicts.SERVICE,
    "build": verdicts.BUILD,
    "deploy": verdicts.DEPLOY,
    "resources": verdicts.RESOURCES,
    "limits": verdicts.LIMITS,
    "reservations": verdicts.RESERVATIONS,
    "healthcheck": verdicts.HEALTH,
    "depends_on": verdicts.DEPENDS,
    "port": verdicts.PORT,
    "service network": verdicts.OWN_NETWORK,
    "mount": verdicts.MOUNT,
    "bind": verdicts.BIND,
    "volume option": verdicts.VOLUME,
    "tmpfs option": verdicts.TMPFS,
    "named volume": verdicts.NAMED_VOLUME,
    "named network": verdicts.NAMED_NETWORK,
}


def document(place: Place, **more: Any) -> dict[str, Any]:
    """A whole compose file with `more` in that table."""
    whole: dict[str, Any] = {
        "services": {"web": {"image": "nginx"}, "db": {"image": "postgres"}},
        "volumes": {"kept": None},
        "networks": {"front": None},
    }
    at: Any = whole
    for step, following in zip(place.path, [*place.path[1:], ""], strict=False):
        if isinstance(step, int):
            at.append({})
        elif not isinstance(at.get(step), dict | list):
            at[step] = [] if isinstance(following, int) else {}
        at = at[step]
    at.update({**place.beside, **more})
    web = whole["services"].get("web", {})
    if "build" in web and place.path[-1:] != ("web",):
        web.pop("image", None)
    kind = next((str(step) for step in place.path if step in {"bind", "volume", "tmpfs"}), "")
    for mount in web.get("volumes", []) if kind else []:
        mount |= {
            "type": kind,
            "source": "./kept" if kind == "bind" else "kept",
            "target": "/kept",
            "read_only": True,
        }
    return whole


def read(whole: dict[str, Any]) -> Any:
    return rebuild(json.dumps(whole), "compose.yaml", {}).stack


@pytest.mark.parametrize(("place", "key", "kind", "value"), ROWS)
def test_each_key_of_the_specification_has_its_verdict(place: Place, key: str, kind: str, value: Any) -> None:
    whole = document(place, **{key: value})
    if kind == "refuse":
        with pytest.raises(NotAllowed) as caught:
            read(whole)
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in (*place.path, key)).lstrip(
            "."
        )
        assert caught.value.path == path
        assert f"compose.yaml, line 1: `{path}` is not allowed" in caught.value.message
    elif kind == "override":
        assert read(whole) == read(document(place))
    else:
        assert read(whole).front == "web"


@pytest.mark.parametrize("name", TABLES)
def test_no_key_is_missing_here_and_none_is_known_that_the_specification_has_not(name: str) -> None:
    _, keys = KEYS[name]
    assert set(TABLES[name]) == set(keys)
    assert {key: TABLES[name][key].kind.value for key in keys} == {key: kind for key, (kind, _) in keys.items()}


@pytest.mark.parametrize("place", [place for place, _ in KEYS.values()], ids=list(KEYS))
def test_an_unknown_key_is_refused_and_an_extension_is_not(place: Place) -> None:
    with pytest.raises(NotAllowed, match="is not a key Slipway knows here") as caught:
        read(document(place, misspelt=1))
    assert caught.value.path.endswith("misspelt")
    assert read(document(place, **{"x-mine": {"anything": "goes"}})) == read(document(place))


@pytest.mark.parametrize(
    ("place", "key", "value", "reason"), [row[1:] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN]
)
def test_values_that_would_reach_out_are_refused(place: Place, key: str, value: Any, reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason) as caught:
        read(document(place, **{key: value}))
    assert key in caught.value.path


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("command", "sh -c 'a  b' $$X", ("sh", "-c", "a  b", "$X")),
        ("entrypoint", ["a b", "c"], ("a b", "c")),
        ("environment", ["A=1=2", "B=", "C"], (("A", "1=2"), ("B", ""))),
        ("environment", {"N": 3, "T": True, "F": 1.5, "U": None}, (("F", "1.5"), ("N", "3"), ("T", "true"))),
        ("labels", ["org.example=x"], (("org.example", "x"),)),
        ("user", "node", "node"),
        ("stop_grace_period", "1m30s", 90_000),
        ("stop_signal", "sigint", "SIGINT"),
        ("working_dir", "/srv", "/srv"),
        ("read_only", "true", True),
        ("tty", "no", False),
        ("platform", "linux/arm64/v8", "linux/arm64/v8"),
    ],
)
def test_what_is_carried_over(key: str, value: Any, wanted: Any) -> None:
    names = {"environment": "env", "stop_grace_period": "stop_grace"}
    service = read({"services": {"web": {"image": "nginx", key: value}}}).service("web")
    assert getattr(service, names.get(key, key)) == wanted
