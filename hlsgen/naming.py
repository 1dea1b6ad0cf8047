"""What C++ calls the things of a model."""

from __future__ import annotations

import re

_KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t
class compl const const_cast constexpr continue decltype default delete do double dynamic_cast
else enum explicit export extern false float for friend goto if inline int long mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
reinterpret_cast return short signed sizeof static static_assert static_cast struct switch
template this thread_local throw true try typedef typeid typename union unsigned using virtual
void volatile wchar_t while xor xor_eq
"""

_TYPES = """
blkcnt blkcnt64 blksize caddr char16 char32 clock clockid code daddr dev div double error fexcept
float fpos fpos64 fsblkcnt fsblkcnt64 fsfilcnt fsfilcnt64 fsid gid id ino ino64 int8 int16 int32
int64 intmax intptr key ldiv lldiv locale loff mbstate mode nlink nullptr off off64 pid pthread
ptrdiff quad register sigset size ssize stack suseconds time timer uid uint8 uint16 uint32 uint64
uintmax uintptr useconds value wctrans wctype wint
"""
"""With ``_t`` behind them, these are types of C or of ours."""

_MACROS = "BIAS EOF INFINITY NAN NULL WEOF alloca assert errno stderr stdin stdout linux unix"

_SCAFFOLD = """
Batch bridge hls i kernel kernels limbs_in limbs_out loaded main p run run_batch samples_left std
store sycl weights
Channel Whole pipes queue task_sequence
"""
"""What a project is built around."""

LONGEST = 48
"""Letters of a name: exporters join the names of whatever they fuse."""
RESERVED = frozenset(
    {*_MACROS.split(), *_SCAFFOLD.split(), *(f"{name}_t" for name in _TYPES.split())}
)
"""What means something else where a project is compiled."""

SUFFIXES = ("", "_channel", "_pipe", "_places", "_shifts", "_t", "_task", "_whole")
"""What is behind a variable's name in the names of what belongs to it."""


class Names:
    """Identifiers that are each given once."""

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = {*taken, *_KEYWORDS.split()}

    def give(self, name: str) -> str:
        """As near to a name as C++ allows: ``fc1_Gemm`` for ``/fc1/Gemm``, then ``fc1_Gemm_2``."""
        plain = identifier(name)
        chosen, count = plain, 1
        while not self._taken.isdisjoint(_family(chosen)):
            count += 1
            chosen = f"{plain}_{count}"
        self._taken.update(_family(chosen))
        return chosen


def _family(name: str) -> list[str]:
    return [f"{name}{suffix}" for suffix in SUFFIXES]


def identifier(name: str) -> str:
    """Letters, digits and single underscores, not too many; it begins with a letter."""
    plain = "_".join(re.findall(r"[0-9A-Za-z]+", name)) or "n"
    plain = plain if plain[0].isalpha() else f"n{plain}"
    if len(plain) <= LONGEST:
        return plain
    return plain[:LONGEST].rpartition("_")[0] or plain[:LONGEST]
