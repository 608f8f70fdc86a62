"""Who receives: addresses, memberships with their consent, suppressions. Never imports digest."""
