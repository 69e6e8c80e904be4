"""How the programme is written: model, JSON Schema, validation, plan; compiles to domain values."""
