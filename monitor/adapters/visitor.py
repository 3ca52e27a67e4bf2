"""A visitor on this machine, over HTTP."""

from __future__ import annotations

import aiohttp
from yarl import URL

from monitor.ports.visitor import Got, Visit

ANSWER_S = 10.0
AGENT = "Mozilla/5.0 (compatible; Slipway checking its prefix)"


class HttpVisitor:
    """The real `Visitor`; `address` is where the router listens, whatever the visitor types."""

    def __init__(self, address: str, port: int) -> None:
        host = f"[{address}]" if ":" in address else address
        self._at = f"http://{host}:{port}"
        loopback = address in {"127.0.0.1", "::1"}
        self._host = f"localhost:{port}" if loopback else f"{host}:{port}"
        self.origin = f"http://{self._host}"

    def visit(self) -> Visit:
        return _Visit(self._at, self._host)


class _Visit:
    def __init__(self, at: str, host: str) -> None:
        self._at = at
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=4),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=ANSWER_S),
            headers={"Host": host, "User-Agent": AGENT},
        )

    async def get(self, path: str, *, accept: str, referer: str = "", limit: int = 0) -> Got:
        headers = {"Accept": accept, **({"Referer": referer} if referer else {})}
        try:
            url = URL(self._at + path, encoded=True)
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                body = b""
                while len(body) < limit and (piece := await answer.content.read(limit - len(body))):
                    body += piece
                if not answer.content.at_eof():
                    answer.close()
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Got(answer.status, answer.headers.get("Location", ""), kind, body)
        except TimeoutError:
            return Got(problem=f"no answer within {ANSWER_S:g} s")
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return Got(problem=f"no answer ({type(error).__name__})")

    async def close(self) -> None:
        await self._session.close()
