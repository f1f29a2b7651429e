"""Hostile input: mutated real syntax, and what must hold for each."""
