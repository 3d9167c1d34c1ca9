"""Mutations of files: bytes, values, types, headers, and what kind of file there is."""

import io
import json
import os
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np


def odd_values(chance: random.Random, root: Path) -> list[Any]:
    """What a field should not hold."""
    deep: Any = 0
    for _ in range(300):
        deep = [deep]
    return [
        *(None, True, False, 0, -1, 1, 2**31, 2**64, -(2**70), 10**400, 0.5, -1e308, 1e308, float("nan"), float("inf")),
        *("", "x", "\x00", "\ud800", "a\nb", "\x1b[2J", "x" * 100_000, "fixed<8,3>", "ufixed<62,-900>", "fixed<99,1>"),
        *("../../outside/canary", str(root / "outside" / "canary"), "..", ".", "/", "../outside", "~", "-o", "$HOME"),
        *([], {}, [[]], [None], {"": 0}, {"array": "x"}, {"array": 3}, deep, [0] * 1000, list(range(5))),
        chance.randrange(-5, 1000),
    ]


def mutate_json(value: Any, chance: random.Random, root: Path) -> Any:
    """One odd value, one missing, one more, or two exchanged, somewhere in it."""
    places: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            places += [(node, key) for key in keys]
            pending += [node[key] for key in keys]
    if not places or chance.random() < 0.03:
        return chance.choice(odd_values(chance, root))
    node, key = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node[chance.choice(["", "extra", "array", "../x", str(key) + "x"])] = node.pop(key)
        case 2:
            other, place = chance.choice(places)
            node[key], other[place] = other[place], node[key]
        case 3 if isinstance(node[key], int | float) and not isinstance(node[key], bool):
            node[key] = chance.choice([-node[key], node[key] + 1, node[key] * 10**6, node[key] - 1, 10**18])
        case 4 if isinstance(node[key], list):
            node[key] = node[key] * chance.choice([2, 1000])
        case _:
            node[key] = chance.choice(odd_values(chance, root))
    return value


