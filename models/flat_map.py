"""`flat_map`: vectors as points in a plane, those near one another that are alike."""

import numpy as np


def flat_map(vectors: np.ndarray, seed: int = 0) -> np.ndarray:
    """Points in a plane, by t-SNE (van der Maaten, Hinton, "Visualizing data using t-SNE", JMLR 9, 2008).

    Args:
        vectors: (things, numbers); 4 things at least.
        seed: of where it begins.

    Returns:
        float64 (things, 2).
    """
    from sklearn.manifold import TSNE

    perplexity = min(20.0, (len(vectors) - 1) / 3)
    return np.asarray(TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors), np.float64)
