# The worker of a Dataflow job: see docs/guides/a-whole-crawl-on-dataflow.md. The lock only says which versions: a worker needs no torch.
FROM apache/beam_python3.11_sdk:2.77.0
WORKDIR /c4pipe
COPY . ./
RUN sed -n 's/^\([^ ]*==[^\\]*\).*/\1/p' requirements.lock >versions.txt && pip install --no-cache-dir --constraint versions.txt '.[gcp]'
# Full word lists and Punkt's data, if `make assets` has fetched them.
ENV NLTK_DATA=/c4pipe/assets/nltk_data
