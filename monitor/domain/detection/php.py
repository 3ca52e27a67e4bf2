"""PHP: composer projects and plain pages, read at each request from their document root."""

from __future__ import annotations

import re
from posixpath import normpath

from monitor.domain.detection.declared import declared
from monitor.domain.detection.facts import Facts, table, word, words
from monitor.domain.detection.pins import choose, clean, from_files, from_tools
from monitor.domain.detection.result import GUESS, INCOMPLETE, LIKELY, SURE, Detection
from monitor.domain.launch import ProjectType, Source

INSTALL = "composer install --no-dev --no-interaction --prefer-dist --no-scripts --no-autoloader"
START = "slipway-php"
"""The runtime's own server: nginx in front of php-fpm, document root and port from the environment."""
FRAMEWORKS = {
    "laravel/framework": "laravel",
    "laravel/lumen-framework": "lumen",
    "symfony/framework-bundle": "symfony",
    "slim/slim": "slim",
    "cakephp/cakephp": "cakephp",
    "yiisoft/yii2": "yii",
    "codeigniter4/framework": "codeigniter",
    "drupal/core-recommended": "drupal",
    "laminas/laminas-mvc": "laminas",
    "johnpbloch/wordpress": "wordpress",
    "roots/wordpress": "wordpress",
    "silex/silex": "silex",
}
LARAVEL_FOLDERS = "mkdir -p storage/framework/cache storage/framework/sessions storage/framework/views storage/logs"
LARAVEL_KEY = "{ [ -f .env ] || { SAMPLE > .env && php artisan key:generate --force; }; }"
LARAVEL_TABLES = (
    "{ [ -e database/database.sqlite ] || touch database/database.sqlite; } && php artisan migrate --force"
)
DOCROOTS = ("public", "webroot", "", "web", "www", "htdocs", "html", "public_html", "src", "app", "frontend/web")
OWN_SCRIPTS = (
    "{ composer run-script --no-dev --no-interaction post-install-cmd"
    " || echo 'slipway: post-install-cmd failed, going on' >&2; }"
)
"""What composer would run after an install: Symfony's assets, the settings of a new CakePHP."""
SYMFONY_BUILDS = (("symfonycasts/sass-bundle", "sass:build"), ("symfonycasts/tailwind-bundle", "tailwind:build"))
SYMFONY = (("APP_DEBUG", "0"), ("APP_ENV", "prod"))
"""Its development bundles are not installed."""
NEEDS = "no index.php in the folder, public/, web/ or www/: add one, or `docroot:` to slipway.yaml"


def detect(facts: Facts) -> Detection | None:
    """A PHP project: composer.json, or an index.php where a server would look for it."""
    said = _line_of(facts)
    package = facts.json("composer.json")
    docroot = _said_docroot(facts, said, *_scripts(package, "start", "serve", "server"))
    if docroot is None:
        docroot = next((d for d in DOCROOTS if facts.has(f"{d}/index.php" if d else "index.php")), None)
    docroot = _scaffolded(facts, package) if docroot is None else docroot
    own = said if said and re.match(r"php (?!-S\b)\S|\S*(rr|frankenphp)\b", said) else None
    pages = facts.top(".php")
    if not facts.has("composer.json", "composer.lock") and docroot is None and not pages:
        return None
    requires = table(package, "require")
    framework = next((name for dep, name in FRAMEWORKS.items() if dep in requires), None)
    if framework is None and facts.has("wp-config-sample.php", "wp-config.php"):
        framework = "wordpress"
    docroot = docroot if docroot is not None else ("" if pages else None)
    installs = any("/" in name for name in requires) or facts.has("composer.lock")
    pin, pin_file = choose(
        from_files(facts, ".php-version"),
        from_tools(facts, "php"),
        (clean(_platform(package)), "composer.json"),
        (clean(word(requires.get("php"))), "composer.json"),
    )
    page = None if docroot is None else f"{docroot}/index.php" if docroot else "index.php"
    seen = [p for p in ("composer.json", "artisan", page) if p and facts.has(p)] or pages[:3]
    evidence = [*seen, *([f"requires {framework}"] if framework else [])]
    evidence += [_serves(facts, docroot, pages)] if docroot is not None else []
    evidence += [f"{pin_file} asks for PHP {pin}"] if pin else []
    data = _data(facts, framework, docroot or "")
    return Detection(
        ProjectType.PHP,
        reason=f"Procfile starts {own}"
        if own
        else f"{seen[0] if seen else 'PHP files'} is there"
        if docroot is not None
        else NEEDS,
        evidence=tuple(evidence),
        confidence=_confidence(facts, docroot, known=bool(own or framework or _front(facts, docroot))),
        framework=framework,
        version=pin,
        version_from=pin_file,
        package_manager="composer" if facts.has("composer.json") else None,
        install=INSTALL if installs else None,
        install_otherwise=f"{INSTALL} --ignore-platform-reqs" if installs else None,
        setup=_setup(facts, framework, installs=installs),
        start=own or (START if docroot is not None else None),
        port=8080 if docroot is not None or own else None,
        docroot=docroot or "",
        data=data,
        env=SYMFONY if framework == "symfony" else (),
        deps_files=tuple(
            p for p in ("composer.json", "composer.lock", "auth.json", *_local(facts, package)) if facts.has(p)
        )[:500]
        if installs
        else (),
        source=Source.COPY if installs or data else Source.DIRECT,
        restart_on_edit=False,
    )


