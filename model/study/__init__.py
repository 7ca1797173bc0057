"""The studies of the T5 paper as commands: `python -m model.study architectures --out out/architectures`.

setting, study --plan--> runs, each one command line --running--> folders --gathering--> results
results --noise--> significant differences --report, picture--> table.md, picture.svg
"""
