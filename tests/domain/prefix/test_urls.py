"""Which addresses are put below the prefix, and which are none of our business."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.prefix import css, headers
from monitor.domain.prefix.hop import Hop, hop_of
from monitor.domain.prefix.urls import Mount, own_authorities, referred, srcset, under

SHOP = Mount("/shop", host="example.org:8080", own=own_authorities("10.0.0.2:3000"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/", "/shop/"),
        ("/x?y=/z#f", "/shop/x?y=/z#f"),
        ("/shopping", "/shop/shopping"),
        (" /x ", "/shop/x"),
        ("http://example.org:8080/x", "http://example.org:8080/shop/x"),
        ("HTTP://EXAMPLE.org:8080", "HTTP://EXAMPLE.org:8080/shop/"),
        ("//example.org:8080/x", "//example.org:8080/shop/x"),
        ("ws://example.org:8080/socket", "ws://example.org:8080/shop/socket"),
        ("http://10.0.0.2:3000/x", "/shop/x"),
        ("http://localhost:3000/x?y", "/shop/x?y"),
        ("//127.0.0.1:3000/x", "/shop/x"),
    ],
)
def test_own_addresses_get_the_prefix(url: str, expected: str) -> None:
    assert SHOP.public(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            "./x",
            "../x",
            "?x",
            "#x",
            "/shop",
            "/shop/",
            "/shop/x",
            "/shop?x",
            "/shop#x",
            "/_slipway/gate.css",
        ),
        *("//cdn.org/x", "https://cdn.org/x", "http://example.org/x", "http://localhost:9999/x", "/\\evil.org", "//"),
        *("mailto:a@b", "data:image/png;base64,/x", "javascript:go('/x')", "tel:1", "http://example.org:8080.evil/x"),
    ],
)
def test_all_others_stay_as_they_are(url: str) -> None:
    assert SHOP.public(url) == url


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_was_put_right_once_stays(url: str) -> None:
    once = SHOP.public(url)
    assert SHOP.public(once) == once
    assert once == url or under(once.removeprefix("http://example.org:8080"), "/shop") or "//" in once


def test_an_app_that_insists_on_a_path_of_its_own_is_moved() -> None:
    app = Mount("/shop", "/app", "example.org")
    assert app.public("/app/x") == "/shop/x"
    assert app.public("/app") == "/shop/"
    assert app.public("/app?q") == "/shop/?q"
    assert app.public("/apple") == "/shop/apple"


def test_every_candidate_of_a_srcset_is_put_right() -> None:
    assert srcset("/a.png 1x, /b.png 2x,/c,d.png 100w", SHOP) == "/shop/a.png 1x, /shop/b.png 2x,/shop/c,d.png 100w"
    assert srcset("data:image/png;base64,AA== 1x, /x 2x", SHOP) == "data:image/png;base64,AA== 1x, /shop/x 2x"


def test_only_strays_are_named() -> None:
    assert referred(["/x", "x", "/shop/y", "https://cdn.org/z", "/x"], SHOP) == ("/x",)


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        ("a{b:url(/x.png)}", "a{b:url(/shop/x.png)}"),
        ("a{b:url( '/x y.png' )}", "a{b:url( '/shop/x y.png' )}"),
        ('@import "/a.css" screen;@import url(/b.css);', '@import "/shop/a.css" screen;@import url(/shop/b.css);'),
        ("/* url(/x) */ a{b:url(data:image/png;base64,/x==)}", "/* url(/x) */ a{b:url(data:image/png;base64,/x==)}"),
        ("a{b:url(//cdn/x);c:url(x.png);d:url(/shop/y)}", "a{b:url(//cdn/x);c:url(x.png);d:url(/shop/y)}"),
        ("a{b:url(/x.png) /* unclosed", "a{b:url(/shop/x.png) /* unclosed"),
        ("a{b:url(", "a{b:url("),
    ],
)
def test_addresses_in_style_sheets(sheet: str, expected: str) -> None:
    assert css.rewritten(sheet, SHOP) == expected


@given(st.text(st.sampled_from("url(/x)'\"@import */;{ a"), max_size=60))
def test_a_style_sheet_is_changed_once_and_for_all(sheet: str) -> None:
    once = css.rewritten(sheet, SHOP)
    assert css.rewritten(once, SHOP) == once


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Location", "/x", "/shop/x"),
        ("Content-Location", "/x", "/shop/x"),
        ("HX-Redirect", "/x", "/shop/x"),
        ("Refresh", "0; url=/x", "0; url=/shop/x"),
        ("Refresh", "5", "5"),
        (
            "Link",
            '</s.css>; rel=preload, <https://cdn.org/x>; rel="next"',
            '</shop/s.css>; rel=preload, <https://cdn.org/x>; rel="next"',
        ),
        ("Set-Cookie", "a=/x; Path=/; HttpOnly", "a=/x; Path=/shop/; HttpOnly"),
        ("Set-Cookie", "a=b;path=/shop/in", "a=b;path=/shop/in"),
        ("Set-Cookie", "a=b; Path=; Secure", "a=b; Path=; Secure"),
        ("Set-Cookie", "__Host-a=b; Path=/; Secure", "__Host-a=b; Path=/; Secure"),
        ("X-Path", "/x", "/x"),
    ],
)
def test_headers(name: str, value: str, expected: str) -> None:
    assert headers.rewritten(name, value, SHOP) == expected


def test_the_hops_word_is_read_as_it_was_written() -> None:
    said = Hop("http://10.0.0.2:3000", "/shop", "/app")
    assert hop_of(said.header()) == said
    for other in ("", "to=x", "to=http%3A%2F%2Fhost&prefix=%2Fa", "to=http%3A%2F%2Fh%3A1%2Fpath&prefix=%2Fa"):
        assert hop_of(other) is None
