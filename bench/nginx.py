"""The nginx of the repository as a process of this machine, with a certificate of its own."""

import os
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench import servers
from portal.environment import BASE_DIR

TEMPLATE = BASE_DIR / "deploy/nginx/portal.conf.template"
PAGES = BASE_DIR / "deploy/nginx/pages"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def write_certificate(folder: Path) -> Path:
    """Write a short-lived certificate for localhost the way the folder of the real one looks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    chain = folder / "fullchain.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return chain


def start(
    folder: Path,
    *,
    origin: str,
    web: int | Sequence[int],
    http: int,
    https: int,
    certificate: Path,
    log: IO[bytes],
    template: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Run nginx with the conf of the repository, or another; ports and folders are these.

    `web` is the port of the web host, or those of several.
    """
    values = {
        "PORTAL_ORIGIN": origin,
        "PORTAL_HTTP_PORT": str(http),
        "PORTAL_HTTPS_PORT": str(https),
        "PORTAL_WEB_SERVERS": _servers([web] if isinstance(web, int) else web),
        "PORTAL_TLS": str(certificate.parent),
        "PORTAL_PAGES": str(PAGES),
        "PORTAL_CACHE": str(folder / "kept"),
    }
    template = template or TEMPLATE.read_text()
    conf = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], template)
    folder.mkdir()
    (folder / "portal.conf").write_text(conf)
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ include /etc/nginx/mime.types; access_log off;\n{temporary}\n"
        f"include {folder}/portal.conf; }}\n"
    )
    return run(folder, log)


def run(folder: Path, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Run nginx by what `start` has written into the folder."""
    words = [servers.binary("nginx"), "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    return subprocess.Popen(  # noqa: S603 - our own command line
        [str(word) for word in words], stdout=log, stderr=log, start_new_session=True
    )


def _servers(ports: Sequence[int]) -> str:
    patience = "max_fails=0" if len(ports) == 1 else "max_fails=1 fail_timeout=2s"
    return " ".join(f"server 127.0.0.1:{port} {patience};" for port in ports)
