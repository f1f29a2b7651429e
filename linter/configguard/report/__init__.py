"""Output only: text, JSON, and what makes text from a checkout safe to print."""
