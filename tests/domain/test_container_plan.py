"""From a spec to a container: what every plan has, and that the user's part cannot change ours."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import labels
from monitor.domain.container import ContainerPlan, Limit
from monitor.domain.container_plan import CA_TARGET, Place, plan_app, plan_install
from monitor.domain.launch import LaunchSpec, Limits, Source
from tests.support.container_plans import PLACE, SPEC


def plan(spec: LaunchSpec = SPEC, place: Place = PLACE, **route: str) -> ContainerPlan:
    return plan_app(spec, 3, place, route)


@given(st.dictionaries(st.sampled_from(["PORT", "HOST", "SLIPWAY_START", "HOME", "TMPDIR", "MINE"]), st.text()))
def test_the_users_variables_never_replace_the_contracts(env: dict[str, str]) -> None:
    told = dict(plan(replace(SPEC, env=tuple(env.items()))).env)
    assert (told["PORT"], told["HOST"], told["SLIPWAY_START"]) == ("8000", "0.0.0.0", "serve")
    assert (told["HOME"], told["TMPDIR"]) == ("/tmp/home", "/tmp")
    assert told.get("MINE") == env.get("MINE")


def test_a_route_label_never_replaces_one_adoption_relies_on() -> None:
    told = dict(plan(**{labels.WORKSPACE: "other", "traefik.enable": "true"}).labels)
    assert told[labels.WORKSPACE] == "shop"
    assert told["traefik.enable"] == "true"


def test_two_generations_share_everything_but_name_and_number() -> None:
    old, new = (plan_app(SPEC, number, PLACE, {}) for number in (1, 2))
    assert (old.name, new.name) == ("slipway-01234567-shop-1", "slipway-01234567-shop-2")
    assert old.mounts == new.mounts
    assert old.project == new.project
    differing = {name for name, value in old.labels if dict(new.labels)[name] != value}
    assert differing == {labels.GENERATION}


def test_a_static_container_can_write_nowhere_but_in_its_scratch_space() -> None:
    static = plan(replace(SPEC, source=Source.DIRECT, read_only=True))
    assert static.read_only
    assert all(mount.read_only for mount in static.mounts)
    assert {path for path, _ in static.tmpfs} == {"/app", "/tmp"}


def test_the_download_cache_is_there_only_while_something_is_downloaded() -> None:
    def targets(spec: LaunchSpec) -> set[str]:
        return {mount.target for mount in plan(spec).mounts}

    assert "/cache" not in targets(SPEC)
    assert "/cache" in targets(replace(SPEC, build="make"))
    assert "/data" in targets(SPEC)
    assert "/data" not in targets(replace(SPEC, source=Source.DIRECT))
    assert "/data" in targets(replace(SPEC, source=Source.DIRECT, data=("store",)))


def test_an_installer_has_no_variables_of_its_own_and_no_data() -> None:
    installer = plan_install(replace(SPEC, env=(("TOKEN", "secret"),), deps_key="k" * 24), PLACE, "script")
    assert installer.env == ()
    assert {mount.target for mount in installer.mounts} == {"/workspace", "/slipway", "/cache"}
    assert (installer.user, installer.limits, installer.tmpfs) == (SPEC.user, plan().limits, plan().tmpfs)


def test_the_extra_ca_is_mounted_read_only_and_named_to_every_tool() -> None:
    with_ca = plan(SPEC, replace(PLACE, ca="/data/ca.pem"))
    assert [(m.source, m.read_only) for m in with_ca.mounts if m.target == CA_TARGET] == [("/data/ca.pem", True)]
    told = dict(with_ca.env)
    assert {told[name] for name in ("PIP_CERT", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "GIT_SSL_CAINFO")} == {
        CA_TARGET
    }


def test_no_limit_is_above_what_the_machine_has() -> None:
    assert plan(replace(SPEC, limits=Limits(cpus=16)), replace(PLACE, cpus=2)).limits.cpus == 2


def test_a_limit_the_kernel_lacks_is_not_asked_for() -> None:
    bare = plan(SPEC, replace(PLACE, lacks=frozenset(Limit)))
    assert (bare.limits.memory, bare.limits.cpus, bare.limits.pids) == (0, 0, 0)
    assert bare.limits.nofile == SPEC.limits.nofile
    no_swap = plan(SPEC, replace(PLACE, lacks=frozenset({Limit.SWAP})))
    assert (no_swap.limits.memory, no_swap.memory_and_swap) == (SPEC.limits.memory, -1)
    assert plan().memory_and_swap == SPEC.limits.memory
