"""The gate of `configguard run`: from the command to its suites, and what is wrong there."""
