"""`Proof`: a module and its properties, for SymbiYosys."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from netloom.testing.unit_bench import library

PROPERTIES = Path(__file__).parents[2] / "firmware" / "formal"


@dataclass(frozen=True)
class Proof:
    """One module with one set of parameters."""

    module: str
    parameters: dict[str, int | str]
    mode: str = "prove"
    depth: int = 4

    def run(self, folder: Path, environment: dict[str, str], fault: tuple[str, str] = ("", "")) -> str:
        """SymbiYosys's verdict: PASS, FAIL or UNKNOWN."""
        files = library(self.module)
        text = files[f"{self.module}.sv"]
        assert fault[0] in text
        text = text.replace(*fault, 1) if fault[0] else text
        body, end, rest = text.rpartition("endmodule")
        properties = (PROPERTIES / f"{self.module}.sv").read_text(encoding="utf-8")
        files[f"{self.module}.sv"] = f"{body}\n{properties}\n{end}{rest}"
        for name, source in files.items():
            (folder / name).write_text(source, encoding="utf-8")
        values = " ".join(
            f"-set {name} " + (f'"{value}"' if isinstance(value, str) else str(value))
            for name, value in self.parameters.items()
        )
        newline = "\n"
        defines = "PART=assume" if self.mode == "prove" else "PART=assert"
        (folder / "job.sby").write_text(
            f"""\
[options]
mode {self.mode}
depth {self.depth}
[engines]
smtbmc z3
[script]
read -define {defines}
read -formal -sv {" ".join(files)}
chparam {values} {self.module}
prep -flatten -top {self.module}
[files]
{newline.join(files)}
""",
            encoding="utf-8",
        )
        sby = Path(sys.executable).with_name("yowasp-sby")
        done = subprocess.run(
            [sby, "-f", "job.sby"], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        verdicts = [line.rsplit("(", 1)[1].split(",")[0] for line in done.stdout.splitlines() if "DONE (" in line]
        assert verdicts, done.stdout + done.stderr
        assert verdicts[0] in ("PASS", "FAIL", "UNKNOWN"), done.stdout + done.stderr
        return verdicts[0]
