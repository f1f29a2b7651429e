"""The one way to read files: spans, documents, the workspace and edits."""
