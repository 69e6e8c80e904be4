"""The compiled meaning of a programme: what a document says, as values that the decision can use."""
