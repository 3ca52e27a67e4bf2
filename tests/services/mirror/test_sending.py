"""What the mirror sends and removes: only what differs, whatever became of its cache."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from monitor.domain.filters import Overrides
from tests.support.disguise import disguise
from tests.support.mirroring import LIVE, Bench


async def test_a_batch_is_written_and_an_unchanged_one_asks_nothing(bench: Bench) -> None:
    bench.write("index.html", b"hello")
    bench.write("a/b/ümlaut.txt", b"1")
    bench.write(".env", b"SECRET=1")
    bench.write(".env.example", b"SECRET=")
    first = await bench.sync()
    assert (first.pending, first.error) == (0, None)
    assert first.kept_at is not None
    assert first.kept_at.endswith("Z")
    assert (first.left_out.files, first.left_out.secrets) == (1, 1)
    assert set(bench.store.mirrored.values()) == {b"hello", b"1", b"SECRET="}
    again = await bench.sync()
    assert bench.store.calls == {}
    assert again == first


async def test_an_edit_and_a_removal_cost_one_request_each(bench: Bench) -> None:
    for number in range(5):
        bench.write(f"f{number}")
    before = await bench.sync()
    bench.write("f1", b"new")
    (bench.folder / "f2").unlink()
    after = await bench.sync()
    assert bench.store.calls == {"put": 1, "delete": 1}
    assert bench.store.mirrored["f1"] == b"new"
    assert "f2" not in bench.store.mirrored
    assert after.kept_at is not None
    assert after.kept_at > (before.kept_at or "")


async def test_a_restart_uploads_nothing_again(bench: Bench) -> None:
    for number in range(5):
        bench.write(f"f{number}")
    await bench.sync()
    await bench.mirror.close()
    bench.mirror = bench.new()
    state = await bench.sync()
    assert bench.store.calls == {}
    assert state.kept_at is not None


async def test_a_lost_cache_compares_and_a_stranger_bucket_is_filled(bench: Bench) -> None:
    for number in range(5):
        bench.write(f"f{number}", b"same")
    await bench.sync()
    bench.write("f1", b"dif!")
    bench.store.objects[LIVE + "stray"] = b"1"
    bench.mirror = bench.new(identity="another")
    await bench.sync()
    assert bench.store.calls == {"list": 1, "get": 5, "put": 1, "delete": 1}
    assert bench.store.mirrored == {"f1": b"dif!"} | {f"f{n}": b"same" for n in (0, 2, 3, 4)}


async def test_a_kill_between_upload_and_save_leaves_no_orphan(bench: Bench) -> None:
    bench.write("kept")
    await bench.sync()
    await bench.mirror.close()
    bench.mirror = bench.new()
    await bench.sync()
    bench.write("new")
    await bench.sync()
    # Killed here: nothing was closed. The file vanishes while nobody looks.
    (bench.folder / "new").unlink()
    bench.mirror = bench.new()
    await bench.sync()
    assert bench.store.mirrored == {"kept": b"x"}


async def test_a_rule_that_leaves_out_a_file_removes_its_object(bench: Bench) -> None:
    bench.write("data/big.bin")
    bench.write("a")
    await bench.sync()
    bench.write(".gitignore", b"/data/\n")
    await bench.sync()
    assert set(bench.store.mirrored) == {".gitignore", "a"}


async def test_a_key_under_a_harmless_name_is_never_sent_unless_allowed(bench: Bench) -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n"
    bench.write("deploy", b"harmless")
    await bench.sync()
    bench.write("deploy", key)
    state = await bench.sync()
    assert bench.store.mirrored == {}
    assert (state.pending, state.left_out.secrets) == (0, 1)
    await bench.sync()
    assert bench.store.calls == {}
    bench.write("keys/other", key)
    await bench.sync(Overrides(secrets=("keys/",)))
    assert set(bench.store.mirrored) == {"keys/other"}


async def test_a_file_becomes_a_folder_and_back(bench: Bench) -> None:
    bench.write("a", b"file")
    await bench.sync()
    (bench.folder / "a").unlink()
    bench.write("a/b", b"below")
    await bench.sync()
    assert bench.store.order == [("delete", LIVE + "a"), ("put", LIVE + "a/b")]
    shutil.rmtree(bench.folder / "a")
    bench.write("a", b"file")
    await bench.sync()
    assert bench.store.order == [("delete", LIVE + "a/b"), ("put", LIVE + "a")]


async def test_odd_names_and_large_files(bench: Bench) -> None:
    odd = os.fsdecode(b"odd\xff\nname")
    bench.write(odd, b"odd")
    with (bench.folder / "huge").open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    (bench.folder / "link").symlink_to("huge")
    state = await bench.sync()
    assert list(bench.store.mirrored.values()) == [b"odd"]
    assert [e.path for e in state.left_out.too_large] == ["huge"]
    assert "100 MiB" in state.left_out.too_large[0].reason
    assert state.left_out.unmirrored == 1
    (bench.folder / odd).unlink()
    await bench.sync()
    assert bench.store.mirrored == {}


@pytest.mark.parametrize("restart", [False, True])
async def test_an_edit_that_puts_its_time_back_is_sent(bench: Bench, restart: bool) -> None:
    place = bench.write("f", b"one")
    bench.write("other")
    await bench.sync()
    if restart:
        await bench.mirror.close()
        bench.mirror = bench.new()
    disguise(place, b"TWO")
    await bench.sync()
    assert bench.store.mirrored["f"] == b"TWO"
    assert bench.store.calls == {"get": 1, "put": 1}
    await bench.sync()
    assert bench.store.calls == {}


async def test_a_file_whose_bytes_stayed_is_compared_and_not_sent_again(bench: Bench) -> None:
    place = bench.write("f", b"one")
    await bench.sync()
    place.chmod(0o600)
    os.link(place, bench.base / "backup")
    state = await bench.sync()
    assert bench.store.calls == {"get": 1}
    assert state.pending == 0
    await bench.sync()
    assert bench.store.calls == {}


async def test_a_book_without_change_times_is_compared_once(bench: Bench) -> None:
    place = bench.write("f", b"one")
    bench.write("g", b"one")
    await bench.sync()
    await bench.mirror.close()
    book = bench.base / "state" / "mirror" / "shop.json"
    saved = json.loads(book.read_text())
    stamps = saved["value"]["stamps"] if "value" in saved else saved["stamps"]
    stamps.update({path: text.rpartition(" ")[0] for path, text in stamps.items()})
    assert {text.count(" ") for text in stamps.values()} == {2}
    book.write_text(json.dumps(saved))
    disguise(place, b"TWO")
    bench.mirror = bench.new()
    await bench.sync()
    assert bench.store.calls == {"get": 2, "put": 1}
    assert bench.store.mirrored == {"f": b"TWO", "g": b"one"}
