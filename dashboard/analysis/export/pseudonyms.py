"""Sharing mode: keyed pseudonyms in the place of addresses.

A pseudonym is an address of the same class with the same neighbors: whoever gets the file
sees the structure and not the hosts. It stays personal data (GDPR, article 4(5)), and
somebody who can send traffic from known addresses can undo parts of it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dashboard.analysis.export.prefix_cipher import KEY_BYTES, PrefixCipher
from dashboard.errors import DashboardError

_HEX_KEY = re.compile(r"[0-9a-fA-F]{64,}")
_KEY_ID_BYTES = 6
_MAPPED = b"\0" * 10 + b"\xff\xff"  # RFC 4291, 2.5.5.2.

# Blocks of IANA's special-purpose registries: what is inside stays inside, what is outside
# stays outside. 2000::/3 keeps public IPv6 in the one block that is given out. The small
# blocks inside 192.0.0.0/24 and 2001::/23 are global in part.
PINNED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.0.0/29",
        "192.0.0.8/30",
        "192.0.0.8/32",
        "192.0.0.9/32",
        "192.0.0.10/32",
        "192.0.0.170/31",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "255.255.255.255/32",
        "::/96",
        "::/128",
        "::1/128",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2000::/3",
        "2001::/23",
        "2001::/32",
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:1::3/128",
        "2001:2::/48",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:30::/28",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


class ShareKeyError(DashboardError):
    """The key of sharing mode cannot be used; the message never holds it."""


class Pseudonyms:
    """Pseudonyms under one key: the same in every run, one-to-one, prefixes kept.

    Args:
        secret: At least 32 bytes in hexadecimal.
        origin: Where the key came from, for the message.

    Attributes:
        key_id: Tells one key from another; nothing about the key can be learnt from it.

    Raises:
        ShareKeyError: The secret is too short or no hexadecimal text.
    """

    def __init__(self, secret: str, origin: str = "the key") -> None:
        if not _HEX_KEY.fullmatch(secret.strip()) or len(secret.strip()) % 2:
            msg = (
                f"{origin}: not a usable key of sharing mode. "
                f"Give {KEY_BYTES} bytes or more as hexadecimal digits, or remove it to get one."
            )
            raise ShareKeyError(msg)
        material = bytes.fromhex(secret.strip())
        self.key_id = _derived(material, b"key id", _KEY_ID_BYTES).hex()
        self._cipher = PrefixCipher(_derived(material, b"prefix cipher", KEY_BYTES), PINNED)

    def __repr__(self) -> str:
        return f"Pseudonyms(key_id={self.key_id!r})"

    def of(self, addresses: Iterable[str]) -> dict[str, str]:
        """Return the pseudonym of each distinct address.

        Raises:
            ValueError: A text is no address.
        """
        return _replaced(addresses, self._cipher.encrypt)

    def behind(self, pseudonyms: Iterable[str]) -> dict[str, str]:
        """Return the address behind each pseudonym: what the holder of the key may know.

        Raises:
            ValueError: A text is no address.
        """
        return _replaced(pseudonyms, self._cipher.decrypt)

    def of_nodes(self, nodes: Iterable[str]) -> dict[str, str]:
        """Return node ids with the address in them hidden.

        Args:
            nodes: Addresses, addresses with a note in brackets, and networks.

        Returns:
            For each its pseudonym: the address replaced, note and prefix length kept. A
            text that begins with no address is left out.
        """
        return _replaced_nodes(nodes, self.of)

    def behind_nodes(self, nodes: Iterable[str]) -> dict[str, str]:
        """Return the node ids behind pseudonyms, as `of_nodes` made them."""
        return _replaced_nodes(nodes, self.behind)


def _replaced_nodes(
    nodes: Iterable[str], change: Callable[[Iterable[str]], dict[str, str]]
) -> dict[str, str]:
    parts: dict[str, tuple[str, str, str]] = {}
    for node in nodes:
        plain, space, note = node.partition(" (")
        address, slash, bits = plain.partition("/")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            continue
        parts[node] = address, slash + bits, space + note
    changed = change(address for address, _, _ in parts.values())
    return {
        node: _network(changed[address], bits) + note
        for node, (address, bits, note) in parts.items()
    }


def _replaced(
    addresses: Iterable[str], change: Callable[[list[bytes], int], list[bytes]]
) -> dict[str, str]:
    prefixes: dict[str, bytes] = {}
    packed: dict[int, dict[str, bytes]] = {4: {}, 6: {}}
    for address in dict.fromkeys(addresses):
        prefix, number = _packed(address)
        prefixes[address] = prefix
        packed[4 if len(number) == 4 else 6][address] = number
    replaced: dict[str, str] = {}
    for version, numbers in packed.items():
        changed = change(list(numbers.values()), version)
        for address, number in zip(numbers, changed, strict=True):
            whole = prefixes[address] + number
            family = socket.AF_INET if len(whole) == 4 else socket.AF_INET6
            replaced[address] = socket.inet_ntop(family, whole)
    return replaced


def _network(address: str, bits: str) -> str:
    return str(ipaddress.ip_network(address + bits, strict=False)) if bits else address


def open_pseudonyms(secret: str | None, path: Path) -> Pseudonyms:
    """Open sharing mode with a key from the environment, else the one in a file.

    Raises:
        ShareKeyError: Neither can be used.
    """
    if secret:
        return Pseudonyms(secret, "FLOW_ATLAS_SHARE_KEY")
    return Pseudonyms(load_or_create_key(path), str(path))


def load_or_create_key(path: Path) -> str:
    """Read the key of sharing mode; where there is none, make one that only its owner reads.

    Raises:
        ShareKeyError: The file cannot be read or made, or others may read it.
    """
    try:
        return _read_key(path)
    except FileNotFoundError:
        pass
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike a rename, a link never replaces the key that another process has made.
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        return _read_key(path)
    except OSError as error:
        msg = (
            f"{path}: the key of sharing mode cannot be made ({error.strerror}). "
            "Give --share-key-file a place that you may write to."
        )
        raise ShareKeyError(msg) from error


def _read_key(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                msg = f"{path}: others may read this key. Run: chmod 600 {path}"
                raise ShareKeyError(msg)
            return file.read().strip()
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: the key of sharing mode cannot be read. Give a text file of your own."
        raise ShareKeyError(msg) from error


def _packed(address: str) -> tuple[bytes, bytes]:
    """Return what stays as it is, and the number to encrypt."""
    try:
        return b"", socket.inet_pton(socket.AF_INET, address)
    except OSError:
        pass
    try:
        number = socket.inet_pton(socket.AF_INET6, address)
    except OSError as error:
        msg = f"{address!r} is no address"
        raise ValueError(msg) from error
    # An IPv4 address in IPv6 clothes has the class of the IPv4 address.
    return (number[:12], number[12:]) if number.startswith(_MAPPED) else (b"", number)


def _derived(material: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=b"flow-atlas 1 " + purpose).derive(
        material
    )
