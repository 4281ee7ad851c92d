"""The Telegram face: requesters ask and hear how things stand, staff hear what waits and decide.

aiogram lives here and nowhere else; it is imported only when a bot is configured (`settings` and this file import
nothing of it). What may pass is questions and status: no letters, codes, data or evidence (design, section 9).
"""
