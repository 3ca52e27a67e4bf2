"""Which of a workspace's values are hidden in what it prints, and which stay readable."""

from __future__ import annotations

from monitor.domain.redaction import HIDDEN, Redactor, secrets_of

DOTENV = """
# comment
API_TOKEN=tok-1234567890
export DB_PASSWORD="with \\"quotes\\" # and more"
DATABASE_URL=postgres://shop:hunter22@db/shop  # remark
PORT=3000
NODE_ENV=production
SHORT_KEY=abc
PRIVATE_KEY="-----BEGIN KEY-----\\nMIIEsecretline\\n-----END KEY-----"
"""


def test_what_its_name_calls_a_secret_is_one() -> None:
    secrets = secrets_of({"STRIPE_SECRET": "sk_live_1", "GREETING": "good morning"}, [DOTENV])
    assert {"sk_live_1", "tok-1234567890", "hunter22", "MIIEsecretline"} <= secrets
    assert secrets.isdisjoint({"3000", "production", "good morning", "abc"})


def test_a_line_shows_everything_but_the_secrets() -> None:
    redactor = Redactor(secrets_of({}, [DOTENV]))
    told = redactor.line("connecting to postgres://shop:hunter22@db/shop with tok-1234567890 in production")
    assert told == f"connecting to postgres://shop:{HIDDEN}@db/shop with {HIDDEN} in production"
    assert Redactor().lines(["as it is"]) == ["as it is"]


def test_a_secret_inside_another_hides_the_longer_one_whole() -> None:
    assert Redactor(frozenset({"abcdef", "abcdefghi"})).line("abcdefghi abcdef") == f"{HIDDEN} {HIDDEN}"
