"""Casts to the type of another value."""

from __future__ import annotations

from collections.abc import Mapping

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.folding import as_cast


def cast_like(expansion: Expansion) -> None:
    """As a cast to the type that the second input has."""
    node = expansion.node
    like = node.inputs[1]
    if like not in expansion.model.dtypes:
        raise node.unsupported(f"{like!r}, whose type is not known", "a second input of known type")
    expansion.nodes.append(as_cast(node, expansion.model.dtypes[like]))


EXPANSIONS: Mapping[str, Expand] = {"CastLike": cast_like}
