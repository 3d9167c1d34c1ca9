"""Operations of `keras.ops` on tensors, which are no layers, each as layers that equal it."""
