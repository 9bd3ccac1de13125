"""Make the lists of service ports and protocols again from IANA's registries.

PyPCAPKit renders the registries ("Service Name and Transport Protocol Port Number
Registry", "Assigned Internet Protocol Numbers") into its constants with every release.
Its wheel is read as text, and neither installed nor run:

    pip download --no-deps --dest build/registry pypcapkit
    python -m tests.iana_registry build/registry/pypcapkit-*.whl
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "dashboard" / "analysis" / "enrich"
_PORT = re.compile(r"^    \w+: 'AppType' = (\d+), '([^']+)', (.+)$", re.MULTILINE)
_TRANSPORT = re.compile(r"get\('(tcp|udp|sctp)'\)")
_PROTOCOL = re.compile(r"^    (\w+) = (\d+)$", re.MULTILINE)
_EXPERIMENTS = 253  # From here on the registry names no protocol.
_NO_SERVICE = ("reserved", "unassigned", "<null>")


def port_lines(constants: str) -> list[str]:
    """Return `port,transports,name` in order; of two names for a port the first stands."""
    names: dict[tuple[int, str], str] = {}
    for port, name, transports in _PORT.findall(constants):
        if not name.lower().startswith(_NO_SERVICE):
            for transport in _TRANSPORT.findall(transports):
                names.setdefault((int(port), transport), name)
    grouped: dict[tuple[int, str], list[str]] = {}
    for (port, transport), name in names.items():
        grouped.setdefault((port, name), []).append(transport)
    return [f"{port},{'+'.join(sorted(t))},{name}" for (port, name), t in sorted(grouped.items())]


def protocol_lines(constants: str) -> list[str]:
    """Return `number,name` in order."""
    found = {int(number): name for name, number in _PROTOCOL.findall(constants)}
    found = {number: name for number, name in found.items() if number < _EXPERIMENTS}
    return [f"{number},{name.replace('_', '-')}" for number, name in sorted(found.items())]


def main(wheel: Path) -> None:
    """Write both lists, each below a line that tells where it comes from."""
    source = "-".join(wheel.name.split("-")[:2])
    with zipfile.ZipFile(wheel) as archive:
        for name, module, lines_of in (
            ("iana_ports.csv", "apptype", port_lines),
            ("iana_protocols.csv", "transtype", protocol_lines),
        ):
            member = f"pcapkit/const/reg/{module}.py"
            date = "{}-{:02}-{:02}".format(*archive.getinfo(member).date_time[:3])
            lines = lines_of(archive.read(member).decode())
            head = f"# IANA's registry as of {date}, from {source}; made by tests/iana_registry.py."
            (TARGET / name).write_text("\n".join([head, *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
