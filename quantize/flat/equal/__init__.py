"""What a user's layers and operations equal, in layers that have firmware."""
