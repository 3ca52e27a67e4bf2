"""What of a user's compose file is run: an allow-list, applied by building a new description from it."""

from monitor.domain.compose_policy.dotenv import read_dotenv
from monitor.domain.compose_policy.front import only_data
from monitor.domain.compose_policy.reader import NotAllowed
from monitor.domain.compose_policy.rebuild import Rebuilt, rebuild

__all__ = ["NotAllowed", "Rebuilt", "only_data", "read_dotenv", "rebuild"]
