"""What each setting of a runner means in each version: tables of facts, and their arithmetic."""
