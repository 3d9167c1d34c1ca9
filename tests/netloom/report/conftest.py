"""A report with hardware, beside the one without."""

import pytest

from netloom.report.schema import FidelityRecord, HardwareRecord, Report


@pytest.fixture
def hardware_report(report: Report, hardware: HardwareRecord) -> Report:
    common = {"max_difference_steps": 0.0, "argmax_agreement": 1.0, "mismatches": 0}
    records = (
        *report.fidelity,
        FidelityRecord(engines=("fixed", "rtl"), samples=40, elements=160, **common),
        FidelityRecord(engines=("fixed", "netlist"), samples=20, elements=80, **common),
    )
    return report.model_copy(update={"hardware": hardware, "fidelity": records})
