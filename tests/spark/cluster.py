"""A real Spark cluster on loopback, from the PyPI package: master, two workers, Connect server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyspark

from tests.ports import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(pyspark.__file__).parent
N_WORKERS = 2
_DEADLINE_S = 180.0
# Much code that runs once: the optimizing compiler would cost more than it saves.
_QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_DEPLOY = "org.apache.spark.deploy"


class SparkCluster:
    """A standalone master, two workers with a core each, and a Connect server.

    A context manager: what it starts, it ends, by process. The package ships no
    `start-master.sh`; the classes behind it are there.

    Attributes:
        url: Where clients connect.
        folder: Logs, scratch and work of all processes.
    """

    def __init__(self, folder: Path, *, worker_memory: str = "1500m") -> None:
        self.folder, self._worker_memory = folder, worker_memory
        self._processes: list[subprocess.Popen[bytes]] = []
        self._master_port, self._web_port, self._connect_port = (free_port() for _ in range(3))
        self._web_url = f"http://{LOOPBACK}:{self._web_port}"
        self.url = f"sc://{LOOPBACK}:{self._connect_port}"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.stop()

    def alive_workers(self) -> int:
        """Return how many workers the master sees."""
        return sum(worker["state"] == "ALIVE" for worker in self._state()["workers"])

    def used_cores(self) -> int:
        """Return how many cores the application of the Connect server holds."""
        return int(self._state()["coresused"])

    def start_connect_server(self) -> None:
        """Start a Connect server on the cluster, and wait until its port answers."""
        command = ["bin/spark-submit", "--class"]
        command += ["org.apache.spark.sql.connect.service.SparkConnectServer"]
        command += ["--master", f"spark://{LOOPBACK}:{self._master_port}"]
        settings = {
            "spark.driver.host": LOOPBACK,
            "spark.driver.bindAddress": LOOPBACK,
            "spark.driver.memory": "1g",
            "spark.executor.memory": "1g",
            "spark.connect.grpc.binding.address": LOOPBACK,
            "spark.connect.grpc.binding.port": str(self._connect_port),
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.extraJavaOptions": _QUICK_START,
            "spark.executor.extraJavaOptions": _QUICK_START,
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
        }
        for name, value in settings.items():
            command += ["--conf", f"{name}={value}"]
        self._connect = self._run("connect", [*command, "spark-internal"])
        self._wait("the Connect server", self._accepts)

    def stop_connect_server(self) -> None:
        """End the Connect server; master and workers stay."""
        _end(self._connect)

    def stop(self) -> None:
        """End every process, the youngest first."""
        for process in reversed(self._processes):
            _end(process)
        self._processes.clear()

    def _state(self) -> dict[str, Any]:
        """Return what the master says of itself; without workers while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self._web_url}/json/", timeout=5) as answer:  # noqa: S310
                state: dict[str, Any] = json.load(answer)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {"workers": (), "coresused": 0}
        return state

    def _start(self) -> None:
        master = f"spark://{LOOPBACK}:{self._master_port}"
        ports = ["--host", LOOPBACK, "--port", str(self._master_port)]
        ports += ["--webui-port", str(self._web_port)]
        self._run("master", ["bin/spark-class", f"{_DEPLOY}.master.Master", *ports])
        self._wait("the master", lambda: "url" in self._state())
        for number in range(N_WORKERS):
            size = ["--cores", "1", "--memory", self._worker_memory]
            place = ["--host", LOOPBACK, "--webui-port", str(free_port())]
            work = ["--work-dir", str(self.folder / f"work-{number}")]
            command = ["bin/spark-class", f"{_DEPLOY}.worker.Worker", *place, *size, *work, master]
            self._run(f"worker-{number}", command)
        self._wait("the workers", lambda: self.alive_workers() == N_WORKERS)
        self.start_connect_server()

    def _run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SPARK_", "PYSPARK_", "AWS_"))
        }
        environment |= {
            "SPARK_HOME": str(HOME),
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
            # The Connect server is one of Spark's daemons too.
            "SPARK_DAEMON_MEMORY": "1g" if name == "connect" else "256m",
            "SPARK_DAEMON_JAVA_OPTS": f"-Dspark.master.rest.enabled=false {_QUICK_START}",
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [str(HOME / command[0]), *command[1:]],
                env=environment, cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _accepts(self) -> bool:
        with socket.socket() as trial:
            return trial.connect_ex((LOOPBACK, self._connect_port)) == 0

    def _wait(self, what: str, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_S
        while not is_there():
            dead = [p.args for p in self._processes if p.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = "".join(
                    path.read_text(errors="replace")[-1_500:] for path in self.folder.glob("*.log")
                )
                msg = f"{what} of the Spark cluster did not come up ({dead}):\n{logs}"
                raise RuntimeError(msg)
            time.sleep(0.1)  # A process starts; there is no event to wait for.


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
