"""The stages of a build in order, from what is asked to a judged artifact, and what is told about it."""
