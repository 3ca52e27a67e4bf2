"""Dockerfiles of users: what is built in their place, what is refused and where, and what a build sees."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.compose_policy import NotAllowed
from monitor.domain.dockerfile import STAGE, Dockerfile, ignored_by, rebuild_dockerfile

USUAL = """\
# syntax=docker/dockerfile:1
ARG NODE=20 FLAVOUR=alpine
FROM --platform=$BUILDPLATFORM node:${NODE}-${FLAVOUR} AS Build
WORKDIR /app
RUN --mount=type=bind,source=package.json,target=package.json \\
    --mount=type=cache,target=/root/.npm,sharing=locked \\
    # a comment inside
    --mount=type=secret,id=npm \\

    npm ci \\
      && echo "done"
copy --link --chmod=755 run.sh tools/x /usr/local/bin/
FROM build
\tEXPOSE 53/udp 3000/tcp 9
HEALTHCHECK --interval=5s CMD true
COPY --from=build --chown=1:1 /app /app
USER node
CMD ["node", "server.js"]
"""


def built(text: str, target: str = "", **args: str) -> Dockerfile:
    return rebuild_dockerfile(text, "Dockerfile", args, target)


def test_a_usual_dockerfile_is_kept_and_what_only_buildkit_has_is_translated() -> None:
    made = built(USUAL)
    assert made.text.splitlines() == [
        "ARG NODE=20",
        "ARG FLAVOUR=alpine",
        "FROM node:20-alpine AS build",
        STAGE,
        "WORKDIR /app",
        'COPY ["package.json", "package.json"]',
        'RUN npm ci       && echo "done"',
        "COPY run.sh tools/x /usr/local/bin/",
        'RUN ["chmod", "-R", "755", "/usr/local/bin/run.sh", "/usr/local/bin/x"]',
        "FROM build",
        STAGE,
        "EXPOSE 53/udp 3000/tcp 9",
        "HEALTHCHECK --interval=5s CMD true",
        "COPY --from=build --chown=1:1 /app /app",
        "USER node",
        'CMD ["node", "server.js"]',
    ]
    assert (made.bases, made.port) == (("node:20-alpine",), 3000)


def test_arguments_choose_the_base_and_a_target_its_port() -> None:
    assert built(USUAL, NODE="22").bases == ("node:22-alpine",)
    assert built(USUAL, target="BUILD").port is None
    assert built("FROM scratch\nCOPY --from=busybox:1 /bin/sh /sh").bases == ("busybox:1",)
    assert built("FROM one AS x\nFROM two\nCOPY --from=0 /a /a\nCOPY --from=x /a /a").bases == ("one", "two")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ADD http://127.0.0.1:8081/api /x", "files of the context"),
        ('ADD ["http:\\u002f\\u002f127.0.0.1/", "/x"]', "files of the context"),
        ('ADD ht"tp://127.0.0.1/" /x', "files of the context"),
        ("ADD $WHERE /x", "files of the context"),
        ("ADD git@example.org:x.git /x", "files of the context"),
        ("ADD --checksum=sha256:0 a /x", "--checksum"),
        ("ADD one", "files of the context"),
        ("ONBUILD ADD http://127.0.0.1/ /x", "nothing is built"),
        ("RUN --network=host curl localhost", "--network=host"),
        ("RUN --security=insecure mount /dev/sda", "--security=insecure"),
        ("RUN --device=nvidia.com/gpu true", "--device"),
        ("RUN --mount=type=secret,id=x,required=true cat /run/secrets/x", "requires a mount"),
        ("RUN --mount=type=bind,source=../../etc,target=/x true", "cannot be used"),
        ("RUN --mount=type=bind,from=slipway/deps:0,target=/x true", "made on this machine"),
        ("RUN --mount=type=magic,target=/x true", "magic"),
        ("RUN <<EOF", "here-document"),
        ("COPY <<EOF /x", "here-document"),
        ("COPY --from=slipway/build:0 / /x", "made on this machine"),
        ("COPY --from=79ebbc23b88d / /x", "image's id"),
        ("COPY --chmod=755 *.sh /x/", "--chmod"),
        ("COPY --parents a /x", "--parents"),
        ("LABEL traefik.enable=true", "traefik."),
        ("LABEL a=b 'Slipway.workspace'=x", "slipway."),
        ("LABEL com.docker.compose.project=x", "com.docker."),
        ("FROM slipway/deps:0", "made on this machine"),
        ("FROM 79ebbc23b88d", "image's id"),
        ("FROM sha256:79ebbc23b88d", "made on this machine"),
        ("FROM ${NONE:?missing}", "missing"),
        ("FROM $NONE", "image's name"),
        ("FROM a b", "must be"),
        ("FROM a AS ../x", "odd characters"),
        ("EVIL x", "no instruction"),
        ("RUN", "says nothing"),
    ],
)
def test_what_would_reach_out_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        built(f"FROM debian\n\n{line}\n")
    assert caught.value.message.startswith("Dockerfile, line 3: `")
    assert reason.lower() in caught.value.message.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "RUN true",
        "ARG X\nRUN true",
        "FROM alpine\n" * 501,
        "x" * 70_000,
        "FROM alpine\n\0",
        "# escape=`\nFROM alpine",
        "FROM \\\n",
        "FROM alpine AS",
    ],
)
def test_what_is_no_dockerfile_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed):
        built(text)


def test_a_missing_stage_is_said() -> None:
    with pytest.raises(NotAllowed, match="no stage 'x'"):
        built("FROM alpine", target="x")


WORDS = st.sampled_from(
    [
        "FROM a",
        "FROM x AS y",
        "RUN ",
        "COPY ",
        "ADD ",
        "--mount=",
        "--from=y",
        "http://h/",
        "$A",
        "\\",
        "\n",
        " ",
        '["',
        "#",
    ]
)


@given(st.lists(WORDS, max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_built_makes_docker_fetch_or_names_an_image_unseen(text: str) -> None:
    with suppress(NotAllowed):
        made = built("FROM debian\n" + text)
        for line in made.text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "ADD":
                assert all(
                    ":" not in source and "$" not in source for source in json.loads(rest[rest.index("[") :])[:-1]
                )
            assert word != "FROM" or rest.split()[0] in {*made.bases, "y", "scratch"}


def test_a_dockerignore_means_what_it_means_to_docker() -> None:
    ignored = ignored_by("# c\n\nnode_modules\n/dist/\n*.md\n!README.md\n**/*.log\ndocs/**\na?c/[xy]\n../up\n[")
    paths = {
        "node_modules/a/b": True, "src/node_modules/a": False, "dist/x": True, "a.md": True, "README.md": False,
        "src/a.md": False, "a.log": True, "x/y/a.log": True, "docs/a/b": True, "abc/x": True, "abc/z": False,
        "up": False,
    }  # fmt: skip
    assert {path: ignored(path) for path in paths} == paths


def test_a_dockerignore_cannot_take_for_ever() -> None:
    assert not ignored_by("*a" * 60 + "b")("a" * 250)


@pytest.mark.parametrize("word", ["ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"])
def test_lists_in_lists_without_end_are_no_defect(word: str) -> None:
    with suppress(NotAllowed):
        built(f"FROM node\n{word} {'[' * 30_000}\n")
