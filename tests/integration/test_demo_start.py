"""A first start of the demo that is broken off must not spoil the next one."""

from __future__ import annotations

from pathlib import Path

from bot.demo.program import clear_half_made


def test_what_a_broken_off_start_left_is_made_anew(tmp_path: Path) -> None:
    for name in ("customers/weservit", "keys", "tray", "model"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("privacyloket.db", "privacyloket.db-wal", "clock.json", "customers.shape", "keys/root.key", "model/m"):
        (tmp_path / name).write_text("x")
    clear_half_made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "m").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "root.key").write_text("x")
    clear_half_made(tmp_path)
    assert (tmp_path / "keys" / "root.key").exists()
