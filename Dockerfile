# Two stages: packages, translations and static files are made in the first; the second runs them as a user without rights.
FROM python:3.11-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt
COPY . .
# The values below exist in this one command only: collectstatic asks for settings, not for servers.
RUN /venv/bin/python -m innovscore.translations compile \
 && SECRET_KEY=only-while-the-image-is-built DATABASE_URL=postgresql://nobody@localhost/none \
    REDIS_URL=redis://localhost /venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
 && /venv/bin/python -m compileall -q .

FROM python:3.11-slim-bookworm
ARG CODE_VERSION=unknown
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CODE_VERSION=$CODE_VERSION \
    BIND=0.0.0.0:8000 EVIDENCE_ROOT=/data/evidence
# Pango and a Chinese font for documents as PDF.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 innovscore \
 && useradd --system --uid 10001 --gid innovscore --home-dir /app --shell /usr/sbin/nologin innovscore \
 && install -d -o innovscore -g innovscore /data /data/evidence /data/witness \
 && install -d -m 0700 -o innovscore -g innovscore /data/signing
COPY --from=build /venv /venv
COPY --from=build /app /app
RUN install -d -o innovscore -g innovscore /app/.local && chown -R innovscore:innovscore /app/.local
WORKDIR /app
USER innovscore
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["python", "-m", "innovscore.probe", "/healthz"]
CMD ["gunicorn", "-c", "innovscore/gunicorn.py", "innovscore.wsgi"]
