"""What happens by itself: expiry, maturity, the second half of a gift, rollups."""
