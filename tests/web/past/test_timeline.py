"""The history for eyes and downloads: marks near and far, both sides of a file, a revision as an archive."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import Any

from monitor.domain.access import Scope
from monitor.domain.moments import NS
from monitor.services.restore.safety import seen
from tests.support.past import Kept
from tests.web.asking import ask
from tests.web.conftest import Door
from tests.web.past.parts import SHOP, result


async def download(door: Door, path: str, scope: Scope = Scope.ADMIN) -> tuple[int, Any, bytes]:
    async with door.client.get(path, headers=door.bearer(scope)) as answer:
        return answer.status, answer.headers, await answer.read()


async def change(shelf: Kept, text: str) -> None:
    """A plain save, as the monitor keeps it by itself."""
    folder = (await shelf.write("shop/a.txt", text)).parent
    tree, overrides = await seen(shelf.past.reading.files, folder)
    await shelf.history.commit("shop", folder, tree, overrides=overrides)


async def test_marks_come_in_pages_with_their_branches(door: Door, shelf: Kept) -> None:
    for number in range(4):
        await shelf.save("shop/a.txt", str(number))
    await ask(door, "POST", f"{SHOP}/snapshots", 201, json={"name": "v1", "revision": 2, "tags": ["t"]})
    await result(door, "POST", f"{SHOP}/restore", json={"revision": 2})
    found = await ask(door, "GET", f"{SHOP}/timeline?limit=3")
    kinds = {one["seq"]: (one["kind"], one["after"], one["branch"]) for one in found["items"]}
    newest = found["items"][0]["seq"]
    assert kinds[newest] == ("restore", 2, 1), "a restore begins a branch at what it restored"
    rest = await ask(door, "GET", f"{SHOP}/timeline?before={found['next']}")
    assert [one["seq"] for one in found["items"] + rest["items"]] == list(range(newest, 0, -1))
    (named,) = [one for one in rest["items"] if one["snapshots"]]
    assert (named["seq"], named["snapshots"][0]["tags"]) == (2, ["t"])
    assert found["total"] == found["revisions"] == newest
    await ask(door, "GET", f"{SHOP}/timeline?zoom=year", 400)
    await ask(door, "GET", "/api/workspaces/nothing/timeline", 404)


async def test_it_says_whether_the_data_volume_has_a_history_too(door: Door, shelf: Kept) -> None:
    folder = (await shelf.write("shop/a.txt", "1")).parent
    await shelf.save("shop/a.txt", "2")
    assert (await ask(door, "GET", f"{SHOP}/timeline"))["data"] is False
    tree, overrides = await seen(shelf.past.reading.files, folder)
    await shelf.history.commit("shop.data", folder, tree, overrides=overrides)
    assert (await ask(door, "GET", f"{SHOP}/timeline"))["data"] is True
    of_data = await ask(door, "GET", f"{SHOP}/timeline?data=true")
    assert (of_data["data"], of_data["revisions"]) == (True, 1)


async def test_from_afar_only_the_last_of_each_hour_or_day_is_left(door: Door, shelf: Kept) -> None:
    for hour in range(5):
        for number in range(3):
            await change(shelf, f"{hour} {number}")
        shelf.clock.wall_ahead_ns += 3600 * NS
    near = await ask(door, "GET", f"{SHOP}/timeline")
    hours = await ask(door, "GET", f"{SHOP}/timeline?zoom=hour")
    days = await ask(door, "GET", f"{SHOP}/timeline?zoom=day")
    far = await ask(door, "GET", f"{SHOP}/timeline?zoom=landmarks")
    assert near["total"] == 15
    for found in (hours, days, far):
        assert sum(one["covers"] for one in found["items"] if one["seq"] <= found["items"][0]["seq"]) <= 15
        seqs = [one["seq"] for one in found["items"]]
        assert [one["after"] for one in found["items"]] == [*seqs[1:], None], "each descends from the mark before it"
    assert 15 > hours["total"] > days["total"] >= far["total"]
    assert sum(one["covers"] for one in hours["items"]) == 15


async def test_forks_are_found_from_where_they_left(door: Door, shelf: Kept) -> None:
    for text in ("1", "2"):
        await shelf.save("shop/a.txt", text)
    await shelf.save("other/a.txt", "1")
    await result(door, "POST", f"{SHOP}/fork", json={"as": "shop-beta", "revision": 1})
    assert await ask(door, "GET", f"{SHOP}/forks") == {"items": [{"workspace": "shop-beta", "seq": 1}]}
    assert await ask(door, "GET", "/api/workspaces/shop-beta/forks") == {"items": []}
    await ask(door, "GET", "/api/workspaces/nothing/forks", 404)


async def test_a_history_begun_anew_is_not_taken_for_the_old_one(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a.txt", "1")
    before = (await ask(door, "GET", f"{SHOP}/timeline"))["items"][0]
    await result(door, "DELETE", SHOP)
    await result(door, "POST", f"{SHOP}/purge", json={"confirm": "shop"})
    await shelf.save("shop/a.txt", "another")
    after = (await ask(door, "GET", f"{SHOP}/timeline"))["items"]
    assert (len(after), after[0]["seq"]) == (1, 1)
    assert after[0]["time"] != before["time"]


async def test_both_sides_of_a_file_are_shown_and_what_is_no_text_is_not(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a.txt", "one\ntwo\nthree\n")
    await shelf.save("shop/a.txt", "one\n2\nthree\nfour\n")
    await shelf.write("shop/a.bin", "\0\1")
    await shelf.push("shop")
    found = await ask(door, "GET", f"{SHOP}/compare?from=1&to=2&path=a.txt")
    assert [(row["old"], row["new"]) for row in found["rows"] if not row["same"]] == [
        ([2, "two"], [2, "2"]),
        (None, [4, "four"]),
    ]
    assert (found["before"]["size"], found["after"]["size"]) == (14, 17)
    new = await ask(door, "GET", f"{SHOP}/compare?from=1&path=a.bin")
    assert (new["before"], new["rows"], new["after"]["size"]) == (None, None, 2)
    await ask(door, "GET", f"{SHOP}/compare?from=1&path=never", 404)
    await ask(door, "GET", f"{SHOP}/compare?from=1", 400)


async def test_a_revision_is_downloaded_as_an_archive_by_admins_alone(door: Door, shelf: Kept) -> None:
    await shelf.write("shop/run.sh", "#!/bin/sh\n")
    (shelf.root / "shop/run.sh").chmod(0o755)
    (shelf.root / "shop/empty").mkdir()
    (shelf.root / "shop/link").symlink_to("run.sh")
    large = "".join(f"line {n}\n" for n in range(200_000))
    await shelf.write("shop/sub/large é.txt", large)
    await shelf.push("shop")
    status, headers, data = await download(door, f"{SHOP}/revisions/newest/archive")
    assert (status, headers["Content-Type"]) == (200, "application/gzip")
    assert headers["Content-Disposition"] == 'attachment; filename="shop-1.tar.gz"'
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {one.name: one for one in archive}
        assert sorted(members) == ["shop-1/empty", "shop-1/link", "shop-1/run.sh", "shop-1/sub/large é.txt"]
        assert (members["shop-1/run.sh"].mode & 0o777, members["shop-1/link"].linkname) == (0o755, "run.sh")
        file = archive.extractfile("shop-1/sub/large é.txt")
        assert file is not None
        assert file.read().decode() == large
    status, said, data = await download(door, f"{SHOP}/revisions/1/archive?format=zip&path=sub")
    answers = (await ask(door, "GET", "/api/openapi.json"))["paths"]["/api/workspaces/{name}/revisions/{seq}/archive"]
    kinds = {one["Content-Type"] for one in (headers, said)}
    assert answers["get"]["responses"]["200"]["content"].keys() == kinds == {"application/gzip", "application/zip"}
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        assert zipped.testzip() is None
        assert [(one.filename, one.file_size) for one in zipped.infolist()] == [
            ("shop-1/sub/large é.txt", len(large))
        ]
    assert (await download(door, f"{SHOP}/revisions/1/archive", Scope.OPERATE))[0] == 403
    assert (await download(door, f"{SHOP}/revisions/1/archive?format=rar"))[0] == 400
    assert (await download(door, f"{SHOP}/revisions/1/archive?path=no"))[0] == 404
    assert (await download(door, f"{SHOP}/revisions/7/archive"))[0] == 404
