"""What one Intercom workspace needs to be read and answered. Made by `bot/chat_config`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cases.errors import ConfigError
from net.http import checked_url


class Region(StrEnum):
    """Where Intercom keeps the workspace; each has an address of its own."""

    EU = "eu"
    US = "us"
    AU = "au"


ADDRESSES = {
    Region.EU: "https://api.eu.intercom.io",
    Region.US: "https://api.intercom.io",
    Region.AU: "https://api.au.intercom.io",
}


@dataclass(frozen=True, slots=True)
class IntercomSettings:
    organisation: str
    workspace: str  # its id ("app_id" in a notification)
    admin_id: str  # the teammate in whose name the program answers; best one of its own
    access_token: str = field(repr=False)
    client_secret: str = field(repr=False)  # signs what Intercom sends us
    region: Region = Region.EU
    base_url: str = ""  # another address than the region's
    poll_seconds: float = 300.0
    seconds: float = 20.0  # for one request

    def __post_init__(self) -> None:
        for name in ("workspace", "admin_id", "access_token", "client_secret"):
            if not getattr(self, name):
                raise ConfigError("ontbreekt of is leeg", key=f"intercom.{name}")
        if self.poll_seconds < 30:
            raise ConfigError("moet minstens 30 zijn", key="intercom.poll_seconds")
        checked_url(self.address, "intercom.base_url")

    @property
    def account(self) -> str:
        return f"intercom:{self.workspace}"

    @property
    def address(self) -> str:
        return (self.base_url or ADDRESSES[self.region]).rstrip("/")
