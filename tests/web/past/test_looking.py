"""Looking at what was kept: revisions, their files, snapshots, what changed."""

from __future__ import annotations

from tests.support.past import Kept
from tests.web.asking import ask
from tests.web.conftest import Door
from tests.web.past.parts import REVISION, SHOP


async def test_revisions_come_newest_first_in_pages(door: Door, shelf: Kept) -> None:
    for number in range(5):
        await shelf.save("shop/a.txt", str(number))
    first = await ask(door, "GET", f"{SHOP}/revisions?limit=3")
    assert [one["seq"] for one in first["items"]] == [5, 4, 3]
    assert all(one.keys() >= REVISION for one in first["items"])
    assert (first["items"][0]["files"], first["items"][0]["bytes"], first["items"][0]["grade"]) == (1, 1, "settled")
    rest = await ask(door, "GET", f"{SHOP}/revisions?limit=3&before={first['next']}")
    assert ([one["seq"] for one in rest["items"]], rest["next"]) == ([2, 1], None)
    await ask(door, "GET", "/api/workspaces/nothing/revisions", 404)
    await ask(door, "GET", "/api/workspaces/..%2fshop/revisions", 404)
    await ask(door, "GET", f"{SHOP}/revisions?limit=x", 400)


async def test_a_workspace_nothing_is_kept_of_yet_has_no_revisions(door: Door, shelf: Kept) -> None:
    (shelf.root / "new").mkdir()
    assert await ask(door, "GET", "/api/workspaces/new/revisions") == {"items": [], "next": None}


async def test_a_revision_lists_its_files_in_pages_and_below_a_folder(door: Door, shelf: Kept) -> None:
    for path in ("a", "sub/b", "sub/c", "sub-d"):
        await shelf.write(f"shop/{path}", path)
    await shelf.push("shop")
    plain = await ask(door, "GET", f"{SHOP}/revisions/1")
    assert "listing" not in plain
    page = await ask(door, "GET", f"{SHOP}/revisions/newest?listing=true&limit=3")
    assert [one["path"] for one in page["listing"]] == ["a", "sub-d", "sub/b"]
    page = await ask(door, "GET", f"{SHOP}/revisions/1?listing=true&after={page['next']}")
    assert ([one["path"] for one in page["listing"]], page["next"]) == (["sub/c"], None)
    below = await ask(door, "GET", f"{SHOP}/revisions/1?listing=true&path=sub")
    assert [one["path"] for one in below["listing"]] == ["sub/b", "sub/c"]
    await ask(door, "GET", f"{SHOP}/revisions/9", 404)


async def test_snapshots_are_made_listed_changed_and_deleted(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await shelf.write("shop/a", "2")
    body = {"name": "v1", "note": "first", "tags": ["b", "a"], "ttl_s": 60}
    made = await ask(door, "POST", f"{SHOP}/snapshots", 201, json=body)
    assert (made["seq"], made["kind"], made["tags"], made["expired"]) == (2, "manual", ["a", "b"], False)
    await ask(door, "POST", f"{SHOP}/snapshots", 409, json={"name": "v1"})
    old = await ask(door, "POST", f"{SHOP}/snapshots", 201, json={"name": "first/one", "revision": 1})
    assert old["seq"] == 1
    listed = await ask(door, "GET", f"{SHOP}/snapshots?tag=a")
    assert listed == {"items": [made]}
    assert (await ask(door, "GET", f"{SHOP}/revisions"))["items"][0]["name"] == "v1"
    changed = await ask(
        door, "PATCH", f"{SHOP}/snapshots/v1", json={"add_tags": ["c"], "remove_tags": ["a"], "forever": True}
    )
    assert (changed["tags"], changed["expires_at"], changed["note"]) == (["b", "c"], None, "first")
    await ask(door, "DELETE", f"{SHOP}/snapshots/first%2Fone")
    await ask(door, "GET", f"{SHOP}/snapshots/first%2Fone", 404)
    for wrong in (
        {"name": "v2", "ttl_s": "7d"},
        {"name": "v2", "color": "red"},
        {"name": ""},
        {"name": "v2", "tags": "a"},
    ):
        assert (await ask(door, "POST", f"{SHOP}/snapshots", 400, json=wrong))["error"]["message"]


async def test_what_changed_and_every_version_of_one_file(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "one\n")
    await ask(door, "POST", f"{SHOP}/snapshots", 201, json={"name": "v1"})
    await shelf.save("shop/b", "b\n")
    await shelf.save("shop/a", "one\ntwo\n")
    found = await ask(door, "GET", f"{SHOP}/diff?from=v1&path=a&text=true")
    assert ([one["path"] for one in found["files"]], found["lines_added"]) == (["a"], 1)
    assert "+two" in found["text"]
    whole = await ask(door, "GET", f"{SHOP}/diff?from=1&to=newest")
    assert (whole["counts"]["added"], whole["counts"]["changed"], whole.get("text")) == (1, 1, None)
    versions = await ask(door, "GET", f"{SHOP}/history?path=a")
    assert [one["seq"] for one in versions["items"]] == [4, 1]
    await ask(door, "GET", f"{SHOP}/history", 400)
    await ask(door, "GET", f"{SHOP}/history?path=never", 404)
    await ask(door, "GET", f"{SHOP}/diff?from=yesterday", 400)
