"""The hook of `tests/support/no_skips`: under CI a skip is a failure, elsewhere it stays a skip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = "import pytest\n@pytest.mark.skipif(True, reason='no browser here')\ndef test_it(): pass\n"
MODULE = "import pytest\npytest.importorskip('no_such_module_anywhere')\ndef test_it(): pass\n"
EXPECTED = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): raise ValueError\n"


def _run(folder: Path, text: str, *, under_ci: bool) -> tuple[int, str]:
    (folder / "test_one.py").write_text(text)
    outside = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "-p", "tests.support.no_skips",
         "-c", str(folder / "pytest.ini"), str(folder)],
        cwd=ROOT, env=outside | ({"CI": "true"} if under_ci else {}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize(("text", "reason"), [(SKIPPED, "no browser here"), (MODULE, "no_such_module_anywhere")])
def test_a_skip_is_a_failure_only_under_ci(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    code, shown = _run(tmp_path, text, under_ci=True)
    assert code != 0, shown
    assert "CI is set" in shown and reason in shown
    code, shown = _run(tmp_path, text, under_ci=False)
    assert code in (0, 5), shown  # 5: nothing was collected
    assert "1 skipped" in shown


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    code, shown = _run(tmp_path, EXPECTED, under_ci=True)
    assert code == 0, shown
    assert "1 xfailed" in shown
