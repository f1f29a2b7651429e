"""The checkout: its root, its configs, the versions of its runners, the kinds of its suites."""
