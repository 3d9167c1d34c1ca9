"""Operations whose multipliers are folded."""
