"""What can be done: one verb a file, each gather, decide, write, answer."""
