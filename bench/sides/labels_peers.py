"""Other ways to keep versions of labels."""

PEERS: dict = {}
