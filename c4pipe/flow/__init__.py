"""With beam_jobs, the only package that imports Beam: wiring only, no decisions about pages."""