def _local(facts: Facts, package: dict[str, object]) -> list[str]:
    """The packages composer takes from folders of the project, whole."""
    given = package.get("repositories")
    listed = given.values() if isinstance(given, dict) else given if isinstance(given, list) else ()
    urls = [str(one.get("url", "")) for one in listed if isinstance(one, dict) and one.get("type") == "path"]
    folders = dict.fromkeys(normpath(url.partition("*")[0] or ".") for url in ("packages", *urls))
    return [path for folder in folders for path in facts.below(folder)]


def _platform(package: dict[str, object]) -> str | None:
    return word(table(package, "config", "platform").get("php"))


def _setup(facts: Facts, framework: str | None, *, installs: bool) -> str | None:
    """What needs the source: the autoloader, and the key and tables Laravel cannot do without."""
    steps = ["composer dump-autoload --no-dev --optimize"] if installs else []
    if framework == "laravel":
        steps.append(f"{LARAVEL_FOLDERS} bootstrap/cache")
        steps.append(
            LARAVEL_KEY.replace("SAMPLE", "cat .env.example" if facts.has(".env.example") else "echo APP_KEY=")
        )
        steps += [LARAVEL_TABLES] if _sqlite(facts) else []
    package = facts.json("composer.json")
    steps += [OWN_SCRIPTS] if installs and _scripts(package, "post-install-cmd") else []
    if framework == "symfony" and facts.has("importmap.php"):
        builds = (command for name, command in SYMFONY_BUILDS if name in table(package, "require"))
        steps += [f"php bin/console {command}" for command in ("importmap:install", *builds, "asset-map:compile")]
    return " && ".join(steps) or None


def _line_of(facts: Facts) -> str | None:
    said = declared(facts)
    return said.command if said else None


def _scripts(package: dict[str, object], *names: str) -> list[str]:
    """The commands of composer's own scripts of these names."""
    given = (table(package, "scripts").get(name) for name in names)
    return [line for one in given for line in ([one] if isinstance(one, str) else words(one))]


def _said_docroot(facts: Facts, *commands: str | None) -> str | None:
    """The folder a command serves: `heroku-php-apache2 web/`, `php -S … -t web`; None where they name none."""
    for command in commands:
        found = re.search(r"(?:heroku-php-\w+(?:\s+-\S+\s+\S+)*\s+|\s-t\s*)([\w][\w./-]*)", command or "")
        folder = found[1].strip("/") if found else ""
        if folder and facts.below(folder):
            return folder
    return None


def _scaffolded(facts: Facts, package: dict[str, object]) -> str | None:
    """Where Drupal's installer puts its index.php; else the only folder of a composer project that has one."""
    said = word(table(package, "extra", "drupal-scaffold", "locations").get("web-root"))
    if said:
        return normpath(said).lstrip("./")
    found = [p.partition("/")[0] for p in facts.matching(r"[\w-]+/index\.php")]
    inside = [folder for folder in found if folder not in {"vendor", "tests", "test", "docs", "examples"}]
    return inside[0] if package and len(inside) == 1 else None


def _serves(facts: Facts, docroot: str, pages: list[str]) -> str:
    page = f"{docroot}/index.php" if docroot else "index.php"
    seen = page if facts.has(page) else pages[0] if pages and not docroot else ""
    return f"serves {docroot or 'the folder itself'}" + (
        f" because {seen} is there" if seen else ", which composer fills"
    )


def _front(facts: Facts, docroot: str | None) -> bool:
    return docroot is not None and facts.has(f"{docroot}/index.php" if docroot else "index.php")


def _confidence(facts: Facts, docroot: str | None, *, known: bool) -> int:
    """Pages without an index.php belong to a site of HTML pages at most; beside another language's app to that."""
    if docroot is None and not known:
        return INCOMPLETE
    return SURE if known else LIKELY if facts.has("index.html") else GUESS


def _sqlite(facts: Facts) -> bool:
    return bool(re.search(r"^DB_CONNECTION=sqlite", facts.text(".env.example"), re.MULTILINE))


def _data(facts: Facts, framework: str | None, docroot: str) -> tuple[str, ...]:
    """Laravel's own places; SQLite files that plain pages open by name."""
    if framework == "laravel":
        return ("database/database.sqlite", "storage")
    if framework == "wordpress":
        # Bedrock, which is served from web/, keeps content in app/.
        return (f"{docroot}/app/uploads" if docroot else "wp-content/uploads",)
    found: list[str] = []
    for path, text in sorted(facts.texts.items()):
        if path.endswith(".php"):
            found += re.findall(r"sqlite:(?:\./)?([\w][\w./-]*\.\w+)['\"]", text)
            found += re.findall(r"new\s+\\?SQLite3\(\s*['\"](?:\./)?([\w][\w./-]*)['\"]", text)
    return tuple(f for f in dict.fromkeys(found) if ".." not in f.split("/"))
