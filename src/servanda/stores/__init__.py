"""Where the data are: one file per kind of store, behind one set of verbs."""
