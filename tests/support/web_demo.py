"""A demo behind the demo page that only writes down what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.support.web_world import World
from web.demo import ReadyLetter, TrayMail

MAIL = '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><a href="https://loket.example/z/x">ga</a></body></html>'


@dataclass
class WrittenDemo:
    """A `DemoFace` that passes nothing on."""

    world: World
    mail: str = MAIL
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def letters(self) -> list[ReadyLetter]:
        return [ReadyLetter("inzage", "Wat weten jullie?", "Een klant vraagt inzage.", "whatnext")]

    async def send_ready(self, key: str) -> None:
        self.asked.append(("ready", key))

    async def send_free(self, organisation: str, from_address: str, from_name: str, subject: str, text: str) -> None:
        self.asked.append(("free", organisation, from_address, from_name, subject, text))

    def tray(self, limit: int) -> list[TrayMail]:
        return [
            TrayMail("m1", self.world.clock.now(), "anna@klant.example", "Je verzoek is binnen", "tekst", self.mail)
        ][:limit]

    def colleagues(self) -> list[tuple[str, str]]:
        return [("sanne", "Sanne Bakker"), ("karim", "Karim Haddou")]

    def now(self) -> datetime:
        return self.world.clock.now()

    async def jump(self, kind: str) -> None:
        self.asked.append(("jump", kind))
