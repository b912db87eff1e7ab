"""Check everything that the format promises, and mend it from another copy.

`stored` looks at the files of git's object store, `content` at what a commit says, `copies` at what lies beside git;
`heal` mends. `perform.fsck` does all of it.
"""
