"""Fixes: planned from a fresh evaluation, verified by another, written atomically."""
