"""Fixes: planned from a fresh evaluation, verified by evaluating their result, written atomically."""
