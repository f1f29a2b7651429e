"""A package registry on this machine, with a handful of empty packages in several versions.

The real package managers resolve, lock and install from it: nothing is fetched from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "vitest": ("0.34.6", "1.6.1", "2.1.9", "3.1.4", "3.2.4", "3.2.7", "4.1.12", "5.0.0-beta.3"),
    "jest": ("29.7.0", "30.2.0"),
    "@playwright/test": ("1.40.1", "1.50.0", "1.55.1"),
    "@acme/vitest-fork": ("0.1.2",),
}
LATEST = {"vitest": "4.1.12"}
NEEDS = {"@acme/uses-old-vitest": {"vitest": "^1.6.0"}}
"""Packages of one version with dependencies of their own."""
PUBLISHED = "2025-01-01T00:00:00.000Z"


def versions_of(name: str) -> tuple[str, ...]:
    return ("1.0.0",) if name in NEEDS else PACKAGES.get(name, ())


def manifest(name: str, version: str) -> dict[str, object]:
    """The package.json of a package, which has a command of its name."""
    command = name.rpartition("/")[2]
    found: dict[str, object] = {"name": name, "version": version, "bin": {command: "run.js"}}
    return {**found, "dependencies": NEEDS[name]} if name in NEEDS else found


@cache
def tarball(name: str, version: str) -> bytes:
    """The package as npm would publish it."""
    files = {
        "package.json": json.dumps(manifest(name, version)).encode(),
        "run.js": b"#!/usr/bin/env node\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for file, data in files.items():
            entry = tarfile.TarInfo(f"package/{file}")
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def packument(name: str, address: str) -> dict[str, object]:
    """All that the registry says of a package."""
    versions = versions_of(name)
    told: dict[str, object] = {}
    for version in versions:
        data = tarball(name, version)
        file = f"{name.rpartition('/')[2]}-{version}.tgz"
        told[version] = {
            **manifest(name, version),
            "dist": {
                "tarball": f"{address}/{name}/-/{file}",
                "shasum": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
                "integrity": f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}",
            },
        }
    times = {"created": PUBLISHED, "modified": PUBLISHED, **dict.fromkeys(versions, PUBLISHED)}
    latest = LATEST.get(name, versions[-1])
    return {"name": name, "dist-tags": {"latest": latest}, "versions": told, "time": times}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name, _, file = unquote(self.path.split("?")[0]).lstrip("/").partition("/-/")
        host, port = self.server.server_address[:2]
        if file:
            known = [one for one in versions_of(name) if file.endswith(f"-{one}.tgz")]
            self._send(tarball(name, known[0]) if known else None, "application/octet-stream")
        elif versions_of(name):
            text = json.dumps(packument(name, f"http://{host!s}:{port}"))
            self._send(text.encode(), "application/json")
        else:
            self._send(None, "application/json")

    def do_POST(self) -> None:
        """Audits: nothing to tell."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._send(b"{}", "application/json")

    def _send(self, data: bytes | None, kind: str) -> None:
        self.send_response(404 if data is None else 200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data or b"{}")))
        self.end_headers()
        self.wfile.write(data or b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve the registry; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
