"""Whole compose files: variables, anchors, mounts, which service is reached, and files made to do harm."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.compose_policy import NotAllowed, read_dotenv, rebuild
from monitor.domain.compose_policy.interpolation import Interpolation, Required, Unreadable
from monitor.domain.config_text import ConfigError
from monitor.domain.stack import Attached, Check, Need, Scratch, Stack
from monitor.errors import SlipwayError

VALUES = {"SET": "set", "EMPTY": "", "NUMBER": "7"}


def stack(text: str, values: dict[str, str] | None = None, port: int | None = None) -> Stack:
    return rebuild(text, "compose.yaml", values or {}, port=port).stack


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$SET-${SET}", "set-set"),
        ("$$SET $${SET}", "$SET ${SET}"),
        ("${NONE:-a}${NONE-b}${EMPTY:-c}[${EMPTY-d}]", "abc[]"),
        ("${SET:+yes}${EMPTY:+no}${EMPTY+yes}${NONE+no}", "yesyes"),
        ("${NONE:-${ALSO:-deep $SET}}", "deep set"),
        ("${SET:-${broken}", "${SET:-${broken}"),
        ("${SET:?must be there}${SET?x}", "setset"),
        ("${NONE}$NONE", ""),
        ("a } b", "a } b"),
        ("${SET-$}", "set"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, wanted: str) -> None:
    if text == wanted:
        filled = Interpolation(VALUES)
        if "$" in text:
            with pytest.raises(Unreadable):
                filled.text(text)
        else:
            assert filled.text(text) == wanted
    elif text == "${SET-$}":
        with pytest.raises(Unreadable):
            Interpolation(VALUES).text(text)
    else:
        assert Interpolation(VALUES).text(text) == wanted


@pytest.mark.parametrize("text", ["${NONE:?no such}", "${NONE?no such}", "${EMPTY:?no such}"])
def test_a_required_variable_is_asked_for_in_its_authors_words(text: str) -> None:
    with pytest.raises(Required, match="no such"):
        Interpolation(VALUES).text(text)
    with pytest.raises(NotAllowed, match="no such") as caught:
        stack(f"services: {{web: {{image: '{text}'}}}}", VALUES)
    assert caught.value.path == "services.web.image"


@pytest.mark.parametrize("text", ["${", "${SET", "$1", "${1}", "${SET!}", "${SET:x}", "$", "${a:-" * 100 + "}" * 100])
def test_what_is_no_variable_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        Interpolation(VALUES).text(text)


def test_variables_cannot_blow_a_value_up() -> None:
    with pytest.raises(Unreadable, match="too long"):
        Interpolation({"A": "x" * 60_000}).text("$A" * 1000)


@given(
    st.text(alphabet="${}:-?+AB \n", max_size=60), st.dictionaries(st.sampled_from(["A", "B"]), st.text(max_size=5))
)
@settings(max_examples=300, deadline=None)
def test_interpolation_ends_and_says_what_is_wrong(text: str, values: dict[str, str]) -> None:
    with suppress(Unreadable):
        found = Interpolation(values).text(text)
        assert "$" in text or found == text


def test_a_dotenv_is_read_as_compose_reads_it() -> None:
    text = (
        '\ufeff# comment\nA=1\nexport B = \'single $A # not\'\r\nC="two\\nlines $A \\" \\$A"\nD=v # comment\n'
        'E=${A:-x}y\nF=\nG: yes\nMULTI="a\nb"\nBARE\nH=a#b\nnot a line\n'
    )
    values, problems = read_dotenv(text)
    assert values == {
        "A": "1", "B": "single $A # not", "C": 'two\nlines 1 " $A', "D": "v", "E": "1y", "F": "", "G": "yes",
        "MULTI": "a\nb", "H": "a#b",
    }  # fmt: skip
    assert problems == (".env, line 13: not NAME=value",)


def test_nothing_of_our_environment_is_ever_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "canary-of-ours")
    text = 'services: {web: {build: {args: [CANARY]}, command: "${CANARY:-1}", environment: [CANARY, "B=$CANARY"]}}'
    found = rebuild(text, "compose.yaml", read_dotenv("CANARY\nX=$CANARY")[0])
    assert "canary-of-ours" not in repr(found)
    assert found.stack.service("web").env == (("B", ""),)
    assert found.warnings == ("compose.yaml: the variable CANARY is not set in .env and is taken as empty",)


def test_a_name_alone_takes_its_value_from_the_dotenv() -> None:
    text = "services: {web: {build: {context: ., args: [A, B]}, environment: {A: , C: }}}"
    web = stack(text, {"A": "1", "C": "3"}).service("web")
    assert (web.env, web.build and web.build.args) == ((("A", "1"), ("C", "3")), (("A", "1"),))


def test_anchors_and_merges_are_read() -> None:
    text = """
