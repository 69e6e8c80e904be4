"""Days that a programme can name: festivals, statutory days, and days that come again."""
