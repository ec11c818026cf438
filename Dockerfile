# One image for everything the ledger runs: the HTTP server, the migrations, the projector.
#   docker build -t carbon-ledger .
#   docker run -e DATABASE_URL=… carbon-ledger migrate
#   docker run -e DATABASE_URL=… -p 8080:8080 carbon-ledger

FROM python:3.11-slim-bookworm

ENV LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/srv/ledger \
    LEDGER_HOST=0.0.0.0 \
    LEDGER_DATA_DIR=/var/lib/ledger

# A number, so that an orchestrator can see for itself that the user is not root.
RUN groupadd --gid 10001 ledger \
    && useradd --uid 10001 --gid ledger --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ledger \
    && install --directory --owner=ledger --group=ledger --mode=0700 /var/lib/ledger

WORKDIR /srv/ledger

# The dependencies change less often than the code: a layer of their own is built once for many commits.
COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/runtime.txt

COPY migrations/ migrations/
COPY api/ api/
COPY ledger/ ledger/
# The code runs from where it lies, beside its migrations; a wheel would separate them.
RUN printf '#!/usr/local/bin/python3\nimport sys\n\nfrom ledger.cli import main\n\nsys.exit(main())\n' \
        > /usr/local/bin/ledger \
    && chmod 0755 /usr/local/bin/ledger \
    && chmod -R a+rX /srv/ledger \
    && python -m compileall -q api ledger

USER 10001:10001
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["ledger", "health"]

ENTRYPOINT ["ledger"]
CMD ["serve"]
