"""What hls4ml's backend Vitis runs, asked of hls4ml: which of it is Vitis's own differs with hls4ml's version.

Up to 1.3 most flows, passes and templates that Vitis runs are another backend's, which later versions drop.
"""

from hls4ml.backends import get_backend
from hls4ml.model.flow import get_flow


def vitis_flows(name: str | None = None) -> list[str]:
    """The flows of a conversion for Vitis, `backend:name`, in order.

    Args:
        name: only those of this name, whichever backend registered them; None is all.
    """
    flows: list[str] = get_flow(get_backend("Vitis").get_default_flow()).requires
    return [flow for flow in flows if name is None or (flow.rpartition(":")[2] == name and ":" in flow)]


def vitis_backends() -> list[str]:
    """Backends, in lower case, whose templates Vitis writes its C++ with: the one that has all layers' is the last."""
    return [flow.partition(":")[0] for flow in vitis_flows("apply_templates")]
