"""With beam_jobs, the only room that imports Beam: wiring only, no decisions about pages."""
