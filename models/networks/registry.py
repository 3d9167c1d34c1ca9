"""The networks, in the order in which they are presented. A new one is a file of its own and a line here."""

from difflib import get_close_matches

from netloom.errors import NetworkNotFoundError
from netloom.models.networks import (
    captions,
    cells,
    characters,
    cheque,
    clutter,
    control,
    deep,
    digits,
    faces,
    glimpse,
    jets,
    kernel,
    language,
    lenet,
    linear,
    memory,
    molecules,
    pretrain,
    signs,
    speech,
    splice,
    tiny_ad,
    tiny_ic,
    tiny_kws,
    tiny_vww,
    translation,
    turing,
    video,
    warp,
    words,
)
from netloom.models.networks.network import Network

_NETWORKS: tuple[Network, ...] = (
    warp.NETWORK,
    linear.DIGITS,
    kernel.DIGITS,
    digits.NETWORK,
    linear.NETWORK,
    kernel.NETWORK,
    lenet.NETWORK,
    pretrain.NETWORK,
    pretrain.AUTOENCODER,
    cheque.NETWORK,
    signs.NETWORK,
    deep.NETWORK,
    video.NETWORK,
    cells.NETWORK,
    faces.NETWORK,
    clutter.NETWORK,
    jets.NETWORK,
    splice.NETWORK,
    words.NETWORK,
    speech.NETWORK,
    molecules.NETWORK,
    language.NETWORK,
    characters.RNN,
    characters.NETWORK,
    translation.NETWORK,
    translation.PAIRS,
    captions.NETWORK,
    turing.NETWORK,
    turing.SORT,
    memory.NETWORK,
    memory.TWO_FACTS,
    glimpse.PASSIVE,
    glimpse.NETWORK,
    control.NETWORK,
    tiny_ad.NETWORK,
    tiny_kws.NETWORK,
    tiny_ic.NETWORK,
    tiny_vww.NETWORK,
)


def networks() -> tuple[Network, ...]:
    """All networks, in the order of presentation. Does not import Keras."""
    return _NETWORKS


def get_network(name: str) -> Network:
    """The network called `name`.

    Raises:
        NetworkNotFoundError: there is none; the message names the closest ones, or all.
    """
    by_name = {network.name: network for network in _NETWORKS}
    if name in by_name:
        return by_name[name]
    close = get_close_matches(name, by_name)
    hint = f"did you mean {' or '.join(close)}?" if close else f"choose one of {', '.join(by_name)}"
    raise NetworkNotFoundError(f"there is no network {name!r}; {hint}")
