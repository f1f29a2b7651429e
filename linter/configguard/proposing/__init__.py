"""What `configguard init` proposes: what puts a project under guard, as changes of bytes."""
