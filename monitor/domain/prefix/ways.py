"""The table of frameworks: how each is told its prefix, and what is left to the router and the hop.

A framework that is not here (and a server a person declared) is served stripped: it believes it lives at `/`, and the
hop puts its answers right. `{path}` stands for `/name`, `{base}` for `/name/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.launch import OwnHost, Rewrite

ROOT_PATH = '. "$SLIPWAY_SHARED/prefix/root-path"'
"""Shell words: uvicorn is told by UVICORN_ROOT_PATH where the installed Starlette understands it."""

RAILS = '. "$SLIPWAY_SHARED/prefix/rails"'
"""Shell words: Rails' production settings do not send visitors to https."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one framework lives under a prefix.

    `how` says it to people. `files`: the row is for builds that are served as files (True), for servers of their own
    (False) or both (None). `build` is what `slipway-base` is asked to tell before the build; `env` are variables of
    build and start, `words` shell words before the start. `strip`: the router takes the prefix off. `tested` says
    whether a live test starts it.
    """

    framework: str
    how: str
    files: bool | None = None
    strip: bool = True
    build: str = ""
    env: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    own_host: OwnHost = OwnHost.ROOT
    rewrite: Rewrite = Rewrite.ALWAYS
    tested: bool = True


def _told(
    framework: str,
    how: str,
    *,
    build: str = "",
    env: str = "",
    own_host: OwnHost = OwnHost.PREFIX,
    tested: bool = True,
) -> Way:
    """A build whose files name the prefix, served stripped.

    Its own scripts know the prefix as well, so that it is there on its own host too; with `OwnHost.BOTH` only its
    addresses do.
    """
    pairs = ((env, "{base}"),) if env else ()
    return Way(
        framework, how, True, build=build, env=pairs, own_host=own_host, rewrite=Rewrite.MEASURED, tested=tested
    )


def _whole(
    framework: str, how: str, *, build: str = "", env: tuple[tuple[str, str], ...] = (), tested: bool = True
) -> Way:
    """A server that answers below its prefix only."""
    return Way(framework, how, False, strip=False, build=build, env=env, own_host=OwnHost.PREFIX, tested=tested)


def _asgi(framework: str, *, tested: bool = True) -> Way:
    how = "`root_path` (uvicorn --root-path)"
    return Way(framework, how, words=(ROOT_PATH,), own_host=OwnHost.BOTH, tested=tested)


def _wsgi(framework: str, *, own_host: OwnHost = OwnHost.ROOT, tested: bool = True) -> Way:
    how = "SCRIPT_NAME, for each request from X-Forwarded-Prefix"
    return Way(framework, how, own_host=own_host, tested=tested)


WAYS: tuple[Way, ...] = (
    _told("vite", "`base` in vite.config, and its router's", build="vite"),
    _told("create-react-app", "PUBLIC_URL", env="PUBLIC_URL", own_host=OwnHost.BOTH),
    _told("vue-cli", "`publicPath` in vue.config", build="vue-cli"),
    _told("rsbuild", "`server.base` in rsbuild.config", build="rsbuild", own_host=OwnHost.BOTH),
    _told("astro", "`base` in astro.config", build="astro", own_host=OwnHost.BOTH),
    _whole("astro", "`base` in astro.config", build="astro"),
    _told("next", "`basePath` in next.config", build="next"),
    _whole("next", "`basePath` in next.config", build="next"),
    _told("nuxt", "NUXT_APP_BASE_URL", env="NUXT_APP_BASE_URL"),
    _whole("nuxt", "NUXT_APP_BASE_URL", env=(("NUXT_APP_BASE_URL", "{base}"),)),
    _told("sveltekit", "`paths.base` in svelte.config where pages fall back to one", build="sveltekit"),
    Way(
        "sveltekit",
        "nothing: its addresses are relative",
        False,
        env=(("PROTOCOL_HEADER", "x-forwarded-proto"), ("HOST_HEADER", "x-forwarded-host")),
    ),
    _told("react-router", "`basename` and vite's `base`", build="react-router"),
    _whole("react-router", "`basename` and vite's `base`", build="react-router"),
    _told("remix", "`basename` and vite's `base`", build="remix", tested=False),
    _whole("remix", "`basename` and vite's `base`", build="remix"),
    _whole("tanstack-start", "vite's `base`", build="vite-base", env=(("NITRO_APP_BASE_URL", "{base}"),)),
    _whole("vike", "vite's `base`", build="vite-base", tested=False),
    _told("docusaurus", "`baseUrl` in docusaurus.config", build="docusaurus"),
    _told("vitepress", "`base` in .vitepress/config", build="vitepress"),
    _told("vuepress", "`base` in .vuepress/config", build="vuepress"),
    _told("rspress", "`base` in rspress.config", build="rspress"),
    _wsgi("flask"),
    # Its storages remember the first address they were asked for, on whichever way in that was.
    _wsgi("django", own_host=OwnHost.BOTH),
    _wsgi("falcon"),
    _wsgi("bottle"),
    _wsgi("pyramid"),
    _asgi("fastapi"),
    _asgi("starlette"),
    _asgi("fasthtml"),
    Way(
        "dash",
        "DASH_REQUESTS_PATHNAME_PREFIX",
        env=(("DASH_REQUESTS_PATHNAME_PREFIX", "{base}"), ("DASH_ROUTES_PATHNAME_PREFIX", "/")),
        own_host=OwnHost.BOTH,
    ),
    Way("gradio", "GRADIO_ROOT_PATH", env=(("GRADIO_ROOT_PATH", "{path}"),), own_host=OwnHost.BOTH),
    Way(
        "streamlit",
        "`server.baseUrlPath`",
        strip=False,
        env=(("STREAMLIT_SERVER_BASE_URL_PATH", "{path}"),),
        own_host=OwnHost.PREFIX,
    ),
    Way("solara", "SOLARA_ROOT_PATH", env=(("SOLARA_ROOT_PATH", "{path}"),), own_host=OwnHost.BOTH),
    Way(
        "chainlit",
        "CHAINLIT_ROOT_PATH",
        strip=False,
        env=(("CHAINLIT_ROOT_PATH", "{path}"),),
        own_host=OwnHost.PREFIX,
    ),
    Way(
        "mesop",
        "MESOP_BASE_URL_PATH",
        strip=False,
        env=(("MESOP_BASE_URL_PATH", "{path}"),),
        own_host=OwnHost.PREFIX,
    ),
    Way("nicegui", "X-Forwarded-Prefix, for each request"),
    Way("express", "nothing: served stripped"),
    Way("fastify", "nothing: served stripped"),
    Way("koa", "nothing: served stripped"),
    Way("hono", "nothing: served stripped"),
    Way("rails", "only that it is served over http (`config.force_ssl`)", words=(RAILS,), tested=False),
    Way("laravel", "nothing: served stripped", tested=False),
    Way("symfony", "nothing: served stripped", tested=False),
)

SERVER = Way("", "nothing: served stripped")
FILES = Way("", "nothing: its pages are put right where they name the root", True, rewrite=Rewrite.MEASURED)


def way_of(framework: str | None, *, files: bool) -> Way:
    """How `framework` is told; `files`: what it built is served as files."""
    found = (way for way in WAYS if way.framework == framework and way.files in {None, files})
    return next(found, FILES if files else SERVER)
