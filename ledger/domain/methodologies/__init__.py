"""The parts of a methodology: what is measured, which factors there are, what the formulas do."""
