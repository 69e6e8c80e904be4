"""What is true: the rules of points, lots, tiers and returns, as pure functions over integers."""
