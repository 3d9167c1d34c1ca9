"""One file a stage; `netloom.pipeline.registry` finds the `STAGE` of each."""
