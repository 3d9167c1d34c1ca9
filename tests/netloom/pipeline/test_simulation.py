"""What `simulation.json` may say."""

import pytest
from pydantic import ValidationError

from netloom.pipeline.evaluation.simulation import LayerFindings


def test_findings_of_a_layer_are_whole_or_missing():
    seen = {"seen_min": 0.0, "seen_max": 1.0, "overflows": 0, "saturations": 0}
    LayerFindings(**seen)
    LayerFindings(error_mean_steps=0.0, error_max_steps=0.0)
    for partly in ({"overflows": 0}, {**seen, "saturations": None}, {"error_mean_steps": 0.0}):
        with pytest.raises(ValidationError, match="in part"):
            LayerFindings(**partly)


@pytest.mark.parametrize("count", ["overflows", "saturations"])
@pytest.mark.parametrize("value", [-1, 2**63, 10**30])
def test_counts_of_a_layer_are_counts_that_the_report_can_take(count, value):
    with pytest.raises(ValidationError, match=count):
        LayerFindings(**{"seen_min": 0.0, "seen_max": 1.0, "overflows": 0, "saturations": 0, count: value})
