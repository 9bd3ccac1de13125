"""Serve the page with gunicorn, without a configuration file."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from dashboard.errors import DashboardError

THREADS = 4
TIMEOUT_S = 60


class CannotListenError(DashboardError):
    """The address or port cannot be listened on."""


class Server(BaseApplication):  # type: ignore[misc]
    """A gunicorn master with threaded workers; each worker makes its own page.

    Args:
        make: Returns the WSGI application; called in each worker, so no connection or lock
            crosses a fork.
        host: Address to listen on.
        port: Port to listen on.
        workers: How many processes serve.
        on_ready: Called once when the page can be opened.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        *,
        host: str,
        port: int,
        workers: int,
        on_ready: Callable[[], None],
    ) -> None:
        self._make = make
        bracketed = f"[{host}]" if ":" in host else host
        self._settings: dict[str, Any] = {
            "bind": f"{bracketed}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": TIMEOUT_S,
            "graceful_timeout": 5,
            # A worker starts afresh now and then, not all of them at once.
            "max_requests": 2_000,
            "max_requests_jitter": 200,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "flow-atlas",
            "when_ready": lambda _: on_ready(),
            "worker_exit": _leave,
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the settings to gunicorn; its own command line is not read."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application of one worker."""
        return self._make()


def _leave(_arbiter: Arbiter, worker: Worker) -> None:
    """End a worker that was asked to, without taking its interpreter apart.

    In doing that, DuckDB 2.0.0's binding finds half a hundred lines to say of itself.
    """
    if worker.booted and not worker.alive:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def check_port(host: str, port: int) -> None:
    """Try to listen, and stop at once.

    Raises:
        CannotListenError: Another program has the port, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                msg = f"Port {port} on {host} is in use. Stop that program, or give another --port."
            else:
                msg = (
                    f"{host}:{port} cannot be listened on ({error.strerror}). "
                    "Give another --host or --port."
                )
            raise CannotListenError(msg) from error
