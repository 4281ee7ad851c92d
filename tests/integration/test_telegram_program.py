"""A bot in the running program: its settings, start and stop, and that nobody without one pays for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot import run
from bot.chat_config import TelegramSection, telegram_settings
from bot.config import WebSection
from bot.demo.program import demo_organisation
from bot.run import Program
from bot.telegram.settings import TelegramSettings
from cases.errors import ConfigError
from cases.strict_toml import Document
from cases.types import ChannelKind, Label
from storage.models import ChannelHealth, Inbound, table
from storage.queries import standing
from tests.integration.test_start_checkpoint import settings as plain_settings
from tests.support.bot_api import TOKEN, USERNAME, bot_api
