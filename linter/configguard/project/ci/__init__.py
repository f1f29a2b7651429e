"""CI files to jobs, steps and the commands they run: GitHub Actions, GitLab CI, Azure Pipelines."""
