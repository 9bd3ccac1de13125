"""A small HTTP proxy on loopback that breaks the first answers, or all."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote, urlsplit

SKEW = "<RequestTime>20261123T060000Z</RequestTime><ServerTime>2026-11-23T07:00:00Z</ServerTime>"
REDIRECT = "<Bucket>logs</Bucket><Endpoint>logs.s3.eu-west-1.amazonaws.com</Endpoint>"
KMS_DENIED = (
    "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: kms:Decrypt "
    "on resource: arn:aws:kms:eu-west-1:123456789012:key/1234 because no identity-based "
    "policy allows the kms:Decrypt action"
)
ANSWERS = {
    "slow-down": (503, "SlowDown", "Please reduce your request rate.", ""),
    "500": (500, "InternalError", "We encountered an internal error.", ""),
    "429": (429, "TooManyRequests", "Please slow down.", ""),
    "400-timeout": (400, "RequestTimeout", "Your socket connection was idle.", ""),
    "403-skew": (403, "RequestTimeTooSkewed", "The difference is too large.", SKEW),
    "403-kms": (403, "AccessDenied", KMS_DENIED, ""),
    "403": (403, "AccessDenied", "Access Denied", ""),
    "400-expired": (400, "ExpiredToken", "The provided token has expired.", ""),
    "301": (301, "PermanentRedirect", "Use another endpoint.", REDIRECT),
}
BREAKS = {
    "reset-before", "reset-mid", "fin-mid", "hang", "stall", "slow", "short-body", "bit-flip",
}  # fmt: skip
FOR_EVER = -1


@dataclass
class Fault:
    """What happens to requests whose line (`GET /bucket/key?...`) contains `where`.

    Attributes:
        left: How many more; `FOR_EVER` never ends.
    """

    mode: str
    left: int
    where: str


class FaultProxy:
    """Forwards every request to `upstream`, except where a fault applies.

    Attributes:
        url: For `endpoint_url`.
        requests: Request lines, decoded, in order of arrival.
        heads: The same requests' lines with their headers, as they came.
        bodies: Their bodies, where they have one.
        faults: How often each mode was applied.
    """

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self._planned: list[Fault] = []
        self.requests: list[str] = []
        self.heads: list[str] = []
        self.bodies: list[str] = []
        self.faults: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def fail(self, mode: str, times: int = FOR_EVER, where: str = "") -> None:
        """Break the next requests that match; earlier plans go first."""
        if mode not in ANSWERS and mode not in BREAKS:
            msg = f"{mode}: not one of {sorted(BREAKS | set(ANSWERS))}"
            raise ValueError(msg)
        self._planned.append(Fault(mode, times, where))

    def heal(self) -> None:
        """Break nothing any more."""
        self._planned.clear()

    def count(self, where: str) -> int:
        """Return how many requests matched."""
        return sum(where in line for line in self.requests)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The client hung up: that is its right.
        except asyncio.CancelledError:
            pass  # The proxy closes; streams log a cancelled handler as an error.
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line = unquote(head.split(b"\r\n")[0].decode().removesuffix(" HTTP/1.1"))
        body = await reader.readexactly(int(_header(head, b"content-length") or 0))
        self.requests.append(line)
        self.heads.append(head.decode())
        if body:
            self.bodies.append(body.decode())
        fault = self._fault(line)
        if fault in ANSWERS:
            writer.write(_error(fault))
            await writer.drain()
        elif fault == "hang":
            await reader.read()
        elif fault == "reset-before":
            _reset(writer)
        else:
            answer = await self._forward(head, body)
            await self._send(answer, fault, reader, writer)

    def _fault(self, line: str) -> str:
        for plan in self._planned:
            if plan.left and plan.where in line:
                plan.left -= plan.left > 0
                self.faults[plan.mode] += 1
                return plan.mode
        return ""

    async def _forward(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._upstream)
        lines = [name for name in head.split(b"\r\n") if not name.lower().startswith(b"connection")]
        writer.write(b"\r\n".join([*lines[:-2], b"Connection: close", b"", b""]) + body)
        answer = await reader.read()
        writer.close()
        return answer

    async def _send(
        self,
        answer: bytes,
        fault: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        half = len(body) // 2
        if fault == "short-body":
            old = b"Content-Length: %d" % len(body)
            assert old in head
            head, body = head.replace(old, b"Content-Length: %d" % half), body[:half]
        elif fault == "bit-flip":
            body = body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :]
        writer.write(head + b"\r\n\r\n")
        if fault == "slow":
            for start in range(0, len(body), 1024):
                writer.write(body[start : start + 1024])
                await writer.drain()
                await asyncio.sleep(0.01)
            return
        writer.write(body[:half] if fault in {"reset-mid", "fin-mid", "stall"} else body)
        await writer.drain()
        if fault == "reset-mid":
            _reset(writer)
        elif fault == "stall":
            await reader.read()


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        label, _, text = line.partition(b":")
        if label.lower() == name:
            return text.strip()
    return None


def _error(mode: str) -> bytes:
    status, code, message, extra = ANSWERS[mode]
    body = (
        f"<Error><Code>{code}</Code><Message>{message}</Message>{extra}"
        "<RequestId>1</RequestId></Error>"
    ).encode()
    head = (
        f"HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
