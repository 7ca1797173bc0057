"""The only room that imports Beam, with beam_jobs: wiring, and no judgement."""
