"""Bucket settings and the probe, against a real S3 server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from monitor.adapters.bucket import Bucket
from monitor.adapters.bucket_lifecycle import endangering, merged, our_rules
from monitor.adapters.s3_access import S3Access
from monitor.ports.store import StoreAway, StoreRefused
from tests.live.test_store_s3 import access
from tests.support.ports import free_port
from tests.support.s3 import S3Server

pytestmark = [pytest.mark.live, pytest.mark.s3]

FOREIGN = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}


@pytest.fixture
def client(s3_server: S3Server) -> Iterator[Any]:
    client = s3_server.client()
    yield client
    client.close()


@pytest.fixture
async def ours(s3_server: S3Server, bucket: str) -> AsyncIterator[Bucket]:
    admin = Bucket(access(s3_server, bucket), "team")
    yield admin
    admin.close()


async def test_a_bucket_is_made_once(s3_server: S3Server, client: Any, bucket: str) -> None:
    admin = Bucket(access(s3_server, f"{bucket}-new"))
    assert await admin.ensure()
    assert not await admin.ensure()
    client.put_object(Bucket=f"{bucket}-new", Key="k", Body=b"x")
    admin.close()


async def test_versions_are_kept_from_then_on(ours: Bucket, client: Any, bucket: str) -> None:
    assert await ours.keep_versions()
    assert await ours.keep_versions()
    first = client.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"]
    client.put_object(Bucket=bucket, Key="k", Body=b"two")
    assert client.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"one"


async def test_our_rules_join_those_already_there(ours: Bucket, client: Any, bucket: str) -> None:
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [FOREIGN]})
    assert await ours.clean_up_old_versions()
    assert await ours.clean_up_old_versions()
    rules = {r["ID"]: r for r in client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert rules.keys() == {"theirs", "slipway-old-versions-team", "slipway-lone-markers-team"}
    assert rules["theirs"]["Expiration"] == {"Days": 3}
    assert rules["slipway-old-versions-team"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


async def test_the_probe_sees_what_the_server_does(ours: Bucket, client: Any, bucket: str) -> None:
    before = await ours.probe()
    assert (before.exact, before.versions, before.conditional) == (True, False, True)
    assert any("keeps no versions" in sentence for sentence in before.missing)
    await ours.keep_versions()
    after = await ours.probe()
    assert after.versions
    assert not any("keeps no versions" in sentence for sentence in after.missing)
    assert client.list_objects_v2(Bucket=bucket).get("Contents", []) == []
    assert client.list_object_versions(Bucket=bucket).get("Versions", []) == []


async def test_a_rule_that_would_eat_history_is_reported(ours: Bucket, client: Any, bucket: str) -> None:
    hungry = {**FOREIGN, "Filter": {"Prefix": ""}}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [hungry]})
    await ours.clean_up_old_versions()
    (danger,) = (await ours.probe()).dangers
    assert "'theirs' deletes objects after 3 days" in danger


async def test_failures_read_as_the_store_port_says(s3_server: S3Server, bucket: str) -> None:
    strangers = Bucket(access(s3_server, bucket, secret_key="wrong"))
    nobody = Bucket(S3Access(f"http://127.0.0.1:{free_port()}", bucket, "k", "s", connect_timeout_s=1))
    with pytest.raises(StoreRefused):
        await strangers.ensure()
    with pytest.raises(StoreAway):
        await nobody.ensure()
    strangers.close()
    nobody.close()


@pytest.mark.parametrize(
    ("prefix", "theirs", "hungry"),
    [
        ("team", "", True),
        ("team", "team/w/", True),
        ("team", "other/", False),
        ("", "logs/", True),
        ("team", "tea", True),
    ],
)
def test_only_rules_that_reach_us_are_dangers(prefix: str, theirs: str, hungry: bool) -> None:
    rules = [{**FOREIGN, "Filter": {"Prefix": theirs}}, *our_rules(prefix)]
    assert bool(endangering(rules, prefix)) == hungry
    assert endangering([{**FOREIGN, "Status": "Disabled", "Filter": {"Prefix": theirs}}], prefix) == ()


def test_merging_twice_changes_nothing_and_mends_our_own_rule() -> None:
    once = merged([FOREIGN], "team")
    assert merged(once, "team") == once
    assert merged([{**once[1], "Status": "Disabled"}, FOREIGN], "team") == [once[1], FOREIGN, once[2]]
