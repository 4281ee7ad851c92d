"""A private Dovecot on loopback: mail and configuration in a folder of its own, passwords and tokens of the tests' own.

Needs the Debian package dovecot-imapd and root (Dovecot gives up its rights itself). Tokens are judged by a small
introspection endpoint (RFC 7662) in this process.
"""

from __future__ import annotations

import http.server
import imaplib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

from tests.support.certificates import Certificate
from tests.support.ports import free_port

USER, PASSWORD = "loket", "goed"
ACCENTS, ACCENTED = "letters", "één wachtwoord"  # another mailbox, for logging in only
MISSING = shutil.which("dovecot") is None or os.geteuid() != 0
_OWNER = 5000  # a user number nobody has; the mail belongs to it

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
disable_plaintext_auth = no
auth_mechanisms = plain xoauth2
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
first_valid_uid = {owner}
mail_max_userip_connections = 50
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
  mechanisms = plain
}}
passdb {{
  driver = oauth2
  args = {folder}/oauth2.conf
  mechanisms = xoauth2
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={folder}/own/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox "Ongewenste e-mail" {{
    special_use = \\Junk
    auto = create
  }}
  mailbox "Verzonden items" {{
    special_use = \\Sent
    auto = create
  }}
}}
"""

_OAUTH2 = """
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/
username_attribute = username
active_attribute = active
active_value = true
force_introspection = yes
"""


class _Introspection(http.server.ThreadingHTTPServer):
    daemon_threads = True
    valid: set[str]


class _Answer(http.server.BaseHTTPRequestHandler):
    server: _Introspection

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        active = asked.get("token", [""])[0] in self.server.valid
        body = json.dumps({"active": "true", "username": USER} if active else {"active": "false"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tokens belong in no output."""


class Dovecot:
    host = "127.0.0.1"

    def __init__(self, folder: Path, tokens: set[str], *, tls: bool) -> None:
        self.folder, self.tokens, self.port = folder, tokens, free_port()
        self.tls_port = free_port() if tls else 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):  # until it listens; no figure is taken from this
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, "Dovecot did not start"
                time.sleep(0.05)
        raise AssertionError("Dovecot does not listen")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def renumber(self) -> None:
        """INBOX gets another UIDVALIDITY, as after a repair: its list of numbers is lost."""
        self.stop()
        place = self.folder / "mail" / USER
        for name in [*place.glob("dovecot-uid*"), *place.glob("dovecot.index*")]:
            name.unlink()
        time.sleep(1.1)  # UIDVALIDITY is the time in whole seconds
        self.start()

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """What a colleague's mail program does."""
        client = imaplib.IMAP4(self.host, self.port, timeout=20)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def append(self, *messages: bytes, folder: str = "INBOX") -> None:
        with self.client() as client:
            for message in messages:
                status, answer = client.append(f'"{folder}"', "", "", message)
                assert status == "OK", answer

    def flags(self, folder: str = "INBOX") -> list[set[str]]:
        """Of each message, without \\Recent, which is taken away by whoever looks first."""
        with self.client() as client:
            status, count = client.select(f'"{folder}"', readonly=True)
            assert status == "OK"
            if count == [b"0"]:
                return []
            _, lines = client.fetch("1:*", "(FLAGS)")
            flags = [line.decode().partition("FLAGS (")[2].rstrip(")") for line in lines if isinstance(line, bytes)]
            return [set(named.split()) - {"\\Recent"} for named in flags]

    def drag(self, number: int, target: str) -> None:
        with self.client() as client:
            client.select("INBOX")
            status, answer = client._simple_command("MOVE", str(number), f'"{target}"')
            assert status == "OK", answer


@contextmanager
def running_dovecot(
    *, prefix: str = "", separator: str = "/", certificate: Certificate | None = None
) -> Iterator[Dovecot]:
    """With a certificate it offers STARTTLS, and TLS from the first byte at `tls_port`."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    for name in ("mail", "own"):
        (folder / name).mkdir()
        os.chown(folder / name, _OWNER, _OWNER)
    with _Introspection(("127.0.0.1", 0), _Answer) as introspection:
        introspection.valid = set()
        thread = threading.Thread(target=introspection.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        server = Dovecot(folder, introspection.valid, tls=certificate is not None)
        ssl = "no" if certificate is None else f"yes\nssl_cert = <{certificate.chain}\nssl_key = <{certificate.key}"
        values = {"folder": folder, "port": server.port, "tls_port": server.tls_port, "ssl": ssl, "owner": _OWNER}
        (folder / "dovecot.conf").write_text(_CONFIG.format(**values, prefix=prefix, separator=separator))
        (folder / "oauth2.conf").write_text(_OAUTH2.format(port=introspection.server_port))
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n{ACCENTS}:{{PLAIN}}{ACCENTED}\n", "utf-8")
        server.start()
        try:
            yield server
        finally:
            server.stop()
            introspection.shutdown()
            thread.join(10)
            shutil.rmtree(folder, ignore_errors=True)
