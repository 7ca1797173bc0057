# The worker of a Dataflow job: see docs/dataflow.md.
FROM apache/beam_python3.11_sdk:2.77.0
WORKDIR /c4pipe
COPY requirements.lock ./
RUN pip install --no-cache-dir --requirement requirements.lock
COPY . ./
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
# Full word lists and Punkt's data, if `make assets` has fetched them.
ENV NLTK_DATA=/c4pipe/assets/nltk_data
