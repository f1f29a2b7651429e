"""Findings, notices and problems: what a check has to say."""
