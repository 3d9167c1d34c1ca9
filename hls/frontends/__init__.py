"""Front ends: each checks a model of its own kind and gives a `ParsedModel`; nothing after it knows the kind."""
