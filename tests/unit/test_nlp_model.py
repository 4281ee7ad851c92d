"""The model file: no pickle, the same every time, built anew when the corpus changes, safe for parallel builders."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cases.types import Label
from nlp.examples import CORPUS, Split, load_examples
from nlp.features import BLOCK_BITS, CAP, Block, folded, occurrences
from nlp.model import Model, ensure_model, load
from nlp.train import SHIPPED, build, inputs_digest

EVERY = 48  # a small corpus builds fast; all labels stay in it


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nlp") / "corpus"
    folder.mkdir()
    for path in sorted(CORPUS.glob("*/*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_text("\n".join(lines[::EVERY]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def corpus(whole: Path, tmp_path: Path) -> Path:
    """One of its own, to change."""
    return Path(shutil.copytree(whole, tmp_path / "corpus"))


@pytest.fixture(scope="module")
def first(whole: Path) -> Model:
    """Made once; `built` is its folder, one of its own."""
    return build(whole.parent / "model", whole)


@pytest.fixture
def built(first: Model, whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole.parent / "model", tmp_path / "built"))


def test_nothing_is_pickled(built: Path) -> None:
    with zipfile.ZipFile(built / "model.npz") as archive:
        for name in archive.namelist():
            header = archive.read(name)[:200]
            assert header.startswith(b"\x93NUMPY")
            assert b"'|O'" not in header


def test_a_pickled_array_is_refused(built: Path) -> None:
    with np.load(built / "model.npz", allow_pickle=False) as arrays:
        content = dict(arrays)
    content["idf"] = np.array([{"not": "numbers"}], dtype=object)
    np.savez_compressed(built / "model.npz", **content)
    with pytest.raises((ValueError, pickle.UnpicklingError)):
        load(built)


def test_two_builds_are_equal(first: Model, corpus: Path, tmp_path: Path) -> None:
    other = build(tmp_path / "other", corpus)
    assert first.version == other.version
    assert np.allclose(first.linear.weights, other.linear.weights, atol=1e-5)
    text = "Wilt u mijn gegevens wissen?"
    assert np.allclose(first.score(text).probabilities, load(tmp_path / "other").score(text).probabilities, atol=1e-2)


def test_built_once_and_again_when_the_corpus_changes(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "var" / "model"
    first = ensure_model(folder, corpus)
    stamp = (folder / "model.npz").stat().st_mtime_ns
    assert ensure_model(folder, corpus).version == first.version
    assert (folder / "model.npz").stat().st_mtime_ns == stamp
    changed = corpus / "train" / "first.jsonl"
    row = json.loads(changed.read_text(encoding="utf-8").splitlines()[0])
    row |= {"id": "new-01", "writer": "new", "text": "Graag zie ik eens wat er zoal over mij genoteerd staat."}
    with changed.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")
    second = ensure_model(folder, corpus)
    assert second.version != first.version
    assert second.examples == first.examples + 1
    assert [path.name for path in sorted(folder.parent.iterdir())] == [".model.lock", "model"]


def test_parallel_builders_wait_for_each_other(corpus: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: ensure_model(tmp_path / "model", corpus), range(4)))
    assert len({model.version for model in models}) == 1


def test_the_test_writers_are_not_learned(corpus: Path, built: Path) -> None:
    examples = load_examples(corpus)
    assert any(example.split is Split.TEST for example in examples)
    assert load(built).examples == sum(example.split in SHIPPED for example in examples)


def test_a_manifest_of_another_program_is_refused(corpus: Path, built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["labels"] == [str(label) for label in Label]
    assert manifest["digest"] == inputs_digest(corpus)
    assert set(manifest["versions"]) == {"python", "numpy", "scipy"}
    (built / "manifest.json").write_text(json.dumps(manifest | {"labels": ["inzage"]}), encoding="utf-8")
    with pytest.raises(ValueError, match="another version"):
        load(built)


def test_a_bad_corpus_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "bad.jsonl").write_text('{"id": "x"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.jsonl:1"):
        load_examples(tmp_path)


def test_folding_makes_spelling_alike() -> None:
    signs, _ = folded("Privé  E-MAIL,\t2024!")
    assert signs.astype("<u4").tobytes().decode("utf-32-le") == " prive e mail 0000! "


def test_the_same_ngrams_anywhere_in_the_text() -> None:
    """The hash of an n-gram must not hang on its place."""
    alone = set(occurrences("gegevens wissen").buckets.tolist())
    inside = set(occurrences("ach ja, dat vergat ik bijna: gegevens wissen alstublieft").buckets.tolist())
    assert alone <= inside


def test_ngrams_stay_in_their_block_and_in_the_text() -> None:
    text = "Graag mijn gegevens wissen. " * 400
    found = occurrences(text)
    assert found.offsets.min() >= 0
    assert found.offsets.max() < CAP
    assert {int(bucket) >> BLOCK_BITS for bucket in np.unique(found.buckets)} == set(Block)


def test_no_text_no_ngrams() -> None:
    for text in ("", "   ", "...", "\n\u200b"):
        assert not len(occurrences(text).buckets)
