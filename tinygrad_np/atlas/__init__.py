"""The evidence about the package's own rules, which its users need not read.

- `samples`: arguments for every row of the table, and points at kinks with the expected gradient;
- `evidence`: what witnesses say of a row at a sample: differences, complex steps, transposes, …;
- `rule_reports`: all of it for every row, which ``python -m tinygrad_np check`` prints;
- `classification`: what each of NumPy's functions does with a Tensor, which ``python -m tinygrad_np
  table`` prints.
"""
