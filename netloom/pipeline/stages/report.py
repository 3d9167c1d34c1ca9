"""Make the report from what all other stages have made."""

from netloom.pipeline import rundir
from netloom.pipeline.running import told
from netloom.pipeline.stage import Job, Stage
from netloom.report.build import build_report


def _inputs(job: Job) -> dict[str, object]:
    return {
        "settings": job.state.settings,
        "versions": job.state.versions,
        "stages": {name: record.fingerprint for name, record in told(job.directory, job.state).items()},
    }


STAGE = Stage(
    "report",
    needs=(rundir.SIMULATION,),
    makes=(rundir.REPORT_JSON, rundir.REPORT_HTML),
    inputs=_inputs,
    work=lambda job, out: build_report(job.directory, out, job.outcomes),
    last=True,
    code=(
        "models",
        "quantize",
        "hls",
        "firmware",
        "sim",
        "netloom/pipeline",
        "netloom/report",
        "netloom/metrics.py",
        "netloom/records.py",
    ),
)
