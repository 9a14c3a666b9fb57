"""How often the gate is wrong: invented suites, carried out by the shipped code."""
