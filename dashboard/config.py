"""DashboardConfig: what one run of the dashboard was asked to do."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

from dashboard.analysis.engines.choice import EngineChoice, EngineName
from dashboard.analysis.query.source import Limits
from dashboard.errors import DashboardError

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_CACHE = Path("data/cache")
DEFAULT_KNOWN_IPS = Path("data/known_ips.csv")
SHARE_KEY_NAME = "share.key"
VIEWS_NAME = "views.json"
SHARE_KEY_VARIABLE = "FLOW_ATLAS_SHARE_KEY"

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_SIZE = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B)", re.IGNORECASE)
_VARIABLES = {
    "cache": "FLOW_ATLAS_CACHE",
    "host": "FLOW_ATLAS_HOST",
    "port": "FLOW_ATLAS_PORT",
    "workers": "FLOW_ATLAS_WORKERS",
    "known_ips": "FLOW_ATLAS_KNOWN_IPS",
    "ip_ranges": "FLOW_ATLAS_IP_RANGES",
    "geo": "FLOW_ATLAS_GEO",
    "share_key_file": "FLOW_ATLAS_SHARE_KEY_FILE",
    "share_key": SHARE_KEY_VARIABLE,
    "views_file": "FLOW_ATLAS_VIEWS_FILE",
    "memory_limit": "FLOW_ATLAS_MEMORY_LIMIT",
    "time_limit_s": "FLOW_ATLAS_TIME_LIMIT",
    "engine": "FLOW_ATLAS_ENGINE",
    "engine_url": "FLOW_ATLAS_ENGINE_URL",
    "engine_cache": "FLOW_ATLAS_ENGINE_CACHE",
}
_FAR_TIME_LIMIT_S = 60.0  # A cluster takes seconds where DuckDB takes milliseconds.


class SettingError(DashboardError):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        super().__init__(f"{name}: {value!r} is not usable. Give {expected}.")


@dataclass(frozen=True, slots=True)
class DashboardConfig:
    """One run of the dashboard.

    Attributes:
        cache: Folder that ingest fills.
        host: Address to listen on.
        port: Port to listen on.
        workers: Processes that serve the page.
        known_ips: CSV with names for addresses; None: nothing has a name.
        ip_ranges: AWS's `ip-ranges.json`; None: services of addresses are not known.
        geo: Databases of countries and networks, and lists of other clouds' networks.
        share_key_file: Key of sharing mode; None: `share.key` in the cache folder.
        share_key: The key itself, where the environment gives it instead of a file.
        views_file: Saved views; None: `views.json` in the cache folder.
        memory_limit: For the queries of all workers together, such as `2GB`.
        time_limit_s: Seconds until a query is stopped.
        engine: What answers: `duckdb` in this process, `spark` or `athena`.
        engine_url: Where that engine is; see `EngineChoice`.
        engine_cache: The cache folder as that engine sees it.
        turns: Folder in which the workers tell each other what tabs ask; None: of this
            process alone.
        insecure_no_auth: Listen on other addresses than loopback without a login.
        assets: Folder with CSS and JavaScript.
    """

    cache: Path = DEFAULT_CACHE
    host: str = "127.0.0.1"
    port: int = 8050
    workers: int = 2
    known_ips: Path | None = None
    ip_ranges: Path | None = None
    geo: tuple[Path, ...] = ()
    share_key_file: Path | None = None
    share_key: str | None = field(default=None, repr=False)
    views_file: Path | None = None
    memory_limit: str = "2GB"
    time_limit_s: float = 8
    engine: str = "duckdb"
    engine_url: str | None = None
    engine_cache: str | None = None
    turns: Path | None = None
    insecure_no_auth: bool = False
    assets: Path = PROJECT / "assets"

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise SettingError(
                name="port", value=self.port, expected="a whole number from 1 to 65,535"
            )
        if not 1 <= self.workers <= 64:
            raise SettingError(
                name="workers", value=self.workers, expected="a whole number from 1 to 64"
            )
        if not _SIZE.fullmatch(self.memory_limit):
            raise SettingError(
                name="memory-limit", value=self.memory_limit, expected="a size such as 512MB or 2GB"
            )
        if not 0 < self.time_limit_s <= 3_600:
            raise SettingError(
                name="time-limit", value=self.time_limit_s, expected="seconds from 0.1 to 3,600"
            )
        self.engine_choice.check()
        if not self.is_loopback and not self.insecure_no_auth:
            msg = (
                f"{self.host}: everybody who reaches this address could read the dashboard, which "
                "has no login. Keep to 127.0.0.1 behind a proxy that asks who it is, or add "
                "--insecure-no-auth."
            )
            raise DashboardError(msg)

    @property
    def is_loopback(self) -> bool:
        """Only this machine reaches the page."""
        return _LOOPBACK.fullmatch(self.host) is not None

    @property
    def engine_choice(self) -> EngineChoice:
        """What answers, and where it is."""
        return EngineChoice(cast(EngineName, self.engine), self.engine_url, self.engine_cache)

    @property
    def share_key_path(self) -> Path:
        """Where the key of sharing mode lies, or is created."""
        return self.share_key_file or self.cache / SHARE_KEY_NAME

    @property
    def views_path(self) -> Path:
        """Where the saved views lie, or are created."""
        return self.views_file or self.cache / VIEWS_NAME

    @property
    def limits(self) -> Limits:
        """What the queries of one worker may take: its share of memory and processors."""
        amount = re.match(r"[\d.]+", self.memory_limit)
        number = float(amount[0]) / self.workers if amount else 1.0
        unit = self.memory_limit[amount.end() if amount else 0 :].strip()
        threads = max(1, (os.cpu_count() or 1) // self.workers)
        return Limits(memory=f"{number:g}{unit}", threads=threads, time_s=self.time_limit_s)

    @classmethod
    def from_settings(cls, environment: Mapping[str, str | None], **flags: Any) -> Self:
        """Build the configuration: defaults < environment < flags; None is not given.

        Args:
            environment: Variables; those of a `.env` file included, at lower rank.
            flags: Attributes of the configuration.

        Raises:
            DashboardError: A value cannot be used.
        """
        values: dict[str, Any] = {}
        for name, variable in _VARIABLES.items():
            text = environment.get(variable)
            if text:
                values[name] = _converted(name, variable, text)
        values |= {name: value for name, value in flags.items() if value is not None}
        if values.get("engine", "duckdb") != "duckdb":
            values.setdefault("time_limit_s", _FAR_TIME_LIMIT_S)
        if "known_ips" not in values and DEFAULT_KNOWN_IPS.is_file():
            values["known_ips"] = DEFAULT_KNOWN_IPS
        return cls(**values)


def _converted(name: str, variable: str, text: str) -> Any:
    if name in ("cache", "known_ips", "ip_ranges", "share_key_file", "views_file"):
        return Path(text)
    if name == "geo":
        return tuple(Path(part) for part in text.split(os.pathsep) if part)
    if name in ("port", "workers"):
        if not text.isdecimal():
            raise SettingError(variable, text, "a whole number")
        return int(text)
    if name == "time_limit_s":
        try:
            return float(text)
        except ValueError as error:
            raise SettingError(variable, text, "seconds") from error
    return text
