"""For the tests of what is added to netloom: an operation, a hardware unit, a module, a layer.

operations        `check_operation`: what every dataflow operation must hold to
unit_bench        `check_unit`: a hardware unit in Verilator against expected numbers and its own timing, with stalls
clocked_bench     `clocked`: modules side by side, every input given and every output seen in every clock
pipeline_bench    `through`: a pipeline without control of its own, a beat in every clock
random_networks   networks drawn at random, their engines held against each other, and shrunk when those differ

Differences are `AssertionError`s. The benches need Verilator (the extra `hardware`), random networks g++.
"""
