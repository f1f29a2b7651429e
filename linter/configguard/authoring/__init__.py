"""For authors of rules: the examples of a rule's page, read and checked."""
