"""One small project for each framework, written as people write them: addresses from the root, nothing about a prefix.

Each has a page with a style sheet and a script, a link, a form that redirects, and where the framework can a cookie, a
WebSocket and an event stream. The script writes `ready` into the page's title once it ran.
"""

from __future__ import annotations

from tests.live.frameworks.bundlers import BUNDLED
from tests.live.frameworks.layouts import LAYOUTS
from tests.live.frameworks.meta import META
from tests.live.frameworks.meta_common import META_COMMON
from tests.live.frameworks.node_common import NODE_COMMON
from tests.live.frameworks.node_servers import NODE_SERVERS
from tests.live.frameworks.pages import PAGES
from tests.live.frameworks.python_asgi import PYTHON_ASGI
from tests.live.frameworks.python_classic import PYTHON_CLASSIC
from tests.live.frameworks.python_common import PYTHON_COMMON
from tests.live.frameworks.python_own import PYTHON_OWN
from tests.live.frameworks.python_pages import PYTHON_PAGES
from tests.live.frameworks.spa import SPA
from tests.live.frameworks.vite import VITE

NODE = (*NODE_COMMON, *NODE_SERVERS, *VITE, *META_COMMON, *META, *BUNDLED, *SPA, *PAGES)
PYTHON = (*PYTHON_COMMON, *PYTHON_ASGI, *PYTHON_OWN, *PYTHON_CLASSIC, *PYTHON_PAGES, *LAYOUTS)
APPS = {app.name: app for app in (*NODE, *PYTHON)}
