# syntax=docker/dockerfile:1
#
#   docker build --build-arg REVISION=$(git rev-parse HEAD) --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) -t acende .
#
# To pin the base by digest: --build-arg PYTHON_IMAGE=docker.io/library/python@sha256:…  See docs/image.md.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm

# ------------------------------------------------------------------------------------------------------------ build
FROM ${PYTHON_IMAGE} AS build
ARG SOURCE_DATE_EPOCH=0
ENV SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1
WORKDIR /build

# The locked libraries: wheels only, each with its hash.
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/acende \
 && python -m pip --python /opt/acende/bin/python install --require-hashes --no-deps --only-binary=:all: -r requirements.lock

# What packs the project, with its hash too.
COPY requirements-dev.lock ./
RUN awk '/^setuptools==/ {found=1} found {print} found && !/\\$/ {exit}' requirements-dev.lock > requirements-build.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes --no-deps --only-binary=:all: -r requirements-build.lock

COPY pyproject.toml ./
COPY schemas schemas
COPY events events
COPY vendors vendors
COPY worker worker
COPY dev dev
# Compiled with the sources' hashes: the same bytes at every build, and nothing to write when it runs.
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && python -m pip --python /opt/acende/bin/python install --no-deps --no-index dist/acende-*.whl \
 && /opt/acende/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/acende/lib

# ------------------------------------------------------------------------------------------------------------ final
FROM ${PYTHON_IMAGE}
ARG REVISION=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Acende" \
      org.opencontainers.image.description="Zero-touch ONU provisioning for ISPs: from stock to light, over Kafka, SSH and telnet." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing here installs anything any more.
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/acende
COPY --from=build /opt/acende /opt/acende
ENV PATH=/opt/acende/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ACENDE_REVISION=${REVISION}
# The only place that is written to, where anything is: an SQLite database lies here.
WORKDIR /var/lib/acende
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import http.client, os, sys; ask = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('ACENDE_HTTP_PORT', '8080')), timeout=4); ask.request('GET', '/livez'); sys.exit(ask.getresponse().status != 200)"]
ENTRYPOINT ["acende"]
CMD ["run"]
