"""The engine that runs instances as Docker containers."""

from monitor.adapters.docker_engine.engine import DockerEngine as DockerEngine
from monitor.adapters.docker_engine.engine import Guard as Guard
from monitor.adapters.docker_engine.engine import RouteLabels as RouteLabels
from monitor.adapters.docker_engine.placing import Options as Options
