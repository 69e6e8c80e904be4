"""Who may ask: routes by audience, errors, keys."""
