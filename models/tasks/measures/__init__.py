"""What tasks measure and read answers with: boxes, grammars, sentences."""
