"""Archives on real disk: what is good becomes a folder, what is hostile leaves nothing at all."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.unpacking.landing import OWN, PREFIX, DiskLanding
from monitor.adapters.unpacking.tars import unpack_tar
from monitor.adapters.unpacking.writing import Tree
from monitor.adapters.unpacking.zips import unpack_zip
from monitor.app.templates import shipped_templates
from monitor.domain.creating.intake import LIMITS, Intake, Limits, Unsafe
from monitor.errors import Conflict, SlipwayError, UsageError
from monitor.services.creating import Creating

SMALL = Limits(entries=50, bytes=200_000, sent=100_000, free=50_000, ratio=20)


@pytest.fixture
def landing() -> Iterator[DiskLanding]:
    found = DiskLanding()
    yield found
    found.close()


@pytest.fixture
def creating(tmp_path: Path, landing: DiskLanding) -> Creating:
    async def folders() -> dict[str, Path]:
        return {one.name: one for one in tmp_path.iterdir() if not one.name.startswith(".")}

    state = type("State", (), {"as_json": lambda self: {"name": "x"}})()
    return Creating(
        tmp_path, landing, SystemClock(), folders, lambda: None, lambda name: state, shipped_templates(), limits=SMALL
    )


async def pieces(data: bytes, size: int = 7000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def tarred(fill: Callable[[tarfile.TarFile], None], mode: str = "w:gz") -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:  # type: ignore[call-overload]
        fill(archive)
    return sink.getvalue()


def entry(archive: tarfile.TarFile, name: str, data: bytes = b"x", **more: object) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in more.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(data))


def several(archive: tarfile.TarFile, *names: str) -> None:
    for name in names:
        entry(archive, name)


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return sink.getvalue()


def linked(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o644) << 16
    return info


@contextmanager
def leaves_nothing(root: Path) -> Iterator[None]:
    before = {path for path in root.parent.rglob("*") if path != root / OWN}
    with pytest.raises(SlipwayError) as refused:
        yield
    assert refused.value.message
    assert refused.value.hint
    assert "internal" not in refused.value.message
    assert {path for path in root.parent.rglob("*") if path != root / OWN} == before


async def test_a_tar_and_a_zip_become_the_folder_they_hold(creating: Creating, tmp_path: Path) -> None:
    def fill(archive: tarfile.TarFile) -> None:
        entry(archive, "shop-main", b"", type=tarfile.DIRTYPE)
        entry(archive, "shop-main/run.sh", b"#!/bin/sh\n", mode=0o755)
        entry(archive, "shop-main/" + "deep/" * 15 + "long-" * 30, b"long name")
        entry(archive, "shop-main/empty/", b"", type=tarfile.DIRTYPE)

    await creating.from_archive("one", pieces(tarred(fill)))
    await creating.from_archive("two", pieces(tarred(fill, "w")))
    await creating.from_archive("three", pieces(zipped(("a/index.html", b"hi"), ("b.txt", b"b" * 20_000))))
    for name in ("one", "two"):
        assert stat.S_IMODE((tmp_path / name / "run.sh").stat().st_mode) == 0o755
        assert (tmp_path / name / ("deep/" * 15 + "long-" * 30)).read_bytes() == b"long name"
        assert (tmp_path / name / "empty").is_dir()
    assert (tmp_path / "three/a/index.html").read_bytes() == b"hi"
    assert list((tmp_path / OWN).iterdir()) == []


async def test_our_own_downloads_can_be_sent_back(creating: Creating, tmp_path: Path) -> None:
    """A zip written to what cannot seek has its sizes behind the data."""
    from monitor.domain.history.entry import Entry
    from monitor.domain.tree import Kind
    from monitor.services.past.exporting import _Zip

    packer = _Zip("shop-1")
    one = Entry("a.txt", Kind.FILE, 0o755, 0, 5)
    packer.begin(one)
    packer.add(b"hello")
    packer.end(one)
    packer.close()
    await creating.from_archive("shop", pieces(packer.taken()))
    assert (tmp_path / "shop/a.txt").read_text() == "hello"
    assert os.access(tmp_path / "shop/a.txt", os.X_OK)


def _bomb(archive: tarfile.TarFile) -> None:
    entry(archive, "zeros", bytes(150_000))


def _pax_bomb(archive: tarfile.TarFile) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 50_000_000
    archive.fileobj.write(info.tobuf(tarfile.USTAR_FORMAT) + bytes(3_000_000))


def _sparse(archive: tarfile.TarFile) -> None:
    entry(
        archive,
        "x",
        b"1000000\n" + b"1\n" * 252 + b"1\n" * 90_000,
        pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
    )


def _lies(name: str, said: int) -> bytes:
    """A zip whose list of contents says another size than there is."""
    data = bytearray(zipped((name, b"short"), method=zipfile.ZIP_STORED))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, said)
    return bytes(data)


def _announced(kind: bytes) -> bytes:
    """A header that announces a header that announces a header …"""
    info = tarfile.TarInfo("x")
    info.type = kind
    return info.tobuf(tarfile.GNU_FORMAT) * 900 + tarfile.TarInfo("a").tobuf() + bytes(1024)


def _shifted() -> bytes:
    """A zip whose list of contents is said to be further on than it is, so that its files begin before the file."""
    data = bytearray(zipped(("x", b"x")))
    at = data.rfind(b"PK\x05\x06")
    struct.pack_into("<L", data, at + 16, struct.unpack_from("<L", data, at + 16)[0] + 1000)
    return bytes(data)


HOSTILE: dict[str, bytes] = {
    "tar-announced-names": _announced(tarfile.GNUTYPE_LONGNAME),
    "tar-announced-pax": _announced(tarfile.XHDTYPE),
    "zip-shifted": _shifted(),
    "tar-up": tarred(lambda a: entry(a, "../up")),
    "tar-absolute": tarred(lambda a: entry(a, "/tmp/up")),
    "tar-link": tarred(lambda a: entry(a, "link", b"", type=tarfile.SYMTYPE, linkname="/etc")),
    "tar-hardlink": tarred(lambda a: entry(a, "link", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd")),
    "tar-device": tarred(lambda a: entry(a, "dev", b"", type=tarfile.CHRTYPE)),
    "tar-fifo": tarred(lambda a: entry(a, "fifo", b"", type=tarfile.FIFOTYPE)),
    "tar-twice": tarred(lambda a: several(a, "a", "a")),
    "tar-case": tarred(lambda a: several(a, "README", "readme")),
    "tar-many": tarred(lambda a: several(a, *map(str, range(51)))),
    "tar-ratio": tarred(_bomb),
    "tar-large": tarred(lambda a: entry(a, "x", os.urandom(0) + bytes(200_001)), "w:gz"),
    "tar-header-bomb": gzip.compress(tarred(_pax_bomb, "w")),
    "tar-sparse-bomb": tarred(_sparse),
    "tar-cut": tarred(lambda a: entry(a, "x", os.urandom(30_000)))[:-9_000],
    "tar-empty": tarred(lambda a: None),
    "zip-up": zipped(("../up", b"x")),
    "zip-absolute": zipped(("/up", b"x")),
    "zip-backslash": zipped((linked("a\\..\\..\\up", stat.S_IFREG), b"x")),
    "zip-link": zipped((linked("link", stat.S_IFLNK), b"/etc/passwd")),
    "zip-device": zipped((linked("dev", stat.S_IFBLK), b"")),
    "zip-twice": zipped(("b/a", b"1"), ("b/A", b"2")),
    "zip-ratio": zipped(("zeros", bytes(150_000))),
    "zip-lies-small": _lies("x", 1),
    "zip-lies-large": _lies("x", 150_000),
    "zip-bzip2": zipped(("x", b"x"), method=zipfile.ZIP_BZIP2),
    "zip-cut": zipped(("x", os.urandom(9000)))[:-40],
    "zip-many": zipped(*((f"{n}", b"") for n in range(60))),
    "zip-nul": zipped(("a.txt", b"x")).replace(b"a.txt", b"a\0txt"),
    "no-archive": b"hello",
    "nothing": b"",
    "too-much-sent": b"\x1f\x8b" + bytes(100_001),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_archive_is_refused_and_leaves_nothing(creating: Creating, tmp_path: Path, kind: str) -> None:
    with leaves_nothing(tmp_path):
        await creating.from_archive("new", pieces(HOSTILE[kind]))


async def test_files_that_are_sent_become_a_folder(creating: Creating, tmp_path: Path) -> None:
    async def uploads(*names: str) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        for name in names:
            yield name, pieces(name.encode())

    await creating.from_files("site", uploads("site/index.html", "site/css/a.css", "site/.DS_Store"))
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["css", "index.html"]
    for wrong in (("../up",), ("a", "a"), ("a", "a/b"), ()):
        with leaves_nothing(tmp_path):
            await creating.from_files("next", uploads(*wrong))


async def test_a_broken_off_upload_never_appears(creating: Creating, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"\x1f\x8b" + bytes(1000)
        assert len(list((tmp_path / OWN).iterdir())) == 1, "staged beside, out of sight"
        with pytest.raises(Conflict):
            await creating.from_template("new", "page")
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await creating.from_archive("new", broken())
    assert [path.name for path in tmp_path.iterdir()] == [OWN]
    assert list((tmp_path / OWN).iterdir()) == []


async def test_templates_and_names(creating: Creating, tmp_path: Path) -> None:
    for template in creating.templates:
        await creating.from_template(template, template)
        assert {
            str(p.relative_to(tmp_path / template)) for p in (tmp_path / template).rglob("*") if p.is_file()
        } == set(creating.templates[template].files)
    with pytest.raises(Conflict, match="already"):
        await creating.from_template("page", "page")
    with pytest.raises(UsageError, match="no template"):
        await creating.from_template("other", "cobol")


async def test_what_a_killed_process_left_is_swept(landing: DiskLanding, tmp_path: Path) -> None:
    (tmp_path / OWN / f"{PREFIX}dead/tree").mkdir(parents=True)
    stage = await landing.begin(tmp_path)
    await landing.sweep(tmp_path)
    assert len(list((tmp_path / OWN).iterdir())) == 1, "the living one stays"
    await stage.discard()
    assert list((tmp_path / OWN).iterdir()) == []


def test_what_only_describes_files_fills_no_memory(tmp_path: Path) -> None:
    """Words said for all files that follow, and a list of very many files, none of which is wanted."""
    words = io.BytesIO()
    for number in range(60):
        head = {f"SLIPWAY.{number}": "x" * 600_000}
        words.write(tarfile.TarInfo.create_pax_global_header(head))
        words.write(tarfile.TarInfo(f"f{number}").tobuf())
    (tmp_path / "many.tar").write_bytes(words.getvalue() + bytes(1024))
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(LIMITS.entries + 1):
            archive.writestr(str(number), b"")
    (tmp_path / "tree").mkdir()
    sent = (tmp_path / "many.tar").stat().st_size
    tracemalloc.start()
    try:
        unpack_tar(tmp_path / "many.tar", Tree(tmp_path / "tree"), Intake(sent=sent), packed=False)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
        tracemalloc.reset_peak()
        with pytest.raises(Unsafe, match="more than 20,000"):
            unpack_zip(tmp_path / "many.zip", Tree(tmp_path / "tree"), Intake(sent=sent))
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
