"""How many multipliers each product gets, and what that takes of a device."""