x-base: &base {environment: {A: "1"}, restart: always, command: a}
x-more: &more {user: "1000"}
services:
  web: {<<: [*base, *more], image: nginx, command: b}
  api: {<<: *base, image: httpd}
"""
    web = stack(text).service("web")
    assert (web.env, web.command, web.user) == ((("A", "1"),), ("b",), "1000")
    with pytest.raises(NotAllowed, match=r"line 2: `services\.web\.privileged`"):
        stack("x-a: &a\n  privileged: true\nservices: {web: {<<: *a, image: nginx}}")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)
MERGE_BOMB = "x0: &x0 {k0: 1}\n" + "".join(
    f"x{n}: &x{n} {{k{n}: 1, <<: [{','.join([f'*x{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        MERGE_BOMB,
        "services: &a {web: *a}",
        "[" * 5000,
        "services:\n" + "".join(f"  s{n}: {{image: x}}\n" for n in range(3000)),
        "x" * 70_000,
        "services: !!python/object/apply:os.system [id]",
        "services: {web: !reset null}",
        "a: 1\n---\nb: 2",
        "services: {web: {image: x, image: y}}",
        "? [a]\n: b",
        "- a",
        "services: [a]",
        "services: {web: nginx}",
        "services: {}",
        "services:",
        "",
        "version: '3'",
        "services: {'a b': {image: x}}",
        "services: {-rf: {image: x}}",
        "services: {web.2: {image: x}}",
        "services: {web: {image: 3}}",
        "services: {web: {image: nginx, ports: 80}}",
        "services: {web: {image: nginx, ports: ['a:b']}}",
        "services: {web: {image: nginx, ports: [70000]}}",
        "services: {web: {image: nginx, environment: {'A B': x}}}",
        "services: {web: {image: nginx, depends_on: [web]}}",
        "services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}",
        "services: {web: {image: nginx, profiles: [debug]}}",
        "services: {db: {image: postgres}, cache: {image: redis}}",
        "services: {web: {image: 'NGINX'}}",
        "services: {web: {image: '-v /:/host'}}",
        "services: {web: {command: x}}",
        'services: {web: {image: nginx, environment: {A: "\\ud800"}}}',
    ],
)
def test_files_made_to_do_harm_end_in_a_sentence_and_quickly(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(SlipwayError) as caught:
        stack(text)
    assert time.process_time() - begun < 5
    assert isinstance(caught.value, NotAllowed | ConfigError)
    assert caught.value.message.startswith("compose.yaml, line ")
    assert len(caught.value.message) < 500


PIECES = st.sampled_from(
    [
        "web",
        "image",
        "nginx",
        "build",
        "ports",
        "80:80",
        "privileged",
        "volumes",
        "..",
        "/",
        "${A}",
        "x-a",
        1,
        True,
        None,
    ]
)
DOCUMENTS = st.recursive(
    PIECES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES.map(str), inner, max_size=4),
    max_leaves=25,
)


@given(DOCUMENTS)
@settings(max_examples=300, deadline=None)
def test_whatever_a_file_says_it_is_read_or_refused(document: object) -> None:
    with suppress(NotAllowed, ConfigError):
        found = stack(json.dumps({"services": {"web": {"image": "nginx"}, "more": document}}))
        assert found.front in {"web", "more"}


@pytest.mark.parametrize(
    ("services", "front", "port"),
    [
        ("{web: {image: x, ports: ['8080:80']}}", "web", 80),
        ("{web: {image: x, ports: ['127.0.0.1:8080:3000/tcp', 9000]}}", "web", 3000),
        ("{web: {image: x, ports: ['53:53/udp', '[::1]:90:91']}}", "web", 91),
        ("{web: {image: x, ports: ['3000-3005:4000-4005']}}", "web", 4000),
        ("{web: {image: x, ports: [{target: 5, published: '6', protocol: tcp}]}}", "web", 5),
        ("{db: {image: postgres, ports: ['5432:5432']}, web: {image: x, ports: [3000]}}", "web", 3000),
        ("{db: {build: ./db, ports: ['5432:5432']}, web: {image: x, ports: [3000]}}", "web", 3000),
        ("{api: {image: x, ports: [5000]}, web: {image: y, ports: [3000], depends_on: [api]}}", "web", 3000),
        ("{api: {image: x, ports: [5000]}, proxy: {image: y, ports: ['80:8080']}}", "proxy", 8080),
        ("{api: {image: x, expose: [5000]}, other: {image: y}}", "api", 5000),
        ("{api: {build: .}, redis: {image: 'redis:7'}}", "api", None),
        ("{worker: {build: ./w}, web: {build: ./v}}", "web", None),
        ("{admin: {image: adminer, ports: ['8081:8080'], profiles: [tools]}, web: {build: .}}", "web", None),
    ],
)
def test_visitors_reach_the_service_a_person_would_point_at(services: str, front: str, port: int | None) -> None:
    found = stack(f"services: {services}")
    assert (found.front, found.port) == (front, port)


def test_a_port_a_person_names_decides() -> None:
    text = "services: {a: {image: x, ports: [1000]}, b: {image: y, ports: [2000, 3000]}}"
    assert (stack(text, port=3000).front, stack(text, port=3000).port) == ("b", 3000)
    assert stack(text, port=4000).port == 4000


def test_mounts_are_named_volumes_sized_memory_and_files_of_the_workspace() -> None:
    text = """
