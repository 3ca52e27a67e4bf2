"""Pages on their way through: what changes, what never does, and that pieces make no difference."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.prefix.html import HELD, PageRewriter, may_change_inline
from monitor.domain.prefix.page import read_page
from monitor.domain.prefix.urls import Mount

SHOP = Mount("/shop", host="example.org:8080")
SHIM = '<script src="/shop/_slipway/prefix.js"></script>'
GOLDEN = Path(__file__).parents[1] / "golden" / "prefix"


def put(page: str | bytes, *, pieces: int = 1 << 20, shim: str = "", inline: bool = True) -> str:
    rewriter = PageRewriter(SHOP, shim=shim, inline=inline)
    data = page.encode() if isinstance(page, str) else page
    out = [rewriter.feed(data[at : at + pieces]) for at in range(0, len(data), pieces)]
    return b"".join([*out, rewriter.close()]).decode()


def test_a_page_reads_as_designed() -> None:
    assert put((GOLDEN / "page.html").read_text(), shim=SHIM) == (GOLDEN / "page.put-right.html").read_text()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_of_any_size_make_the_same_page(size: int) -> None:
    page = (GOLDEN / "page.html").read_text()
    assert put(page, pieces=size, shim=SHIM) == put(page, shim=SHIM)


TEXTS = st.text(st.sampled_from("<>/\"'= ab!-\nscriptyle hrefx"), max_size=80)


@given(TEXTS, st.integers(1, 9))
@settings(max_examples=300)
def test_whatever_comes_pieces_make_no_difference_and_nothing_is_lost(page: str, size: int) -> None:
    whole = put(page)
    assert put(page, pieces=size) == whole
    assert whole.replace("/shop", "") == page.replace("/shop", "") or "integrity" in page


@given(st.binary(max_size=200))
def test_bytes_that_are_no_text_come_through(data: bytes) -> None:
    rewriter = PageRewriter(SHOP)
    assert (rewriter.feed(data) + rewriter.close()).replace(b"/shop", b"") == data.replace(b"/shop", b"")


@pytest.mark.parametrize(
    "text",
    [
        "<script>const a = '<a href=\"/x\">';</script>",
        "<textarea><a href='/x'></textarea>",
        "<!-- <a href='/x'> -->",
        "<title><img src=/x></title>",
        "1 < 2 and <3",
        "<a href='x' title='/y' data-path='/z'>",
        '<a href="//cdn.org/x" onclick="go(\'/x\')">',
        "<script>import('/x')</script>",
        "<p>unfinished <a href='/x",
    ],
)
def test_what_is_no_address_of_a_page_stays(text: str) -> None:
    assert put(text) == text


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("<a href=/x>", "<a href=/shop/x>"),
        ("<A HREF='/x'>", "<A HREF='/shop/x'>"),
        ('<img src="&#x2F;x.png">', '<img src="/shop/x.png">'),
        ('<button formaction="/x" hx-post="/y">', '<button formaction="/shop/x" hx-post="/shop/y">'),
        ("<div style=\"background:url('/x')\">", "<div style=\"background:url('/shop/x')\">"),
        ('<svg><use xlink:href="/i.svg#a"/></svg>', '<svg><use xlink:href="/shop/i.svg#a"/></svg>'),
        ('<a href="http://example.org:8080/x">', '<a href="http://example.org:8080/shop/x">'),
        ('<link rel="stylesheet" href="s.css" integrity="sha256-x">', '<link rel="stylesheet" href="s.css">'),
        ('<script src="/x.js" integrity="sha256-x">', '<script src="/shop/x.js" integrity="sha256-x">'),
    ],
)
def test_addresses(given_: str, expected: str) -> None:
    assert put(given_) == expected


def test_a_fragment_gets_no_script_of_ours() -> None:
    assert put("<li><a href='/x'></li>", shim=SHIM) == "<li><a href='/shop/x'></li>"
    assert put("<!doctype html><p>x", shim=SHIM) == f"<!doctype html>{SHIM}<p>x"
    assert put("<html><head class=a><title>x</title>", shim=SHIM) == f"<html><head class=a>{SHIM}<title>x</title>"


def test_a_policy_that_names_hashes_keeps_inline_text_as_it_is() -> None:
    page = "<style>a{b:url(/x)}</style>"
    assert may_change_inline("script-src 'self' 'nonce-a'")
    assert not may_change_inline("style-src 'sha256-abc='")
    assert put(page, inline=False) == page
    meta = '<meta http-equiv="Content-Security-Policy" content="style-src \'sha256-abc=\'">'
    assert put(meta + page) == meta + page


def test_a_page_streams_also_behind_an_endless_tag() -> None:
    rewriter = PageRewriter(SHOP)
    assert rewriter.feed(b"<p>one</p><scr") == b"<p>one</p>"
    assert rewriter.feed(b"ipt>x</script>two") == b"<script>x</script>two"
    sent = rewriter.feed(b"<a title='" + b"x" * (2 * HELD))
    assert len(sent) > HELD


HOSTILE = (
    *(
        "<a x='",
        "<",
        "<!--",
        "<a 'b",
        "<a b=\"'",
        "<script>",
        "<style>/* ",
        "<script type=module>from ",
        "<!d",
        "<!-",
    ),
    *("<p srcset='/,", "<p style='url( ", "<style>@import ", "<p href "),
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("spread", [False, True], ids=["repeated", "padded"])
def test_no_page_takes_long(text: str, spread: bool) -> None:
    data = (text + " " * 300_000 if spread else text * (300_000 // len(text))).encode()
    began = time.process_time()
    rewriter = PageRewriter(SHOP, shim=SHIM)
    for at in range(0, len(data), 4096):
        rewriter.feed(data[at : at + 4096])
    rewriter.close()
    read_page(data.decode())
    assert time.process_time() - began < 2


def test_text_in_other_alphabets_survives() -> None:
    assert put("<a href='/ü'>Größe – ☃</a>") == "<a href='/shop/ü'>Größe – ☃</a>"
    latin = PageRewriter(SHOP)
    assert latin.feed("<a href='/\xe4'>\xdf".encode("latin-1")) + latin.close() == "<a href='/shop/\xe4'>\xdf".encode(
        "latin-1"
    )


def test_what_a_page_asks_for_is_found() -> None:
    page = read_page((GOLDEN / "page.html").read_text())
    assert page.base == "/"
    assert page.assets[:4] == ["/style.css", "/icon.svg", "/app.js", "/bg.png"]
    assert "/large.png" in page.assets
    assert "/about" in page.addresses
    assert "/about" not in page.assets
    assert not any(re.match("data:|#", url) for url in page.assets)
