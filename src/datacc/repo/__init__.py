"""The label repository: operations, fold, schema, runs, media, snapshot, on plain git."""
