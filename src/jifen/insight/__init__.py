"""What it means: columns, back-test, the compiled fold; reads snapshots and writes nothing."""
