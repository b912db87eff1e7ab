"""The intermediate representation: the closed op table, the Graph, its meaning and its stored forms."""
