"""The other side of the IMAP bench: django-helpdesk, as its own `get_email` command reads a mailbox into tickets.

It lives in an environment of its own, made once and outside the repository; settings and the small driver are written
for each round. It gets what makes the two comparable and what is good for it: SQLite with WAL and synchronous=FULL as
ours, its acknowledgements to the same sink, and a clock that runs only inside the command, in a warm process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.mailboxes import MISSING, PASSWORD, USER, Mailbox
from bench.mails import TARGET
from bench.processes import first_line, running, usage

RELEASE = "django-helpdesk==2.6.1"
PINS = (
    RELEASE, "Django==5.2.19", "asgiref==3.13.0", "beautifulsoup4==4.15.0", "certifi==2026.10.18",
    "charset-normalizer==3.5.2", "django-cleanup==9.0.0", "django-model-utils==5.0.0", "djangorestframework==3.18.3",
    "email-reply-parser==0.5.12", "idna==3.20", "Markdown==3.11.3", "nh3==0.3.8", "oauthlib==4.0.1", "requests==2.34.2",
    "requests-oauthlib==2.0.0", "soupsieve==4.1.2", "sqlparse==0.6.1", "typing_extensions==4.16.0", "urllib3==2.8.0",
)  # fmt: skip
INSTALL = 240.0  # seconds
LONGEST = 300.0

_SETTINGS = """
from pathlib import Path

HERE = Path(__file__).parent
SECRET_KEY, SITE_ID, USE_TZ, ROOT_URLCONF = "bench", 1, True, "desk_urls"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
    "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.humanize", "django.contrib.admin",
    "helpdesk", "rest_framework", "django_cleanup.apps.CleanupConfig",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]}},
}}]
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "desk.db",
    "OPTIONS": {{"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}},
}}}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
STATIC_URL, MEDIA_URL, MEDIA_ROOT = "/static/", "/media/", HERE / "media"
HELPDESK_TEAMS_MODE_ENABLED = False  # else it needs pinax-teams
EMAIL_HOST, EMAIL_PORT, DEFAULT_FROM_EMAIL = "127.0.0.1", {sink}, "{target}"
"""

_URLS = 'from django.urls import include, path\n\nurlpatterns = [path("", include("helpdesk.urls"))]\n'

_DRIVE = """
import json, os, sys, time

os.environ["DJANGO_SETTINGS_MODULE"] = "desk_settings"
import django

django.setup()
from django.core.management import call_command
from helpdesk.models import Queue, Ticket

call_command("migrate", verbosity=0, interactive=False)
call_command("loaddata", "emailtemplate.json", verbosity=0)
Queue.objects.create(
    title="Privacy", slug="privacy", email_address="{target}", allow_email_submission=True, email_box_type="imap",
    email_box_host="127.0.0.1", email_box_port={imap}, email_box_ssl=False, email_box_user="{user}",
    email_box_pass="{password}", email_box_imap_folder="INBOX", email_box_interval=0, logging_type="none",
)
print("ready", flush=True)
for _ in sys.stdin:
    before, begun = Ticket.objects.count(), time.monotonic()
    call_command("get_email", quiet=True)
    seconds = time.monotonic() - begun
    print(json.dumps([Ticket.objects.count() - before, seconds]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Tickets:
    """What one round of mails cost the helpdesk."""

    mails: int
    made: int
    seconds: float  # of the get_email command
    cpu_ms: float  # per mail
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.made / self.seconds


def prepare(folder: Path) -> tuple[Path | None, str]:
    """The Python of its environment, made when it is not there yet; or None and why it is skipped."""
    if MISSING:  # it fetches by sequence number, which the tests' own server does not know
        return None, "it needs Dovecot"
    python, made = folder / "venv" / "bin" / "python", folder / "installed"
    if python.exists() and made.exists() and made.read_text("utf-8") == "\n".join(PINS):
        return python, ""
    folder.mkdir(parents=True, exist_ok=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *PINS]
    with (folder / "install.log").open("wb") as log:
        for command in ([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], install):
            try:
                subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, timeout=INSTALL, check=True)
            except (OSError, subprocess.SubprocessError) as error:
                print(f"{RELEASE} is skipped; see install.log in {folder.name}", flush=True)
                return None, f"it could not be installed ({type(error).__name__})"
    made.write_text("\n".join(PINS), "utf-8")
    return python, ""


def read_mailbox(
    python: Path, folder: Path, mailbox: Mailbox, sink: int, warm: Sequence[bytes], mails: Sequence[bytes]
) -> Tickets:
    folder.mkdir(parents=True)
    values = {"sink": sink, "target": TARGET, "imap": mailbox.port, "user": USER, "password": PASSWORD}
    (folder / "desk_settings.py").write_text(_SETTINGS.format(**values), "utf-8")
    (folder / "desk_urls.py").write_text(_URLS, "utf-8")
    (folder / "drive.py").write_text(_DRIVE.format(**values), "utf-8")
    log = folder / "log.txt"
    with running("drive", log=log, pipe=True, python=python, folder=folder) as process:

        def get_email(raws: Sequence[bytes]) -> tuple[int, float]:
            mailbox.deliver(raws)
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
            made, seconds = json.loads(first_line(process, LONGEST))
            return made, seconds

        if first_line(process) != "ready":
            raise RuntimeError(log.read_text("utf-8", "replace")[-2000:])
        get_email(warm)
        before = usage(process.pid)
        made, seconds = get_email(mails)
        after = usage(process.pid)
    return Tickets(
        len(mails), made, seconds, (after.cpu_seconds - before.cpu_seconds) * 1000 / len(mails), after.peak_mb
    )
