"""Bytes to Tree-sitter trees; errors are values."""
