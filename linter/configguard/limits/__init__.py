"""The limits file and the tool's settings: read through `source`, validated, with spans."""
