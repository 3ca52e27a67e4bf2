"""Folders that say themselves how they run, on the one image there is everywhere: its perl serves.

`VERSION` is what an edit replaces. The page of the front shows its version, what its companion says, its variables.
"""

from __future__ import annotations

BASE = "debian:trixie-slim"

SERVER = r"""
use strict; use IO::Socket::INET; $| = 1;
my ($port, $kind) = @ARGV;
my $listening = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 50, ReuseAddr => 1)
    or die "cannot listen on $port: $!";
print "$kind listens on $port as $<\n";
$SIG{TERM} = sub { exit 0 }; $SIG{CHLD} = 'IGNORE';
while (1) {
    my $client = $listening->accept or next;
    next if fork;
    my $ask = <$client> // ''; while (my $line = <$client>) { last if $line =~ /^\r?$/ }
    my $said = $kind eq 'web' ? page() : words($ask);
    print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($said) . "\r\nConnection: close\r\n\r\n$said";
    exit 0;
}
sub page {
    my $up = IO::Socket::INET->new("words:9000") or return "VERSION without words: $!";
    print $up "GET / HTTP/1.0\r\n\r\n";
    my $said = join '', <$up>; $said =~ s/.*\r\n\r\n//s;
    my $env = join "\n", map { "$_=$ENV{$_}" } sort keys %ENV;
    my $conf = 'none'; if (open my $f, '<', '/etc/app.conf') { $conf = <$f> }
    return "VERSION uid $< says $said\nconf $conf\n$env\n";
}
sub words {
    return '' if $_[0] !~ /^GET/;
    my $count = 0;
    if (open my $f, '<', '/keep/count') { $count = <$f>; close $f }
    open my $f, '>', '/keep/count' or return "cannot write: $!";
    print $f ++$count; close $f;
    return "hello $count";
}
"""
DOCKERFILE = f"""FROM {BASE}
WORKDIR /srv
COPY server.pl .
RUN mkdir /keep && perl -c server.pl
"""
COMPOSE = """
x-common: &common
  restart: always
services:
  words:
    <<: *common
    build: ./words
    command: perl server.pl 9000 words
    volumes: [kept:/keep]
    healthcheck: {test: ["CMD", "perl", "-e", "use IO::Socket::INET; exit !IO::Socket::INET->new('localhost:9000')"]}
  web:
    <<: *common
    build: {context: web, args: {GREETING: "${GREETING:-none}"}}
    command: ["perl", "server.pl", "3000", "web"]
    ports: ["8000:3000"]
    environment:
      GREETING: ${GREETING:-none}
      CANARY: "${SLIPWAY_CANARY-}${CANARY_OF_OURS-}"
      HOME_OF: "[${HOME}]"
    depends_on:
      words: {condition: service_healthy}
    volumes: ["./web/app.conf:/etc/app.conf:ro"]
volumes:
  kept:
"""


def two_services(version: str) -> dict[str, str]:
    """A front that asks a companion with a volume; both built from the folder."""
    return {
        "compose.yaml": COMPOSE,
        ".env": "GREETING=from-dot-env\n",
        "web/Dockerfile": DOCKERFILE,
        "web/server.pl": SERVER.replace("VERSION", version),
        "web/app.conf": "configured",
        "words/Dockerfile": DOCKERFILE,
        "words/server.pl": SERVER,
    }


ALONE = f"""# syntax=docker/dockerfile:1
ARG BASE={BASE.partition(":")[2]}
FROM debian:${{BASE}} AS base
RUN --mount=type=cache,target=/var/cache/x groupadd -g 4321 app && useradd -u 4321 -g app -m app
FROM base
WORKDIR /srv
COPY --chown=app . .
EXPOSE 7000/tcp
USER app
CMD ["perl", "/srv/server.pl", "7000", "words"]
VOLUME /keep
"""


def dockerfile(version: str) -> dict[str, str]:
    """A Dockerfile alone, of an image with a user, a port and a volume of its own."""
    said = SERVER.replace('"hello $count"', f'"{version} $count uid $< secret $ENV{{SECRET}} " . (-e "/srv/.env")')
    return {"Dockerfile": ALONE, "server.pl": said, ".env": "SECRET=kept-out-of-images\n"}


REACHES = r"""
use strict; use IO::Socket::INET;
open my $routes, '<', '/proc/net/route' or die; <$routes>; my @row = split ' ', <$routes>;
my $gateway = join '.', unpack 'C4', pack 'V', hex $row[2];
my $limit = '/sys/fs/cgroup/memory/memory.limit_in_bytes';
open my $bytes, '<', -e $limit ? $limit : '/sys/fs/cgroup/memory.max' or die;
print IO::Socket::INET->new(PeerAddr => $gateway, PeerPort => $ARGV[0], Timeout => 3) ? 'reached' : 'closed';
print ' ', <$bytes>;
"""
SAYS = r"""
use strict; use IO::Socket::INET;
my $listening = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 5) or die;
open my $said, '<', '/said' or die; my $text = join '', <$said>;
while (my $client = $listening->accept) {
    while (my $line = <$client>) { last if $line =~ /^\r?$/ }
    print $client "HTTP/1.0 200 OK\r\n\r\n$text";
}
"""


def reaching(port: int) -> dict[str, str]:
    """A build that tries to reach a service of the host through its gateway; its app tells what came of it."""
    text = f"FROM {BASE}\nCOPY *.pl /\nRUN perl /reaches.pl {port} > /said\nCMD perl /says.pl\n"
    return {"Dockerfile": text, "reaches.pl": REACHES, "says.pl": SAYS}


def waiting_for(command: str) -> dict[str, str]:
    """A front whose companion runs `command` and has to have finished its work."""
    return {
        "compose.yaml": f"""
services:
  web: {{image: "{BASE}", command: sleep 600, ports: [80], depends_on: {{job: {{condition: CONDITION}}}}}}
  job: {{image: "{BASE}", command: {command!r}}}
""".replace("CONDITION", "service_completed_successfully")
    }
