"""`digest …`: each command opens the site, calls one step of the pipeline, and prints."""
