"""A small spec and where its container finds its things, for tests of plans."""

from __future__ import annotations

from monitor.domain.container import NetworkPlan
from monitor.domain.container_plan import Place
from monitor.domain.docker_names import Names
from monitor.domain.launch import LaunchSpec, ProjectType

NAMES = Names("0123456789abcdef")
NETWORK = NetworkPlan("slipway-01234567-shop", "10.213.0.0/28", "10.213.0.1")
PLACE = Place(NAMES, "slipway/runtime-python:1", NETWORK, "/ws/shop", "/data/control", cpus=4)
SPEC = LaunchSpec("shop", ProjectType.PYTHON, "python", "serve", (1000, 1000))
