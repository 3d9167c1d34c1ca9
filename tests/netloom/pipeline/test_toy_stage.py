"""A stage added from outside, in this file alone, works as netloom's own do."""

import json
from pathlib import Path

import pytest
from run_directory import make_start

import netloom
from netloom.hls import Conversion
from netloom.pipeline import registry, rundir
from netloom.pipeline.stage import Job, Stage


def _count(job: Job, out: Path) -> None:
    conversion = Conversion.load(job.directory / rundir.CONVERSION)
    (out / "layers.json").write_text(
        json.dumps({"samples": job.settings.trace_samples, "layers": len(conversion.layers)})
    )


TOY = Stage(
    "count",
    _count,
    needs=(rundir.CONVERSION,),
    makes=("layers.json",),
    inputs=lambda job: {"samples": job.settings.trace_samples},
    code=("hls",),
)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_added", [])
    registry.add(TOY)


def test_it_is_in_its_place(toy: None) -> None:
    names = registry.names()
    assert names.index("convert") < names.index("count") < names.index("report") == len(names) - 1
    assert "layers.json" in registry.artefacts()
    assert registry.users(TOY) == {"report"}
    assert "count" in registry.users(next(stage for stage in registry.stages() if stage.name == "quantize"))
    with pytest.raises(ValueError, match="already"):
        registry.add(TOY)


def test_it_works_to_the_end(toy: None, tmp_path: Path) -> None:
    make_start(tmp_path)

    def run(samples: int | None = None, until: str = "report") -> dict[str, bool]:
        settings = netloom.RunSettings(csim=False, trace_samples=samples)
        model, data = tmp_path / "small.keras", tmp_path / "small.npz"
        done = netloom.run(model, data=data, settings=settings, directory=tmp_path / "r", until=until)
        return {outcome.name: outcome.reused for outcome in done.outcomes}

    assert run(until="count")["count"] is False
    counted = json.loads((tmp_path / "r" / "layers.json").read_text())
    assert counted["layers"] > 0
    assert run()["count"] is True
    assert "count" in [stage.name for stage in netloom.Run(tmp_path / "r", ()).report.stages]
    again = run(samples=1)
    assert (again["convert"], again["count"], again["report"]) == (True, False, False)
    (tmp_path / "r" / "layers.json").write_text("damaged")
    assert run(samples=1)["count"] is False
