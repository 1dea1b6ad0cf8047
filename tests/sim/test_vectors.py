"""Samples stay within their bounds, start with the corners, and survive their file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import vectors
from sim.errors import DataError
from sim.manifest import Manifest, Tensor

WIDE = 1 << 90
integers = st.integers(-WIDE, WIDE)
bounds = st.lists(st.tuples(integers, integers).map(sorted), min_size=1, max_size=6)
PORT = Tensor("a", (2,), (True, False), (3, 70), (0, 0))
DESIGN = Manifest(latency=1, inputs=(PORT,), outputs=(PORT,))
CODES = np.array([[-4, 0], [3, (1 << 70) - 1]], dtype=object)


def ends(pairs):
    return (np.array(column, dtype=object) for column in zip(*pairs, strict=True))


@given(pairs=bounds, count=st.integers(0, 40), seed=st.integers(0, 9))
def test_samples_are_within_bounds(pairs, count, seed):
    lo, hi = ends(pairs)
    codes = vectors.corners_and_random(lo, hi, count, seed)
    assert codes.shape == (count, len(pairs))
    assert ((lo <= codes) & (codes <= hi)).all()
    assert (codes == vectors.corners_and_random(lo, hi, count, seed)).all()


def test_corners_come_first():
    lo, hi = np.array([[-8, 2], [-3, -5]]), np.array([[7, 9], [3, -2]])
    zero = [[0, 2], [0, -2]]
    expected = [
        lo.tolist(),
        hi.tolist(),
        zero,
        [[-8, 9], [-3, -2]],
        [[7, 2], [3, -5]],
        [[7, 2], [0, -2]],
        [[-8, 2], [0, -2]],
        [[0, 9], [0, -2]],
        zero,
        [[0, 2], [3, -2]],
    ]
    codes = vectors.corners_and_random(lo, hi, 20, seed=0)
    assert codes.dtype == np.int64
    assert codes[:10].tolist() == expected
    assert vectors.corners_and_random(lo, hi, 3, seed=0).tolist() == expected[:3]


def test_walking_leaves_half_of_the_samples_random():
    lo, hi = np.zeros(100, int), np.full(100, 255)
    codes = vectors.corners_and_random(lo, hi, 60, seed=0)
    assert [(row > 0).sum() for row in codes[5:30]] == [1, 0] * 12 + [1]
    assert ((codes[30:] > 0).sum(axis=1) > 90).all()


def test_seeds_differ_in_the_random_samples_alone():
    lo, hi = np.zeros(9, int), np.full(9, 1 << 30)
    one, two = (vectors.corners_and_random(lo, hi, 20, seed) for seed in (1, 2))
    assert (one[:10] == two[:10]).all()
    assert (one[10:] != two[10:]).all()


def test_scalar_and_full_range():
    info = np.iinfo(np.int64)
    codes = vectors.corners_and_random(np.array(info.min), np.array(info.max), 9, seed=0)
    assert codes.shape == (9,)
    assert codes[:3].tolist() == [info.min, info.max, 0]


def test_file_keeps_everything(tmp_path):
    inputs = {"a": np.array([[1, -2]]), "b c/d": np.array([[-(1 << 80)], [3]], dtype=object)}
    outputs = {"a": np.array([(1 << 63) - 1, -(1 << 63)]), "z": np.zeros((2, 0), np.uint8)}
    vectors.write(tmp_path / "vectors.npz", inputs, outputs)
    for wrote, got in zip((inputs, outputs), vectors.read(tmp_path / "vectors.npz"), strict=True):
        assert wrote.keys() == got.keys()
        for name, codes in wrote.items():
            assert got[name].tolist() == codes.tolist()
            assert got[name].shape == codes.shape


def test_file_types(tmp_path):
    inputs = {"small": np.array([1], dtype=object), "wide": np.array([1 << 63], dtype=object)}
    vectors.write(tmp_path / "vectors.npz", inputs, {})
    with np.load(tmp_path / "vectors.npz") as file:
        assert file["x/small"].dtype == np.int64
        assert file["x/wide"].tolist() == ["9223372036854775808"]


def test_check_counts_samples(tmp_path):
    vectors.write(tmp_path / "vectors.npz", {"a": CODES}, {"a": CODES})
    assert vectors.check(tmp_path / "vectors.npz", DESIGN) == 2


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (CODES[:, :1], ": y/a: has samples of shape (1,), not (2,)"),
        (CODES + 1, ": y/a: code 4 of element 0 is outside of [-4, 3]"),
        (-CODES, ": y/a: code 4 of element 0 is outside of [-4, 3]"),
        (CODES[1:], ": tensors have 1 or 2 samples"),
    ],
)
def test_vectors_for_another_design(codes, message, tmp_path):
    path = tmp_path / "vectors.npz"
    vectors.write(path, {"a": CODES}, {"a": codes})
    with pytest.raises(DataError) as error:
        vectors.check(path, DESIGN)
    assert str(error.value) == f"{path}{message}; generate the vectors again"


def test_no_samples(tmp_path):
    path = tmp_path / "vectors.npz"
    vectors.write(path, {"a": CODES[:0]}, {"a": CODES[:0]})
    with pytest.raises(DataError) as error:
        vectors.check(path, DESIGN)
    assert str(error.value) == f"{path}: tensors have 0 samples; generate the vectors again"


def test_missing_tensor(tmp_path):
    path = tmp_path / "vectors.npz"
    vectors.write(path, {"b": CODES}, {"a": CODES})
    with pytest.raises(DataError) as error:
        vectors.check(path, DESIGN)
    assert str(error.value) == f"{path}: x/a: is missing; generate the vectors again"


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut short", b"text", b"\x93NUMPY"])
def test_broken_file(content, tmp_path):
    path = tmp_path / "vectors.npz"
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"vectors.npz: cannot be read .*; generate the vectors again"
    ):
        vectors.read(path)


def test_floats_are_no_codes(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, **{"x/a": np.array([1.5])})
    what = "cannot be read (an array of float64 where codes are int64 or decimal text)"
    with pytest.raises(DataError) as error:
        vectors.read(path)
    assert str(error.value) == f"{path}: {what}; generate the vectors again"
