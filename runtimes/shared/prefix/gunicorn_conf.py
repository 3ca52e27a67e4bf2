"""gunicorn's configuration: the prefix the router took away, told to WSGI applications as SCRIPT_NAME (PEP 3333).

The project's own gunicorn.conf.py, which this file stands in front of, is read first and wins.
"""

import os
import re
import sys

_PREFIX = re.compile(r"/[a-z0-9-]{1,40}")

if os.path.isfile("gunicorn.conf.py"):
    with open("gunicorn.conf.py", "rb") as _own:
        exec(compile(_own.read(), "gunicorn.conf.py", "exec"))

_own_hook = globals().get("post_worker_init")


class Prefixed:
    """A WSGI application that knows its prefix for each request: SCRIPT_NAME is what the router removed."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
        if _PREFIX.fullmatch(prefix) and not environ.get("SCRIPT_NAME"):
            environ["SCRIPT_NAME"] = prefix
        return self.application(environ, start_response)


def post_worker_init(worker):
    """Called once the application is loaded; a worker that runs neither WSGI nor Django is left alone."""
    if _runs_wsgi(worker):
        worker.wsgi = _with_files(worker.wsgi, Prefixed(worker.wsgi))
    elif "django.core.handlers.asgi" in sys.modules:
        worker.wsgi = _with_files(worker.wsgi, worker.wsgi, asgi=True)
    if _own_hook is not None:
        _own_hook(worker)


def _runs_wsgi(worker):
    from gunicorn.workers import base_async, gthread, sync

    return isinstance(worker, (sync.SyncWorker, gthread.ThreadWorker, base_async.AsyncWorker))


def _with_files(application, prefixed, asgi=False):
    """What Django's own development server adds: static files of its apps, any host, and answers over http.

    Whoever reaches us came through the router, which routes by path whatever the host, and by http alone: the hosts
    and the https a project asks for are those of another place. The static files' own paths know no prefix.
    """
    wsgi = sys.modules.get("django.core.handlers.wsgi")
    if not asgi and (wsgi is None or not isinstance(application, wsgi.WSGIHandler)):
        return prefixed
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "*"]
    if settings.SECURE_SSL_REDIRECT:
        from django.middleware.security import SecurityMiddleware

        SecurityMiddleware.process_request = lambda self, request: None
    served = any("whitenoise" in name.lower() for name in settings.MIDDLEWARE)
    if served or "django.contrib.staticfiles" not in settings.INSTALLED_APPS or not settings.STATIC_URL:
        return prefixed
    return _files_handler(asgi)(prefixed)


def _files_handler(asgi):
    from django.conf import settings
    from django.contrib.staticfiles import handlers
    from django.http import Http404
    from django.views.static import serve

    class Files(handlers.ASGIStaticFilesHandler if asgi else handlers.StaticFilesHandler):
        """As in development, and what a build collected (names with a hash in them exist only there)."""

        def serve(self, request):
            try:
                return super().serve(request)
            except Http404:
                if not settings.STATIC_ROOT:
                    raise
                return serve(request, self.file_path(request.path), document_root=settings.STATIC_ROOT)

    return Files
