# One image for migrate, web, worker and beat; it runs as a plain user on a read-only root.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 LANG=C.UTF-8 \
  HOME=/tmp

WORKDIR /app
# Names hold rare Hanja, old Hangul and emoji. Of the fonts that draw them only what documents use is
# unpacked: 77 MB are left out.
COPY deploy/fonts.dpkg /etc/dpkg/dpkg.cfg.d/fonts
COPY deploy/apt-runtime.txt requirements.lock ./
RUN apt-get update \
  && xargs apt-get install -y --no-install-recommends < apt-runtime.txt \
  && rm -rf /var/lib/apt/lists/* \
  && pip install --only-binary :all: --require-hashes -r requirements.lock \
  && groupadd --gid 10001 portal \
  && useradd --uid 10001 --gid portal --no-create-home --shell /usr/sbin/nologin portal \
  && install -d -o portal -g portal -m 700 /data /static
COPY . .
RUN python -m compileall -q .

USER portal
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi:application"]
