"""How good predictions were: measures, the gate, simple methods, slices."""