services:
  web:
    image: nginx
    tmpfs: [/run, "/cache:size=5m,mode=0700"]
    volumes:
      - kept:/kept
      - ./conf/./a:/etc/a:ro
      - conf:/b:ro
      - /srv/data
      - {type: tmpfs, target: /t, tmpfs: {size: 1024}}
      - {type: bind, source: x, target: /x/, read_only: true}
volumes: {kept: , conf: , unused: }
"""
    found = stack(text)
    web = found.service("web")
    assert web.attached == (
        Attached("kept", "/kept"),
        Attached("conf/a", "/etc/a", bind=True, read_only=True),
        Attached("conf", "/b", read_only=True),
        Attached("x", "/x", bind=True, read_only=True),
        Attached("web-srv-data", "/srv/data"),
    )
    assert web.scratch == (Scratch("/t", 1024), Scratch("/run", 64 * 1024**2), Scratch("/cache", 5 * 1024**2, "700"))
    assert found.volumes == ("kept", "conf", "web-srv-data")


def test_companions_never_wait_for_the_front_which_comes_and_goes() -> None:
    text = """
services:
  web: {image: x, ports: [80], depends_on: {db: {condition: service_healthy, required: false}}}
  worker: {image: y, depends_on: [web, db]}
  db: {image: postgres, healthcheck: {test: [CMD, pg_isready], interval: 5s, retries: 2}}
"""
    found = stack(text)
    assert found.service("web").needs == (Need("db", "service_healthy", required=False),)
    assert found.service("worker").needs == (Need("db"),)
    assert found.service("db").check == Check(("CMD", "pg_isready"), interval=5000, retries=2)
