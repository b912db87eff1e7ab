"""The specification: `datacc.toml` as a `Program`, and `datacc.lock`, what the search chose for it."""