def mutate_bytes(content: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, missing or added."""
    content = content or b"\0"
    match chance.randrange(5):
        case 0:
            return content[: chance.randrange(len(content))]
        case 1:
            at = chance.randrange(len(content))
            return content[:at] + chance.randbytes(chance.choice([1, 8, 1000])) + content[at:]
        case 2:
            return chance.choice([b"", b"\0", b"[" * 100_000, b'{"a":' * 20_000, b"\xff\xfe", content * 2])
        case _:
            changed = bytearray(content)
            for _ in range(chance.choice([1, 1, 5, 50])):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            return bytes(changed)


def odd_array(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """Another type, shape or content."""
    array = np.atleast_1d(array)
    match chance.randrange(9):
        case 0:
            return array.astype(chance.choice(["S4", "U3", "?", "i1", "u8", "f2", "c8"]))
        case 1:
            return np.zeros(chance.choice([(0,), (1,), (3, 0), (2, 2, 2), ()]), array.dtype)
        case 2:
            return np.array([("a", 1)] * 3, dtype=[("name", "U4"), ("value", "i4")])
        case 3:
            return array[..., None]
        case 4:
            return np.full(array.shape, chance.choice([-1, 2**40, 255, 0])).astype(array.dtype, copy=False)
        case 5:
            return np.full(array.shape, chance.choice([np.nan, np.inf, 1e300, -0.5]))
        case 6:
            return array.astype(f">{array.dtype.str[1:]}") if array.dtype.kind in "iuf" else array[:0]
        case 7:
            return np.array(["2020-01-01"] * len(array), dtype="datetime64[D]")
        case _:
            return array[: len(array) // 2]


def odd_npy(array: np.ndarray, chance: random.Random) -> bytes:
    """A `.npy` file of an odd array, or with an odd header."""
    buffer = io.BytesIO()
    if chance.random() < 0.6:
        try:
            np.save(buffer, odd_array(array, chance), allow_pickle=True)
        except (ValueError, TypeError):  # text that is no number
            np.save(buffer, np.zeros(3))
        return buffer.getvalue()
    shape = chance.choice(["(10000000000,)", "(-1,)", "()", "(3, 4", "((3,),)", "(True,)", "(2**9,)", "(99999,) * 9"])
    kind = chance.choice(["'<f8'", "'|O'", "'<f99'", "[('a', '<i4')]", "None", "'|V0'", "'<f4'", "f" * 50, "(" * 2000])
    header = f"{{'descr': {kind}, 'fortran_order': {chance.choice([True, False, 3])}, 'shape': {shape}, }}"
    padded = (header + " " * (64 - (len(header) + 11) % 64) + "\n").encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + bytes(64)


def mutate_npz(content: bytes, chance: random.Random) -> bytes:
    """A member odd, missing, renamed, or a bomb."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(members))
    match chance.randrange(5):
        case 0:
            del members[name]
        case 1:
            members[chance.choice(["x.npy", "../../outside/canary", "fixed.npy", "odd"])] = members.pop(name)
        case 2:
            members[name] = mutate_bytes(members[name], chance)
        case _:
            try:
                array = np.load(io.BytesIO(members[name]))
            except ValueError:
                array = np.zeros(3)
            members[name] = odd_npy(array, chance)
    return _zip(members)


def mutate_keras(content: bytes, chance: random.Random, root: Path) -> bytes:
    """Something odd in the configuration, or in the weights."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if chance.random() < 0.8:
        members["config.json"] = json.dumps(mutate_json(json.loads(members["config.json"]), chance, root)).encode()
    else:
        name = chance.choice(sorted(members))
        members[name] = mutate_bytes(members[name], chance)
    return _zip(members)


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def odd_yaml(chance: random.Random, text: str) -> str:
    """Settings as nobody writes them."""
    bomb = "a0: &a0 x\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9))
    return chance.choice(
        [
            bomb,
            "[" * 20_000,
            "{a: " * 20_000,
            "a: &a [*a]",
            "hidden: &h {result: *h}",
            "? {a: b}\n: c\n",
            "!!python/object/apply:os.system ['true']",
            "hidden: {result: 2001-01-01}",
            "hidden: {result: !!binary aGk=}",
            "hidden: 3",
            "3: 4",
            "weights: 0x7fffffffffffffffffffffff",
            "weights: .inf",
            "weights: 1e400",
            "overrides: {hidden: {weights: [[[[1]]]]}}",
            "hidden: {result: 'fixed<99999999999999999999,1>'}",
            "hidden: {result: 'fixed<8,-99999>'}",
            "- a",
            "",
            "\x00",
            text * 2,
            text + "{",
            "a: 1\na: 2\n",
            "<<: [1]",
            "<<: *x",
            "weights: 0b" + "1" * 100_000,
            "weights: " + "9" * 10_000,
            "weights: " + ":".join(["59"] * 4000),
        ]
    )


def mutate_file(path: Path, chance: random.Random, root: Path) -> str:
    """Change a file by what it is, or its bytes, or what stands in its place."""
    if chance.random() < 0.06:
        return mutate_kind(path, chance, root)
    content, where = path.read_bytes(), path.relative_to(root)
    if chance.random() < 0.2:
        path.write_bytes(mutate_bytes(content, chance))
        return f"{where}: bytes"
    match path.suffix:
        case ".json":
            value = json.loads(content)
            for _ in range(chance.choice([1, 1, 1, 3])):
                if isinstance(value, dict | list):
                    value = mutate_json(value, chance, root)
            path.write_bytes(json.dumps(value).encode())
        case ".npz":
            path.write_bytes(mutate_npz(content, chance))
        case ".npy":
            path.write_bytes(odd_npy(np.load(io.BytesIO(content)), chance))
        case ".keras":
            path.write_bytes(mutate_keras(content, chance, root))
        case _:
            path.write_bytes(mutate_bytes(content, chance))
    return f"{where}: content"


def mutate_kind(path: Path, chance: random.Random, root: Path) -> str:
    """Put something else in the place of a file."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    match chance.randrange(6):
        case 0:
            path.symlink_to(root / "outside" / "canary")
            return f"{path.name}: a link to a file"
        case 1:
            path.symlink_to(root / "outside")
            return f"{path.name}: a link to a directory"
        case 2:
            path.symlink_to(root / "outside" / "new")
            return f"{path.name}: a link to nothing"
        case 3:
            os.mkfifo(path)
            return f"{path.name}: a pipe"
        case 4:
            path.mkdir()
            return f"{path.name}: a directory"
        case _:
            return f"{path.name}: missing"
