"""Proofs that a dataflow graph is its network, which share no code with what made it."""

from rtlgen.proof.prove import Proof, prove, strange_tables

__all__ = ["Proof", "prove", "strange_tables"]
