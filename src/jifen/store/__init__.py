"""Where it is kept: the only SQL, one file a noun, and the migrations."""
