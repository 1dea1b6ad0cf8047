"""Proofs that a dataflow graph is its network, which share no code with what made it."""

from rtlgen.proof.prove import Proof, prove

__all__ = ["Proof", "prove"]
