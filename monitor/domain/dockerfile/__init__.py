"""A Dockerfile of the user's own: read by rules, written anew, and what its build sees."""

from monitor.domain.dockerfile.ignore import ignored_by
from monitor.domain.dockerfile.rebuild import STAGE, Dockerfile, rebuild_dockerfile

__all__ = ["STAGE", "Dockerfile", "ignored_by", "rebuild_dockerfile"]
