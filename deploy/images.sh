#!/bin/sh
# Print the images of docker-compose.yml by digest, for .env: sh deploy/images.sh >> .env
# A tag may be moved to another image; a digest names one for ever. Run it where the registry is
# reached, read what changed, and keep the lines beside the release. Needs docker with buildx.
set -eu

while read -r name tag; do
  digest=$(docker buildx imagetools inspect "$tag" --format '{{.Manifest.Digest}}')
  case $digest in
    sha256:*) echo "$name=${tag%:*}@$digest" ;;
    *) echo "no digest of $tag: $digest" >&2; exit 1 ;;
  esac
done <<'IMAGES'
PYTHON_IMAGE python:3.11-slim-bookworm
POSTGRES_IMAGE postgres:15
REDIS_IMAGE redis:7
NGINX_IMAGE nginxinc/nginx-unprivileged:1.28
IMAGES
