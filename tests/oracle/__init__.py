"""Drives the real runners, to hold what we claim against what they do."""
