"""What runs on the user's machine: linking, loading, calling and measuring the emitted program."""
